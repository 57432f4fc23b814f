#!/bin/sh
# --save: a folder keeps whatever the same command did not write into it; the same command replaces all
# that it wrote; a run that is stopped, killed or met by another leaves one run's files, and can be
# repeated.
# shellcheck source=tests/cli/program.sh
. "$(dirname "$0")/program.sh"

small='--samples 12 --dim 4 --widths 6,8 --activation tanh'
train='--epochs 5 --checkpoint no.ntk'
# saves PROPERTY COMMAND DIR ARGUMENT...: exit status 0.
saves() {
  property=$1 command=$2 place=$3
  shift 3
  # shellcheck disable=SC2086
  [ "$command" = train ] && rm -f no.ntk && set -- $train "$@"
  # shellcheck disable=SC2086
  good "$property" "$command" $small --quiet --save "$place" "$@"
}
# sums DIR: what is in it, to the bit.
sums() {
  find "$1" -type f -exec cksum {} + | sort -k 3
}
# refused PROPERTY NAME COMMAND DIR ARGUMENT...: status 2, one line that names DIR/NAME and what helps;
# the folder stays as it is, to the bit.
refused() {
  property=$1 name=$2 command=$3 place=$4
  shift 4
  # shellcheck disable=SC2086
  [ "$command" = train ] && rm -f no.ntk && set -- $train "$@"
  sums "$place" >"$top/before"
  # shellcheck disable=SC2086
  run "$command" $small --quiet --save "$place" "$@"
  check "$property: status 2" test "$status" -eq 2
  check "$property: one line" test "$(wc -l <"$err")" -eq 1
  check "$property: by name" grep -qF "'$place/$name' is there" "$err"
  check "$property: what helps" grep -q 'another directory' "$err"
  sums "$place" >"$top/after"
  check "$property: nothing changed" cmp "$top/before" "$top/after"
  check "$property: nothing is left" test ! -e "$place/.ntkit.saving"
}

# ---- Whom a file is of -----------------------------------------------------------------------------

# A folder of the user's own: every name that a command writes is refused, and every other stays.
for pair in spectrum:X spectrum:W1 spectrum:W2 spectrum:W3 spectrum:W4 spectrum:eigenvector \
  memorize:Y memorize:W3 train:Y train:loss train:init/W2 train:init/W4; do
  rm -rf mine && mkdir -p mine/init && echo theirs >"mine/${pair#*:}.npy"
  refused "their ${pair#*:}.npy" "${pair#*:}.npy" "${pair%:*}" mine
done
for pair in --full:eigenvalues.npy --save-kernel:kernel.npy "--scale=center:scaling.npy"; do
  rm -rf mine && mkdir mine && echo theirs >"mine/${pair#*:}"
  sums mine >"$top/before"
  run spectrum --data "$in/rows.npy" --widths 3 --save mine --quiet "${pair%:*}"
  [ "${pair%:*}" = --scale=center ] || refused "their ${pair#*:}" "${pair#*:}" spectrum mine "${pair%:*}"
done
for name in loss.svg loss.gp spectrum.png track_epoch.npy result.json; do
  rm -rf mine && mkdir mine && echo theirs >"mine/$name"
  refused "their $name" "$name" train mine --plot --track 1
done
rm -rf mine && mkdir -p mine/init mine/class1 && for name in kernel.npy eigenvalues.npy loss.npy \
  loss.png V9.npy notes.txt init/W7.npy class1/W1.npy; do echo theirs >"mine/$name"; done
sums mine >"$top/before"
saves 'beside the files of others' spectrum mine
saves 'and again' spectrum mine
sums mine | grep -v -e 'X.npy' -e ' mine/W[123].npy' -e eigenvector -e result.json >"$top/after"
check 'they stay' cmp "$top/before" "$top/after"
for name in W9.npy b2.npy b4.npy; do # which would be read with W1.npy, W2.npy, W3.npy
  rm -rf mine && mkdir mine && echo theirs >"mine/$name"
  refused "their $name" "$name" spectrum mine
  check "$name stays" test "$(cat "mine/$name")" = theirs
done

# A folder of another command.
saves 'a training' train run --track 2
refused 'a spectrum where a training is' result.json spectrum run
check 'whose it is' grep -q "of 'ntkit train'" "$err"
refused 'a memorisation where a training is' result.json memorize run
sums run | grep -e loss.npy -e track_ -e init >"$top/before"
saves 'a spectrum in its place' spectrum run --overwrite
sums run | grep -e loss.npy -e track_ -e init >"$top/after"
check '--overwrite removes nothing' cmp "$top/before" "$top/after"
check 'and describes the new run' grep -q eigenvector run/result.json
rm -rf run && mkdir -p run/W2.npy
refused 'a folder of that name' W2.npy spectrum run --overwrite
rm -rf run && mkdir run && echo theirs >run/W4.npy
refused 'what would be read as a matrix' W4.npy spectrum run --overwrite

# Where there can be no stage, no run waits for one.
rm -rf run && mkdir run && ln -s nowhere run/.ntkit.saving
run spectrum --samples 5 --dim 2 --widths 9 --save run
check 'a stage that leads nowhere' test "$status" -eq 2
check 'and why' grep -q 'run/.ntkit.saving/lock: No such file' "$err"

# Input files, by whatever name.
rm -rf run && saves 'a memorisation' memorize run
ln -s run other
for input in run/X.npy ./run/X.npy other/X.npy; do
  run spectrum --data "$input" --widths 3 --save run --overwrite --quiet
  check "$input is not overwritten" grep -q "would overwrite the data '$input'" "$err"
  # shellcheck disable=SC2086
  run memorize $small --labels other/Y.npy --save run --quiet
  check "$input: labels" grep -q "would overwrite the labels 'other/Y.npy'" "$err"
done
saves 'through a link' memorize other
check 'the same folder' test "$(find run -type f | wc -l)" -eq 6

# ---- The same command again ------------------------------------------------------------------------

rm -rf run other
saves 'full' spectrum run --full --save-kernel --widths 6,8,6
saves 'less' spectrum ./run/
check 'what was listed and is not written now is gone' \
  test "$(cd run && echo *)" = 'W1.npy W2.npy W3.npy X.npy eigenvector.npy result.json'
mv run moved
saves 'moved and called otherwise' spectrum moved --widths 6
check 'W3.npy is gone' test "$(cd moved && echo *)" = 'W1.npy W2.npy X.npy eigenvector.npy result.json'
saves 'a training with everything' train trained --track 1 --widths 4,4,4
saves 'another' train trained
check 'one run' test "$(find trained -type f | wc -l)" -eq 10
saves 'another depth' train trained --widths 6
check 'first weights too' test "$(find trained -type f | wc -l)" -eq 8

# Folders of before result.json named its command.
for command in spectrum memorize train; do
  rm -rf old && saves "$command" "$command" old
  grep -v -e '^  "command' old/result.json >"$top/old" && cp "$top/old" old/result.json
  saves "$command, where an old one was" "$command" old --widths 6,6
done
refused 'another command' result.json spectrum old

# A list that leads out of the folder is not followed.
mkdir -p far/run && echo theirs | tee far/X.npy >far/keep.npy
printf '{"command": "spectrum", "saved": ["../X.npy", "a/../../keep.npy", "/etc/none", "result.json"]}' \
  >far/run/result.json
saves 'a list that leads out' spectrum far/run
check 'others stay' test "$(cat far/X.npy far/keep.npy)" = "$(printf 'theirs\ntheirs')"

# ---- What result.json tells of its run --------------------------------------------------------------

# input NAME FILE: an input that result.json lists is FILE, by the hash of another program.
input() {
  check "$1: the path of $2" grep -qF "\"path\": \"$2\"" run/result.json
  check "$1: its hash" grep -q "\"sha256\": \"$(sha256sum "$2" | cut -d ' ' -f 1)\"" run/result.json
}
rm -rf run && cp far/run/X.npy "odd name's.npy" && saves 'labels' memorize labels
before=$(date -u +%Y-%m-%dT%H:%M:%SZ)
good 'files read' memorize --data "odd name's.npy" --labels labels/Y.npy --widths '6,8' --save run --json
after=$(date -u +%Y-%m-%dT%H:%M:%SZ)
check 'printed as saved' cmp "$out" run/result.json
input data "odd name's.npy"
input labels labels/Y.npy
flat "$out" >"$top/flat"
check 'the command' test "$(value command)" = '"memorize"'
date=$(value date | tr -d '"')
check 'the date lies between' test "$(printf '%s\n' "$before" "$date" "$after" | sort | sed -n 2p)" = "$date"
line=$(value command_line | sed 's/^"//; s/"$//; s/\\\\/\\/g')
check 'it begins with the program' test "$(basename "${line%% *}")" = ntkit
rm -rf run/* && eval "\"\$NTKIT\" ${line#* }" >/dev/null # as it is called here: it may be emulated
check 'the command line, read by a shell, does it again' test -s run/result.json
saves 'drawn data' spectrum run --overwrite
check 'reads nothing' grep -q '"inputs": \[\]' run/result.json
# Lengths around those at which SHA-256 ends a block: 128 bytes and 8 d.
for d in 6 7 8 14 15 16 2031 2032 2033; do
  { header '<f8' "(1, $d)" && head -c $((8 * d)) /dev/zero; } >zeros.npy
  good "$d numbers" spectrum --data zeros.npy --widths 2 --save run --quiet --json
  input "$d numbers" zeros.npy
done

# ---- Two at once, and what a kill leaves ------------------------------------------------------------

# shellcheck disable=SC2086
"$NTKIT" train $small --epochs 100000000 --time 60 --save held --quiet >/dev/null 2>&1 &
holder=$!
until_so test -e held/.ntkit.saving/lock
if [ -r /proc/locks ]; then
  until_so grep -q ":$(stat -c %i held/.ntkit.saving/lock) " /proc/locks
fi
for command in train spectrum memorize; do
  # shellcheck disable=SC2086
  run "$command" $small --quiet --save held --overwrite
  check "$command meets the lock" test "$status" -eq 2
  check "$command says so" grep -q '^ntkit: --save: another run is saving into held; expected' "$err"
done
kill -KILL $holder && wait $holder 2>/dev/null
saves 'the lock ends with its process' spectrum held
check 'and leaves nothing' test ! -e held/.ntkit.saving

# Pairs: whatever comes of them, the folder is of one run.
for seed in 1 2; do saves "alone, seed $seed" spectrum "alone$seed" --seed $seed; done
for pair in 1 2 3 4 5 6; do
  for seed in 1 2; do
    # shellcheck disable=SC2086
    "$NTKIT" spectrum $small --quiet --save both --seed $seed >/dev/null 2>&1 &
  done
  wait
  seed=$(sed -n 's/^  "seed": \([12]\),/\1/p' both/result.json)
  for name in X W1 W2 W3 eigenvector; do
    check "pair $pair: $name.npy is of the run that result.json tells of" \
      cmp "both/$name.npy" "alone$seed/$name.npy"
  done
  check "pair $pair: nothing is left" test "$(find both | wc -l)" -eq 7
done

# Killed while files were moved: no result.json in the folder, the list in the stage.
saves 'a whole one' train cut --track 1
mkdir cut/.ntkit.saving && mv cut/result.json cut/.ntkit.saving/earlier.json
mkdir cut/.ntkit.saving/init && touch cut/.ntkit.saving/init/W1.npy cut/.ntkit.saving/X.npy.ntkit-tmp
# shellcheck disable=SC2086
run spectrum $small --quiet --save cut
check 'half moved: of no other command' test "$status" -eq 2
check 'half moved: the list stays' test -s cut/.ntkit.saving/earlier.json
saves 'half moved: the same command again' train cut
check 'half moved: one run, nothing else' test "$(find cut -type f | wc -l)" -eq 10

# Killed at any time.
large='--samples 1500 --dim 300 --widths 40 --save-kernel --quiet'
# shellcheck disable=SC2086
"$NTKIT" spectrum $large --save killed >/dev/null
for delay in 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4; do
  # shellcheck disable=SC2086
  "$NTKIT" spectrum $large --save killed --seed 1 >/dev/null 2>&1 &
  sleep $delay
  kill -KILL $! 2>/dev/null
  wait $! 2>/dev/null
  [ ! -e killed/result.json ] || check "killed after $delay: result.json and its files" \
    test "$(find killed -maxdepth 1 -name '*.npy' | wc -l)" -eq 5
done
# shellcheck disable=SC2086
good 'after kills' spectrum $large --save killed
check 'nothing of them is left' test "$(find killed | wc -l)" -eq 7

finish test_save
