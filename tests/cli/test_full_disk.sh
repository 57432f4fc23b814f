#!/bin/sh
# What cannot be written: every writer ends with one line that has the system's own reason, announces no
# file that is not there, leaves no part of one, and works when there is room. By a limit on the size of
# files (SIGXFSZ, EFBIG), by /dev/full, and, for who may mount one, on a full file system (ENOSPC).
# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/program.sh"

small='--samples 60 --dim 20 --widths 20,20 --activation tanh'
study_file s 4:23 8
good 'a study' study run "$in/s.yaml" --db "$in/s.db" --quiet
# shellcheck disable=SC2086
good 'a network' memorize $small --save "$in/net" --quiet

# limited BLOCKS ARGUMENT...: run, where no file may be larger than so many 512 bytes; standard error
# goes through a pipe, which has no size.
limited() {
  {
    (
      ulimit -f "$1"
      shift
      exec "$NTKIT" "$@" 2>&1 >/dev/null
    )
    echo $? >"$top/status"
  } | cat >"$err"
  status=$(cat "$top/status")
  : >"$out"
}

# full REASON PROPERTY ARGUMENT...: one line with the reason, status 1 or 2, and the folder as it was.
full() {
  reason=$1 property=$2
  shift 2
  find . -type f -size -1000k -exec cksum {} + | sort >"$top/before"
  limited "$blocks" "$@"
  [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fails "$property" "exit status $status"
  [ "$(wc -l <"$err")" -eq 1 ] || fails "$property" 'not one line on standard error'
  grep -q "$reason" "$err" || fails "$property" "no '$reason'"
  find . -type f -size -1000k -exec cksum {} + | sort >"$top/after"
  check "$property: nothing else" cmp "$top/before" "$top/after"
}

# Every writer but the study's database, in the current folder.
writers() {
  # shellcheck disable=SC2086
  {
    full "$1" 'spectrum --save' spectrum $small --quiet --save saved
    full "$1" 'the kernel' spectrum $small --quiet --save saved --save-kernel
    full "$1" 'memorize --save' memorize $small --quiet --save saved
    full "$1" 'train --save' train $small --quiet --epochs 5 --save saved
    full "$1" 'a checkpoint' train $small --quiet --epochs 5 --checkpoint state.ntk
    full "$1" 'predict --output' predict --load "$in/net" --data "$in/net/X.npy" -o out.npy
    full "$1" 'verify --report' verify $small --quiet --report page.html
  }
  for format in csv json npz; do
    full "$1" "export $format" study export "$in/s.db" -o "out.$format"
  done
  full "$1" 'merge' study merge "$in/s.db" -o merged.db
  if command -v gnuplot >/dev/null; then
    full "$1" 'the data of a figure' study plot "$in/s.db" --quiet --x N --output figure
  fi
  check 'no file is left' test -z "$(find . -type f ! -name filler)"
}

blocks=0
writers 'File too large'

# Larger and larger: whatever is the first that does not fit.
if command -v gnuplot >/dev/null; then
  good 'a figure' study plot "$in/s.db" --quiet --x N --output figure
  for name in svg pdf png; do
    size=$(wc -c <figure.$name)
    mv figure.$name "$top/whole.$name"
    limited $((size / 1024)) study plot "$in/s.db" --quiet --x N --output figure
    check "figure.$name that is cut: status" test "$status" -eq 2
    check "figure.$name that is cut: one line" test "$(wc -l <"$err")" -eq 1
    check "figure.$name that is cut: why" grep -q '^ntkit: --output: figure\..*: File too large$' "$err"
    check "figure.$name that is cut: not there" test ! -e figure.$name
    check "figure.$name that is cut: nor in part" test -z "$(find . -name '*tmp*')"
  done
  rm -f figure.*
fi

# The database: what was committed stays, and the run is gone on with.
for blocks in 0 30 60 100; do
  rm -f t.db
  limited $blocks study run "$in/s.yaml" --db t.db --quiet
  check "a database of $blocks blocks: one line" test "$(wc -l <"$err")" -eq 1
  check "a database of $blocks blocks: why" grep -q '^ntkit: t.db.*: File too large' "$err"
  good "a database of $blocks blocks: gone on with" study run "$in/s.yaml" --db t.db --quiet
  check 'nothing is left beside it' test "$(ls)" = t.db
  "$NTKIT" study export t.db --csv | cut -d, -f1-7 >"$top/part"
  "$NTKIT" study export "$in/s.db" --csv | cut -d, -f1-7 >"$top/whole"
  check "a database of $blocks blocks: the same results" cmp "$top/part" "$top/whole"
done
rm -f t.db

# A training whose checkpoint no longer fits goes on to its end, and says it.
# shellcheck disable=SC2086
limited 10 train $small --quiet --epochs 3000 --checkpoint state.ntk
check 'a checkpoint that has grown: no signal' test "$status" -ge 1 -a "$status" -le 2
check 'a checkpoint that has grown: why' grep -q 'File too large' "$err"
rm -f state.ntk*

# What a killed run left of a file is taken over; of a user's files nothing is touched.
mkdir left && cd left || exit 1
for name in state.ntk out.csv out.npz figure.gp figure.dat page.html merged.db; do
  echo 'half a file' >"$name.ntkit-tmp"
  echo theirs >"$name.tmp"
done
rm merged.db.ntkit-tmp && cp "$in/s.db" merged.db.ntkit-tmp # of a merge of another study, say
for name in svg pdf png; do echo 'half a file' >"figure.ntkit-tmp.$name"; done
# shellcheck disable=SC2086
{
  good 'a checkpoint after a kill' train $small --quiet --epochs 5 --checkpoint state.ntk
  good 'a page after a kill' verify $small --quiet --report page.html
}
good 'CSV after a kill' study export "$in/s.db" -o out.csv
good 'NumPy arrays after a kill' study export "$in/s.db" -o out.npz
good 'a merge after a kill' study merge "$in/s.db" -o merged.db
command -v gnuplot >/dev/null && good 'a figure after a kill' study plot "$in/s.db" --quiet --x N \
  --output figure
command -v gnuplot >/dev/null || rm ./figure.*ntkit-tmp*
check 'after kills: nothing is left' test -z "$(find . -name '*ntkit-tmp*')"
check 'after kills: files of others stay' test "$(cat ./*.tmp | grep -c theirs)" -eq 7
cmp -s state.ntk "$in/s.db" && fails 'after kills' 'state.ntk'
check 'after kills: a whole table' test "$(wc -l <out.csv)" -eq 321
"$NTKIT" study export merged.db --csv | cmp - out.csv || fails 'after kills' 'another database'
cd .. && rm -r left

# Standard output.
if [ -c /dev/full ]; then
  # shellcheck disable=SC2086
  for words in "spectrum $small" "spectrum $small --full --json" "train $small --epochs 3" \
    "memorize $small" "predict --load $in/net --data $in/net/X.npy" "verify $small" \
    "study export $in/s.db" "study export $in/s.db --json" "study status $in/s.db" \
    "study fit $in/s.db --x N" info help 'help --man' 'help --completion' 'help --results' --version; do
    "$NTKIT" $words >/dev/full 2>"$err"
    status=$?
    check "$words: status 1" test "$status" -eq 1
    check "$words: why" grep -qx 'ntkit: standard output: No space left on device' "$err"
  done
fi

# A full file system. Some room is left for names and folders.
mkdir "$top/disk"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=1m tmpfs "$top/disk" 2>/dev/null; then
  trap 'cd /; umount "$top/disk"; rm -rf "$top"' EXIT
  cd "$top/disk" || exit 1
  blocks=unlimited
  # shellcheck disable=SC2086
  good 'a run while there is room' spectrum $small --quiet --save kept
  head -c 2000000 /dev/zero >filler 2>/dev/null
  find kept -type f -exec cksum {} + | sort >"$top/kept"
  # shellcheck disable=SC2086
  full 'No space left on device' 'the same command' spectrum $small --quiet --save kept
  find kept -type f -exec cksum {} + | sort | cmp - "$top/kept" || fails 'a full disk' 'kept has changed'
  mkdir new && cd new || exit 1
  writers 'No space left on device\|the disk is full'
  run study run "$in/s.yaml" --db t.db --quiet
  check 'study run: one line' test "$(wc -l <"$err")" -eq 1
  check 'study run: why' grep -q '^ntkit: t.db: the disk is full; what was committed is safe' "$err"
  rm -f ../filler
  good 'study run, with room' study run "$in/s.yaml" --db t.db --quiet
  cd "$dir" || exit 1
fi

# What is told to have been written is there.
# shellcheck disable=SC2086
{
  (ulimit -f 4 && exec "$NTKIT" verify $small --population 2048 --report r.html 2>&1) | cat >"$out"
  check 'the reason of a page' grep -q 'r.html: File too large' "$out"
  check 'no page announced' sh -c "! grep -q '^report' '$out'"
  (ulimit -f 4 && exec "$NTKIT" train $small --epochs 60 --checkpoint t.ck 2>&1) | cat >"$out"
  check 'the reason of a checkpoint' grep -q 'the last checkpoint could not be written' "$out"
  check 'no checkpoint announced' sh -c "! grep -q '^checkpoint' '$out'"
}

finish test_full_disk
