# shellcheck shell=sh disable=SC2086
# The commands that the walk of faults (walk.c) is made of; to be sourced. $most: of each kind so many
# places. Ends with ended.
. "$(dirname "$0")/../cli/program.sh"
if [ -z "${FAULT_WALK:-}" ]; then
  echo 'left out: a build with sanitizers has an allocator of its own, and calls are stopped on x86-64 Linux alone'
  exit 77
fi
OMP_NUM_THREADS=2 # as much is counted on every machine
export OMP_NUM_THREADS
small='--samples 40 --dim 12 --widths 12,12 --activation tanh --quiet'
walked=0

study_file s 4:7 2
study_file t 8:9 2
cd "$in" || exit 1
good 'a study' study run s.yaml --db s.db --quiet --workers 2
good 'its other half' study run t.yaml --db t.db --quiet --workers 2
good 'a network' memorize $small --save net
good 'an earlier run' spectrum $small --save old
printf '1,2,3\n4,5,7\n2,2,1\n' >table.csv
mkdir into
cd "$dir" || exit 1

# walk [-k KIND,...] [-x PATTERN] [-r] ARGUMENT...: of a command, in a copy of $in.
walk() {
  options=
  while :; do
    case $1 in
      -r) options="$options -r" && shift ;;
      -?) options="$options $1 $2" && shift 2 ;;
      *) break ;;
    esac
  done
  walked=$((walked + 1))
  echo "$*"
  "$FAULT_WALK" $options -m "$most" "$FAULT_LIBRARY" "$in" "$NTKIT" "$@" >"$top/walk" 2>&1
  status=$?
  cat "$top/walk"
  sum "$top/walk" || fails "$*" 'no fault came up'
  cat "$top/walk" >>"$top/walks"
  : >"$out" && : >"$err"
  [ $status -eq 0 ] || fails "$*" "walked, with status $status"
}

# sum FILE: how much was walked there; fails where nothing failed.
sum() {
  awk '/ places, / { split($0, part, " places, "); split(part[2], word, " ")
         n = split(part[1], left, " "); places += left[n]; failed += word[1]; refused += word[3]; done += word[5] }
       END { printf "%d places, %d failed: %d refused, %d done all the same\n", places, failed, refused, done
             exit failed == 0 }' "$1"
}

# The end.
ended() {
  echo "$walked commands"
  sum "$top/walks" || fails 'all walks' 'no fault came up'
  finish "$1"
}
