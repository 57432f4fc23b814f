#!/bin/sh
# train and memorize under mpirun: results are one process's but for rounding, a checkpoint goes from
# one number of ranks to another, and rank 0 alone writes.
set -eu
mpirun="$(cd "$(dirname "$0")" && pwd)/mpirun.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/here"
cd "$work/here"
status=0

bad() {
  echo "$*" >&2
  status=1
}
on() { # on RANKS ARGUMENTS... : ntkit's
  ranks=$1
  shift
  if [ "$ranks" = 1 ]; then "$NTKIT" "$@"; else sh "$mpirun" -n "$ranks" "$NTKIT" "$@"; fi
}
field() { # of a JSON file
  jq -r "$1" "$2"
}
near() { # near WHAT A B: to 1e-10
  awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; m = b < 0 ? -b : b; exit !(d <= 1e-10 * m) }' ||
    bad "$1: $2, and not $3"
}

train() { # train RANKS EPOCHS NAME OPTIONS... : loss and how many epochs were resumed
  n=$1 epochs=$2 name=$3
  shift 3
  on "$n" train --samples 241 --dim 6 --widths 16,12 --activation tanh --optimizer momentum \
    --lr 1e-4 --epochs "$epochs" --json --quiet "$@" >"$work/$name"
}
train 1 40 whole
loss=$(field .loss_final "$work/whole")
train 3 20 part --checkpoint "$work/run"
for n in 1 2; do
  cp "$work/run" "$work/run$n"
  train $n 40 "on$n" --checkpoint "$work/run$n"
  near "loss, 3 ranks and then $n" "$(field .loss_final "$work/on$n")" "$loss"
  [ "$(field .resumed "$work/on$n")" = 20 ] || bad "$n ranks did not go on from 3's checkpoint"
done

# Batches, clients and a margin go on so, too.
for way in '--batch 50' '--clients 5 --local-steps 3 --optimizer gd' '--margin --labels sign --optimizer gd'; do
  rm -f "$work/ways"
  # shellcheck disable=SC2086
  {
    train 1 20 ways1 $way
    train 3 8 ways3 $way --checkpoint "$work/ways"
    train 2 20 ways2 $way --checkpoint "$work/ways"
  }
  near "loss, $way" "$(field .loss_final "$work/ways2")" "$(field .loss_final "$work/ways1")"
  [ "$(field .resumed "$work/ways2")" = 8 ] || bad "$way: 2 ranks did not go on from 3's checkpoint"
done

# A folder: rank 0's, and tracking in it.
train 3 20 tracked --save "$work/saved" --track 10 --plot --report "$work/page.html"
for file in result.json W1.npy loss.npy track_lambda_min.npy loss.dat; do
  [ -f "$work/saved/$file" ] || bad "train --save left no $file"
done
[ -f "$work/page.html" ] || bad "train --report wrote no page"
[ ! -e "$work/saved/.ntkit.saving" ] || bad "train --save left its stage"

for way in '' --iterative; do
  # shellcheck disable=SC2086 # no option is none
  on 3 memorize --samples 100 --dim 7 --widths 24,40 --activation tanh --json --quiet $way \
    --save "$work/fitted$way" >"$work/memorized"
  [ "$(field .verdict "$work/memorized")" = reached ] || bad "memorize $way has not reached eps"
  [ "$(field '.certificate.max_error < 1e-9' "$work/memorized")" = true ] ||
    bad "memorize $way: no certificate that its files fit"
done
[ -z "$(ls -A)" ] || bad "files where nobody asked for them: $(ls -A)"
exit $status
