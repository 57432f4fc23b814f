#!/bin/sh
# ntkit memorize --margin: what is no margin, or no labels for one, is refused in one line; what the
# saved network puts out is beyond the margin on its label's side, as certified; samples that cannot
# be separated are told, with exit status 1.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

small='--samples 150 --dim 10 --widths 12,16 --activation tanh' # 96 parameters to fit with
awk 'BEGIN { for (i = 0; i < 150; i++) print (i * i) % 7 < 3 ? 1 : -1 }' >"$in/signs.csv"
awk 'BEGIN { for (i = 0; i < 150; i++) print i == 1 ? 0.5 : 1 }' >"$in/half.csv"
awk 'BEGIN { for (i = 0; i < 150; i++) print (i * i) % 3 }' >"$in/classes.csv"

# ---- Bad input -----------------------------------------------------------------------------------

# bad_margin PROPERTY PATTERN ARGUMENT...: a directory to save into must not appear.
bad_margin() {
  property=$1 pattern=$2
  shift 2
  # shellcheck disable=SC2086 # a list of words
  bad "$property" "$pattern" memorize $small --save saved "$@"
}
for margin in 0 1e400 nan inf x; do
  bad_margin "margin '$margin'" '^ntkit: --margin: .*margin is .*; expected a number > 0' \
    --labels sign --margin $margin
done
bad_margin 'a negative margin' '^ntkit: --margin: .*; expected a number > 0' --labels sign --margin=-2
bad_margin 'a negative margin as a word' "^ntkit: --margin: '-1': margin is negative; expected a number > 0" --labels sign --margin -1
bad_margin 'a margin below what squares hold' '^ntkit: --margin: .*1e-200; accepted: from 1e-100' --labels sign \
  --margin 1e-200
bad_margin 'labels that are numbers' '^ntkit: --margin needs labels 1 and -1; .*not gaussian$' --margin
bad_margin 'labels of a teacher' '^ntkit: --margin needs labels 1 and -1; .*not teacher$' --margin \
  --labels teacher
bad_margin 'a label that is none' '^ntkit: label 2 (from 1) is 0.5; a margin takes 1 and -1' --margin \
  --labels "$in/half.csv"
bad_margin 'conjugate gradients' '^ntkit: --margin takes .*; expected no --iterative' --margin \
  --labels sign --iterative
bad_margin 'mixed precision' '^ntkit: --margin takes .*; expected no --precision mixed' --margin \
  --labels sign --precision mixed
bad_margin 'an error in absolute terms' '^ntkit: --margin takes no --eps, and so no --absolute' --margin \
  --labels sign --absolute

# ---- Beyond what equations fit -------------------------------------------------------------------

# shellcheck disable=SC2086
{
  run memorize $small --labels "$in/signs.csv" --quiet
  check 'equations do not fit' test "$status" -eq 1
  good 'inequalities do' memorize $small --labels "$in/signs.csv" --margin --save fit --json
}
check 'result.json is what was printed' cmp fit/result.json "$out"
flat "$out" >"$top/flat"
check 'reached' test "$(value verdict)" = '"reached"'
check 'separable' test "$(value separable)" = '"yes"'
holds 'the margin that was asked for' '@margin@ == 1 && @margin_found@ >= 1'
holds 'certified from the files' '@certificate.margin@ == @margin_found@ && @certificate.margin_bound@ >= 1'
holds 'the two ends of the separation' \
  '@separation@ > 0 && @separation@ <= @separation_bound@ && @separation@ >= 0.89 * @separation_bound@'
holds 'rows that hold it' '@support@ > 50 && @support@ <= 150 && @steps@ > 0'
good 'predict' predict --load fit --data fit/X.npy
least=$(paste "$out" "$in/signs.csv" | awk '{ m = $1 * $2; if (NR == 1 || m < l) l = m } END { print l }')
holds 'is beyond the margin' "$least >= 0.99999999 && $least < 1.0001"
# shellcheck disable=SC2086
good 'another margin' memorize $small --labels "$in/signs.csv" --margin 0.125 --json
flat "$out" >"$top/flat"
holds 'is as asked' '@margin@ == 0.125 && @margin_found@ >= 0.125 && @margin_found@ < 0.1251'
# shellcheck disable=SC2086
good 'text' memorize $small --labels "$in/signs.csv" --margin --save fit --overwrite --report page.html
for word in 'labels      reached: min_i y_i F_L(x_i) = 1, wanted 1' 'certificate min_i y_i F_L(x_i) >= ' \
  'features    separate the samples by' 'Newton steps' 'n_{L-2} m = 96'; do
  check "the table has '$word'" grep -qF "$word" "$out"
done
check 'no line is too long' test "$(awk 'length > 100' "$out" | wc -l)" -eq 0
check 'the page has the margin' grep -q 'wanted <b>1</b>' page.html
check 'and not eps' sh -c '! grep -q "<code>eps</code>" page.html'

# ---- Classes -------------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'classes' memorize $small --labels "$in/classes.csv" --classes --margin --save classes --json
flat "$out" >"$top/flat"
holds 'every sample gets its class' '@accuracy@ == 1 && @margin_found@ >= 1'
# shellcheck disable=SC2086
good 'text of classes' memorize $small --labels "$in/classes.csv" --classes --margin
check 'a column of margins' grep -q '^ *class *margin  *separation  *t  *steps$' "$out"
# shellcheck disable=SC2086
good 'an output a class' memorize $small --widths 12,48 --outputs 2 --labels "$in/classes.csv" --classes --margin --json
flat "$out" >"$top/flat"
holds 'in one network' '@targets.accuracy@ == 1 && @margin_found@ >= 1'
check 'each with its margin' test "$(grep -c '"margin_found": 1' "$out")" = 3
# shellcheck disable=SC2086
good 'text of outputs' memorize $small --widths 12,64 --outputs 2 --labels sign --margin --report outputs.html
check 'a margin of each output' grep -qx '      output      margin' "$out"
check 'the page names the least' grep -q 'the least is that of output' outputs.html

# ---- Not separable -------------------------------------------------------------------------------

# shellcheck disable=SC2086
run memorize $small --samples 400 --labels sign --margin --save beyond --json
check 'too many samples: exit status 1' test "$status" -eq 1
check 'one line, with the reason' test "$(wc -l <"$err")" -eq 1
check 'that is a proof' grep -q '^ntkit: not reached: .*not separable in these features: .*convex' "$err"
flat "$out" >"$top/flat"
check 'the object says no' test "$(value separable)" = '"no"'
holds 'with a combination that is 0 to rounding' '@combination@ <= 1e-13 && @margin_found@ < 0'
check 'the best are saved' cmp beyond/result.json "$out"

# ---- Rows from 28 to 1e-13 long ------------------------------------------------------------------

cat >saturated.csv <<'END'
0.236,9.009,-7.117,8.973,-3.763,-1.533,6.554,-1.816,0.992,-9.449,5.070,0.763
-3.405,5.769,-3.936,-0.930,-7.319,-1.938,-5.931,-4.754,5.007,-4.392,-0.296,9.615
9.233,4.496,0.825,-4.462,-6.787,9.399,0.321,-7.683,2.470,5.534,2.260,8.346
-9.208,0.572,-0.813,-8.753,2.827,7.053,1.859,-4.798,6.798,0.190,0.218,5.061
-7.042,6.393,3.666,5.742,-6.168,6.047,-6.174,-8.369,7.105,7.226,7.531,-0.562
-4.519,-9.858,2.914,4.398,6.711,-4.362,-5.696,2.787,6.101,9.273,-6.990,-0.356
END
printf '%s\n' -1 -1 1 1 1 -1 >saturated.txt
good 'short rows, of independent samples' memorize --data saturated.csv --widths 4 --activation erf \
  --labels ./saturated.txt --margin --seed 2 --json
flat "$out" >"$top/flat"
check 'are separable' test "$(value separable)" = '"yes"'
holds 'and no combination of them is 0' '@combination@ > 0.1 && @separation_bound@ < 1e-13 && @margin_found@ >= 1'

finish test_memorize_margin
