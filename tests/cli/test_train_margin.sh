#!/bin/sh
# ntkit train --margin: what is no margin, or no labels for one, is refused in one line; the run
# ends where the saved network's outputs are beyond it, each on its label's side.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

small='--samples 40 --dim 10 --widths 12,16 --activation tanh --optimizer adam --lr 0.01'
awk 'BEGIN { for (i = 0; i < 40; i++) print (i * i) % 7 < 3 ? 1 : -1 }' >"$in/signs.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print i == 1 ? 0.5 : 1 }' >"$in/half.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print (i * i) % 3 }' >"$in/classes.csv"

# bad_margin PROPERTY PATTERN ARGUMENT...: a directory to save into must not appear.
bad_margin() {
  property=$1 pattern=$2
  shift 2
  # shellcheck disable=SC2086 # a list of words
  bad "$property" "$pattern" train $small --save saved "$@"
}
for margin in 0 1e400 nan x; do
  bad_margin "margin '$margin'" '^ntkit: --margin: .*margin is .*; expected a number > 0' \
    --labels sign --margin $margin
done
bad_margin 'labels that are numbers' '^ntkit: --margin needs labels 1 and -1; .*not gaussian$' --margin
bad_margin 'a label that is none' '^ntkit: label 2 (from 1) is 0.5; a margin takes 1 and -1' --margin \
  --labels "$in/half.csv"
run train --labels "$in/classes.csv" --samples 40 --dim 10 --widths 12,16 --margin
check 'classes that are not said to be' grep -q '^ntkit: label 1 (from 1) is 0; a margin takes 1 and -1, or classes' "$err"
bad_margin 'one-hot classes' '^ntkit: --margin takes .*; expected --classes signs' --margin \
  --labels "$in/classes.csv" --classes one-hot --outputs 2
bad_margin 'a margin whose square is 0' '^ntkit: --margin: the margin is 1e-170; accepted: from 1e-150 to 1e+150' \
  --labels sign --margin 1e-170
awk 'BEGIN { for (i = 0; i < 40; i++) { s = i < 39 ? 1 : -1; for (j = 0; j < 3; j++) printf "%s%d", j ? "," : "", s * (i % 39 + 1 + j * j)
  print "" } }' >"$in/opposite.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print 1 }' >"$in/ones.csv"
bad 'labels that a symmetry contradicts' '^ntkit: row 40 of the data .* is -1 times row 1, F_L(-x) = -F_L(x)' \
  train --data "$in/opposite.csv" --labels "$in/ones.csv" --widths 9,9 --activation tanh --margin --save saved
bad_margin 'the question' '^ntkit: --margin: .*the question is about; accepted: a margin without it$' --labels sign --margin --question
bad_margin tracking '^ntkit: --margin: .*that tracking is about' --labels sign --margin --track 10

# shellcheck disable=SC2086
good 'a margin' train $small --labels "$in/signs.csv" --margin 0.75 --save fit --json
flat "$out" >"$top/flat"
check 'it stops there' test "$(value stopped)" = '"margin"'
holds 'with a sum of (M / 4)^2' '@loss_final@ <= 0.75 * 0.75 / 32 && @loss_initial@ > 1 && @margin@ == 0.75'
holds 'and a bound on it' \
  '@margin_found@ >= 0.75 && @margin_bound@ <= @margin_found@ && @margin_bound@ >= 0.75'
good 'predict' predict --load fit --data fit/X.npy
least=$(paste "$out" "$in/signs.csv" | awk '{ m = $1 * $2; if (NR == 1 || m < l) l = m } END { print l }')
holds 'is beyond the margin' "$least >= 0.7499999"
# shellcheck disable=SC2086
good 'text of classes' train $small --labels "$in/classes.csv" --classes --outputs 2 --margin
check 'the reason' grep -qF 'stopped     margin: every y_i f_L(x_i) is 1 or more' "$out"
check 'the margin' grep -q '^margin      min_i y_i f_L(x_i) = [0-9.]*, of the last weights; .* >= ' "$out"
check 'all in their class' grep -q '40 of 40 samples' "$out"
check 'no line is too long' test "$(awk 'length > 100' "$out" | wc -l)" -eq 0

finish test_train_margin
