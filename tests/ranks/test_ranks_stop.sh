#!/bin/sh
# How several processes are stopped: by Ctrl-C at mpirun, by a signal to one of them, by the death of the
# first one. One line of ntkit's; either a result or such a line, never both; a training goes on from its
# checkpoint, and the line says so; what a killed run left in a folder the next one clears away.
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"
NTK_MPIRUN_SECONDS=60
export NTK_MPIRUN_SECONDS

# until_all COUNT: until so many processes compute.
until_all() {
  until_so test -s "$top/pid.$(($1 - 1))"
  # shellcheck disable=SC2046
  until_so worked 100 $(cat "$top"/pid.*)
}

# stopped PROPERTY PATTERN: the run ends in good time, with one line and no result.
stopped() {
  begun=$(date +%s)
  wait $job
  status=$?
  grep '^ntkit' "$top/all" >"$err"
  [ "$status" -ne 0 ] || fails "$1" 'status 0'
  [ $(($(date +%s) - begun)) -le 15 ] || fails "$1" 'more than 15 seconds'
  [ ! -s "$out" ] || fails "$1" 'something on standard output'
  [ "$(wc -l <"$err")" -eq 1 ] || fails "$1" "not one line of ntkit: $(cat "$top/all")"
  grep -q -e "$2" "$err" || fails "$1" "no '$2'"
}

training='train --samples 300 --dim 20 --widths 60,60 --activation tanh --lr 1e-6 --quiet'
long='spectrum --samples 1500 --dim 50 --widths 100,100 --density --probes 1000 --quiet'

# ---- A signal to one of them ---------------------------------------------------------------------------
# shellcheck disable=SC2086
begin 2 $long --save left
until_so test -s left/.ntkit.saving
until_all 2
kill -INT "$(cat "$top/pid.0")"
stopped 'SIGINT to rank 0' '^ntkit: interrupted while computing'
check 'SIGINT to rank 0: nothing is left' test ! -e left

# ---- The first one dies --------------------------------------------------------------------------------
# shellcheck disable=SC2086
begin 3 $long --save left
until_so test -s left/.ntkit.saving
until_all 3
kill -KILL "$(cat "$top/pid.0")"
stopped 'SIGKILL to rank 0' '^ntkit: stopped by SIGTERM, which mpirun sends'
check 'its stage is left' test -e left/.ntkit.saving
printf 'half' >left/.ntkit.saving/X.npy # as if it had died while it saved
sh "$mpirun" -n 2 "$NTKIT" spectrum --samples 60 --dim 20 --widths 20,20 --quiet --save left >"$out" 2>"$top/all"
check 'the next run clears it away' test ! -e left/.ntkit.saving -a -s left/result.json
rm -rf left

# ---- Ctrl-C at mpirun ----------------------------------------------------------------------------------
# interrupts PROPERTY PATTERN: by mpirun.
interrupts() {
  kill -INT $job
  stopped "$1" "$2"
  [ "$status" -eq 1 ] || fails "$1" "exit status $status: mpirun's own is 1"
}
# The first checkpoint of all is written as the training stops: the line tells of it all the same.
# shellcheck disable=SC2086
{
  begin 4 $training --epochs 1000000000 --save first
  until_all 4
  check 'no checkpoint yet' test ! -e first/checkpoint.ntk
  interrupts 'Ctrl-C of a first run' \
    '^ntkit: stopped by SIGTERM.*; the same command goes on by first/checkpoint.ntk$'
  check 'a first checkpoint' test -s first/checkpoint.ntk
}
# One that will not be written is waited for no longer than mpirun leaves: rank 0 waits for the dead one.
# shellcheck disable=SC2086
{
  begin 2 $training --epochs 1000000000 --save none
  until_all 2
  kill -KILL "$(cat "$top/pid.1")"
  stopped 'SIGKILL to rank 1' '^ntkit: stopped by SIGTERM.* or another rank has died$'
  check 'no checkpoint' test ! -e none/checkpoint.ntk
}
# shellcheck disable=SC2086
{
  sh "$mpirun" -n 2 "$NTKIT" $training --epochs 20 --checkpoint "$top/check.ntk" >"$out" 2>"$top/all"
  check 'a checkpoint' test -s "$top/check.ntk"
  begin 2 $training --epochs 1000000000 --checkpoint "$top/check.ntk"
  until_all 2
  interrupts 'Ctrl-C' "^ntkit: stopped by SIGTERM.*; the same command goes on by $top/check.ntk\$"
  sh "$mpirun" -n 2 "$NTKIT" $training --epochs 1000000000 --checkpoint "$top/check.ntk" --time 1 --json \
    >"$out" 2>"$top/all"
  check 'the same command goes on' jq -e '.resumed >= 20' "$out"
}

# ---- Either a result or the line -----------------------------------------------------------------------
for delay in 0.3 0.6 0.9 1.2; do
  begin 2 spectrum --samples 1000 --dim 50 --widths 60,60 --quiet --save-kernel --save ended
  until_so test -s "$top/pid.0"
  sleep $delay
  kill -TERM "$(cat "$top/pid.0")" 2>/dev/null
  wait $job
  lines=$(grep -c '^ntkit' "$top/all") results=0
  [ ! -e ended/result.json ] || results=1
  [ $((lines + results)) -le 1 ] || fails "SIGTERM after $delay s" "$lines lines, $results results"
  [ $results -eq 1 ] || [ ! -s "$out" ] || fails "SIGTERM after $delay s" 'something was printed'
  rm -rf ended
done

finish ranks_stop
