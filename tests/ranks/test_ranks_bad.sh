#!/bin/sh
# What cannot be, under mpirun: one line of ntkit's from the first rank alone, status 2, no process left,
# nothing written. Commands that one process does; files that one rank has not, or has shorter; another
# build; mpirun of no MPI and of another one; more threads than cores; too little memory; a rank that dies.
# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/../cli/program.sh"
case $0 in /*) mpirun=${0%/*}/mpirun.sh ;; *) mpirun=$OLDPWD/${0%/*}/mpirun.sh ;; esac

# ended PROPERTY PATTERN: what $status, $top/all and $out say of the last call.
ended() {
  grep '^ntkit' "$top/all" >"$err"
  [ "$status" -eq 2 ] || fails "$1" "exit status $status, not 2"
  [ ! -s "$out" ] || fails "$1" 'something on standard output'
  [ "$(wc -l <"$err")" -eq 1 ] || fails "$1" 'not one line of ntkit'
  grep -q -e "$2" "$err" || fails "$1" "no '$2'"
  [ -z "$(find "$dir" -type f ! -path '*/a/*' ! -path '*/b/*')" ] || fails "$1" 'something was written'
}

# refused PROPERTY PATTERN ARGUMENT...: by 3 ranks.
refused() {
  property=$1 pattern=$2
  shift 2
  sh "$mpirun" -n 3 "$NTKIT" "$@" >"$out" 2>"$top/all"
  status=$?
  ended "$property" "$pattern"
}

# apart PROPERTY PATTERN ARGUMENT...: of two ranks, the first in the folder a, the other in b.
apart() {
  property=$1 pattern=$2
  shift 2
  sh "$mpirun" -n 1 --wdir "$dir/a" "$NTKIT" "$@" : -n 1 --wdir "$dir/b" "${OTHER:-$NTKIT}" "$@" \
    >"$out" 2>"$top/all"
  status=$?
  ended "$property" "$pattern"
}

small='--samples 60 --dim 20 --widths 20,20 --activation tanh --quiet'

# ---- Commands ----------------------------------------------------------------------------------------
# shellcheck disable=SC2086
{
  refused 'verify' "3 of these.*'verify' is done by one; accepted" verify $small
  refused 'predict' "'predict'.*accepted: it without mpirun" predict --load x --data y.npy
  refused 'data inspect' "'data inspect'" data inspect x.npy
  refused 'network inspect' "'network inspect'" network inspect x
  refused 'reproduce' "'reproduce figure1'" reproduce figure1 --out x
  refused 'study status' "'study status'" study status x.db
  refused 'study run' 'accepted: one without mpirun, or --shard i/n' study run x.yaml --db x.db
  refused 'a word' "unknown command 'spectral'" spectral
  refused 'an option' "unknown option" spectrum $small --nonsense
  refused 'a value' 'the tolerance' spectrum $small --tolerance 2
}

# Those of one rank, once: a line that each of them has.
while IFS='|' read -r command once; do
  # shellcheck disable=SC2086
  sh "$mpirun" -n 3 "$NTKIT" $command >"$out" 2>"$err"
  status=$?
  [ "$status" -eq 0 ] || fails "$command" "exit status $status"
  [ "$(grep -c -e "$once" "$out")" -eq 1 ] || fails "$command" "not one '$once'"
done <<'END'
info|^version
plan --samples 100 --dim 5 --widths 10,10|^plan 
help|^Commands
help spectrum|^Usage
spectrum --help|^Usage
selftest|checks, 0 failed
--version|^ntkit
END

# A study's parts know of no other.
printf 'name: s\nquantity: lambda_min\nnetwork: {widths: [d, d]}\ndata: {source: gaussian}\ngrid: {N: 6, d: 5}\ntrials: 2\nseed: 1\n' \
  >"$in/s.yaml"
sh "$mpirun" -n 2 sh -c '"$0" study run "$1" --quiet --shard $((OMPI_COMM_WORLD_RANK + 1))/2 --db $OMPI_COMM_WORLD_RANK.db' \
  "$NTKIT" "$in/s.yaml" >"$out" 2>"$err"
[ $? -eq 0 ] || fails 'shards' 'not 0'
check 'two parts' test -s 0.db -a -s 1.db
rm -f ./*.db

finish ranks_bad
