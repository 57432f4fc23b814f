#!/bin/sh
# A rank that is killed while K is made, written or taken apart, and mpirun that is told to end: the
# others end within seconds, nobody says that there is a result, and there is none, nor half of one; what
# a training had done by then is gone on with.
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"

ranks_there() {
  [ -s "$top/pid.0" ] && [ -s "$top/pid.1" ] && [ -s "$top/pid.2" ]
}
# Where K is written, and whether so many bytes are: its own name, or that of what becomes it.
written() {
  [ "$(find dies -name 'kernel.npy*' -size +"$1"k 2>"$top/check" | wc -l)" -gt 0 ]
}
complete() {
  [ -s dies/.ntkit.saving/kernel.npy ]
}

# ended PROPERTY LINES: the job has, and all ranks; ntkit has said so many lines.
ended() {
  begun=$(date +%s)
  wait $job
  status=$?
  [ "$status" -ne 0 ] || fails "$1" 'status 0'
  [ ! -s "$out" ] || fails "$1" 'something on standard output'
  lines=$(grep -c '^ntkit' "$top/all")
  [ "$lines" -eq "$2" ] || fails "$1" "$lines lines of ntkit: $(cat "$top/all")"
  for rank in 0 1 2; do # what has ended may wait for somebody to notice
    pid=$(cat "$top/pid.$rank")
    until [ ! -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status" || [ $(($(date +%s) - begun)) -gt 10 ]; do
      sleep 0.1
    done
    ! grep -q '^State:.*[^Z] ' "/proc/$pid/status" 2>/dev/null || fails "$1" "rank $rank is there"
  done
  [ $(($(date +%s) - begun)) -le 10 ] || fails "$1" 'more than 10 seconds'
  [ -z "$(find . -type f ! -path '*/.ntkit.saving/*' 2>/dev/null)" ] || fails "$1" 'half a result'
  rm -f "$top"/pid.*
}

# killed PROPERTY SIGNAL RANK CONDITION...: in one computation, when that is so. Rank 0 speaks, or the lowest one that lives.
killed() {
  what=$1 signal=$2 who=$3
  shift 3
  begin 3 spectrum --samples 2000 --dim 50 --widths 100,100 --density --probes 1000 --quiet --save dies --save-kernel
  until_so ranks_there
  until_so "$@"
  check "$what: in time" "$@"
  kill "-$signal" "$(cat "$top/pid.$who")"
  ended "$what" 1
  rm -rf dies
}

killed 'made' KILL 1 test -d dies
killed 'being written' KILL 2 written 1000
killed 'being written, by the one that writes' KILL 0 written 1000
killed 'taken apart' KILL 1 complete
killed 'taken apart, the first' KILL 0 complete
killed 'told to end' TERM 1 complete

# ---- A training ----------------------------------------------------------------------------------------
# It ends only when it is stopped.
training="--samples 241 --dim 6 --widths 16,12 --activation tanh --optimizer adam --json --checkpoint $top/training"
# shellcheck disable=SC2086
begin 3 train $training --epochs 100000000 --quiet
until_so ranks_there
until_so worked 100 "$(cat "$top/pid.0")" "$(cat "$top/pid.1")" "$(cat "$top/pid.2")" # epochs among it
kill -TERM $job
ended 'mpirun told to end' 1
check 'what it says' grep -q 'stopped by SIGTERM, which mpirun sends' "$top/all"
check 'a checkpoint' test -s "$top/training"
# shellcheck disable=SC2086
sh "$mpirun" -n 2 "$NTKIT" train $training --epochs 1 --quiet >"$out" 2>"$err"
check 'it is gone on with' jq -e '.resumed > 0 and .epochs == .resumed and .loss_final < .loss_initial' "$out"

finish ranks_killed
