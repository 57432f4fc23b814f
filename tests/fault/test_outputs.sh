#!/bin/sh
# Where output goes to nobody: a closed standard output, a pipe that nobody reads (SIGPIPE), and, for who may
# mount one, a file system that is read-only. One line says so, with status 1 or 2, and files are as they were.
# shellcheck disable=SC2086 source=tests/cli/program.sh
. "$(dirname "$0")/../cli/program.sh"

small='--samples 40 --dim 12 --widths 12,12 --activation tanh --quiet'
cat >"$in/s.yaml" <<'END_OF_STUDY'
name: s
quantity: lambda_min
network:
  widths: [d, d]
data:
  source: gaussian
grid:
  N: 4:6
  d: 5
trials: 1
seed: 1
END_OF_STUDY
good 'a study' study run "$in/s.yaml" --db "$in/s.db" --quiet
good 'a network' memorize $small --save "$in/net"
printf '1,2,3\n4,5,7\n2,2,1\n' >"$in/table.csv"

# told PROPERTY REASON: one line, the reason, status 1.
told() {
  [ "$status" -eq 1 ] || fails "$1" "exit status $status"
  [ "$(wc -l <"$err")" -eq 1 ] || fails "$1" 'not one line on standard error'
  grep -qx "ntkit: standard output: $2" "$err" || fails "$1" "no '$2'"
}

for words in "spectrum $small" "spectrum $small --json" "train $small --epochs 3" "memorize $small" "verify $small" \
  "predict --load $in/net --data $in/net/X.npy" "study export $in/s.db" "study export $in/s.db --json" \
  "study status $in/s.db" "study fit $in/s.db --x N" "data inspect $in/table.csv" "network inspect $in/net" info help; do
  : >"$out"
  "$NTKIT" $words >&- 2>"$err"
  status=$?
  told "$words, closed" 'Bad file descriptor'
  {
    sleep 0.1 # the reader is gone
    "$NTKIT" $words 2>"$err"
    echo $? >"$top/status"
  } | :
  status=$(cat "$top/status")
  told "$words, a pipe" 'Broken pipe'
done
check 'nothing is written' test -z "$(ls -A)"

mkdir "$top/disk"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=4m tmpfs "$top/disk" 2>/dev/null; then
  trap 'cd /; umount "$top/disk"; rm -rf "$top"' EXIT
  cp -r "$in/net" "$in/s.db" "$top/disk"
  mount -o remount,ro "$top/disk"
  cd "$top/disk" || exit 1
  find . -type f -exec cksum {} + | sort >"$top/before"
  for words in "spectrum $small --save new" "spectrum $small --save net --overwrite" "memorize $small --save new" \
    "train $small --epochs 3 --save new" "train $small --epochs 3 --checkpoint state.ntk" \
    "verify $small --report page.html" "predict --load net --data net/X.npy -o out.npy" \
    "study run $in/s.yaml --db new.db --quiet" "study run $in/s.yaml --db s.db --quiet" \
    "study export s.db -o out.csv" "study export s.db -o out.npz" "study merge s.db -o merged.db" \
    "data convert $in/table.csv table.npy" "network convert net net.safetensors --to torch"; do
    run $words
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fails "$words, read-only" "exit status $status"
    [ "$(wc -l <"$err")" -eq 1 ] || fails "$words, read-only" 'not one line on standard error'
    grep -q 'Read-only file system\|may not be written to\|readonly' "$err" || fails "$words, read-only" 'no reason'
  done
  good 'reading there' study status s.db
  find . -type f -exec cksum {} + | sort | cmp - "$top/before" || fails 'read-only' 'files have changed'
  cd "$dir" || exit 1
fi
finish test_outputs
