#!/bin/sh
# ntkit predict --kernel with rows held out of the data: it answers as with these in a file of their own, scaling, labels
# and classes too; and with several ridges: each is what it is alone; the chosen one has the least error of one
# left out; text, page and JSON tell of all of them.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

awk 'BEGIN { print "a,b,c,y"
  for (i = 0; i < 40; i++) print sin(i) "," cos(3 * i) "," sin(i * i) "," sin(i) - cos(3 * i) + cos(i * i * i) / 3 }' >"$in/all.csv"
head -n 31 "$in/all.csv" >"$in/train.csv"
{ head -n 1 "$in/all.csv" && tail -n 10 "$in/all.csv"; } >"$in/test.csv"
net='--widths 40,40 --activation tanh --init lecun'
file="predict --kernel limit --data $in/train.csv --label-column y $net"

# ---- Several ridges ------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'several' $file --test "$in/test.csv" --ridge 1e-3,0.1,10,1e3 --json --report ridges.html
flat "$out" >"$top/flat"
cp "$out" "$top/several"
check 'four points' test "$(awk '$1 == "points.ridge" { printf "%g ", $2 }' "$top/flat")" = '0.001 0.1 10 1000 '
least=$(awk '$1 == "points.ridge" { ridge = $2 }
  $1 == "points.loo_error" && (least == "" || $2 < least) { least = $2; at = ridge } END { print at }' "$top/flat")
holds 'the least is chosen' "$least == @ridge@ && @ridge@ == @chosen.ridge@ && @ridge@ > 1e-3 && @ridge@ < 1e3"
best=$(awk '$1 == "ridge" { printf "%g", $2; exit }' "$top/flat")
check 'a figure' grep -q 'Errors over the ridge' ridges.html
check 'three curves' grep -q 'one left out' ridges.html
check 'the number on the page' grep -q 'of each training sample when the others are fitted, the least of 4 ridges' ridges.html
# shellcheck disable=SC2086
good 'in words' $file --test "$in/test.csv" --ridge 1e-3,0.1,10,1e3
check 'which is chosen' grep -q "^kernel .*ridge $best, which of 4 has the least leave-one-out error" "$out"
check 'a row for each' test "$(grep -c '^\(0.001\|0.1\|10\|1000\) ' "$out")" -eq 4
check 'the best of each' grep -q "^least  *of one left out, .*, with ridge $best\$" "$out"
check 'and of the test data' grep -q '^  *at the test data, [0-9.]*, with ridge [0-9.]*$' "$out"
# shellcheck disable=SC2086
good 'too small ones' $file --test "$in/test.csv" --ridge 1e-3,0.01
check 'are told' grep -q 'with ridge 0.01, the largest: more may be better$' "$out"
# shellcheck disable=SC2086
good 'too large ones' $file --test "$in/test.csv" --ridge 20,1e3
check 'are told too' grep -q 'with ridge 20, the smallest: less may be better$' "$out"
# shellcheck disable=SC2086
good 'the chosen one alone' $file --test "$in/test.csv" --ridge "$best" --json
sed -n '/"outputs": \[/,/\]/p' "$out" >"$top/alone"
sed -n '/"outputs": \[/,/\]/p' "$top/several" >"$top/chosen"
check 'the same predictions' cmp "$top/alone" "$top/chosen"
check 'of one nothing is left out' grep -q '"loo_error": null' "$out"

# ---- From time 0 ---------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'time 0' $file --test "$in/test.csv" --time 0,0.1,10 --json
flat "$out" >"$top/flat"
holds 'nothing is learnt yet' '@points.time@ == 0 && @points.train_error@ > 1 - 1e-12 && @points.train_error@ < 1 + 1e-12 && @chosen.time@ == 10'

# ---- Rows held out -------------------------------------------------------------------------------

# rows_apart FILE: the rows that $out tells are held out, in held.csv, and the others, in others.csv, with its heading
rows_apart() {
  awk '/^  "held_out": \[/ { on = 1; next } /^  \]/ { on = 0 } on { gsub(/[ ,]/, ""); print }' "$out" >"$top/held"
  awk -v others="$in/others.csv" -v held="$in/held.csv" 'FNR == NR { out[$1 + 2]; next }
    FNR == 1 { print >others; print >held; next } { if (FNR in out) print >held; else print >others }' "$top/held" "$1"
}
answers() { sed -n '/"outputs": \[/,/\]/p' "$out"; }
numbers="--label-column y $net --scale standardize --ridge 0.1 --json"
for kernel in ntk limit; do
  # shellcheck disable=SC2086
  good "$kernel: a part" predict --kernel $kernel --data "$in/all.csv" $numbers --hold-out 0.2 --seed 5
  rows_apart "$in/all.csv"
  answers >"$top/held_answers" && cp "$out" "$top/held_out"
  check "$kernel: 8 of 40" test "$(wc -l <"$top/held")" -eq 8
  check "$kernel: rows" test "$(wc -l <"$in/others.csv") $(wc -l <"$in/held.csv")" = '33 9'
  flat "$out" >"$top/flat"
  error=$(value chosen.test_error)
  # shellcheck disable=SC2086
  good "$kernel: in two files" predict --kernel $kernel --data "$in/others.csv" $numbers --test "$in/held.csv" --seed 5
  answers >"$top/file_answers"
  check "$kernel: the same predictions" cmp "$top/held_answers" "$top/file_answers"
  flat "$out" >"$top/flat"
  holds "$kernel: the same test error" "@chosen.test_error@ == $error"
done
# shellcheck disable=SC2086
good 'another seed' predict --kernel limit --data "$in/all.csv" $numbers --hold-out 8 --seed 6
check 'has other rows' sh -c '! cmp -s "$1" "$2"' - "$top/held_out" "$out"
check 'in JSON' grep -q '"tests": 8' "$out"
# Labels of a file of their own are those of their rows; of words, classes are those of the others.
cut -d, -f1-3 "$in/all.csv" >"$in/bare.csv"
sed '1d' "$in/all.csv" | cut -d, -f4 >"$in/labels.csv"
good 'labels apart' predict --kernel limit --data "$in/bare.csv" --labels "$in/labels.csv" --widths 40,40 --activation tanh \
  --init lecun --scale standardize --ridge 0.1 --json --hold-out 8 --seed 5
flat "$out" >"$top/flat"
holds 'the same error with them' "@chosen.test_error@ == $error"
awk 'BEGIN { print "a,b,kind"
  for (i = 0; i < 40; i++) print sin(i) "," cos(3 * i) "," (sin(i) > 0.3 ? "up" : sin(i) < -0.3 ? "down" : "flat") }' >"$in/kinds.csv"
good 'classes' predict --kernel limit --data "$in/kinds.csv" --label-column kind --classes --widths 40,40 --activation relu \
  --hold-out 0.25 --shuffle --ridge 0.01,0.1,1 --output kinds.csv --report kinds.html --json
rows_apart "$in/kinds.csv"
flat "$out" >"$top/flat"
while read -r row; do sed -n "$((row + 2))s/.*,//p" "$in/kinds.csv"; done <"$top/held" | paste - kinds.csv >"$top/pairs"
right=$(awk '$1 == $2' "$top/pairs" | wc -l)
holds 'as many are right' "@chosen.test_accuracy@ * 10 == $right && @tests@ == 10 && $right > 5"
check 'on the page' grep -q 'rows held out of ' kinds.html
good 'in words' predict --kernel limit --data "$in/kinds.csv" --label-column kind --classes --widths 40,40 --activation relu \
  --hold-out 10 --subsample 30 --ridge 1
check 'so many are left' grep -q 'N = 20 samples, .* 10 test samples held out' "$out"

# ---- Bad input -----------------------------------------------------------------------------------

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
# shellcheck disable=SC2086
{
  bad 'ridges that fall' '--ridge: 0.1 follows 1; expected numbers that grow' $file --test "$in/test.csv" --ridge 1,0.1
  bad 'no number' "--ridge: '1,x': ridge 2 is not a number; expected numbers from 0" $file --test "$in/test.csv" --ridge 1,x
  bad 'ridges and times' '--ridge and --time' $file --test "$in/test.csv" --ridge 0,1 --time 3
  bad 'all rows' '--hold-out: 30 of 30 rows; expected fewer' $file --hold-out 30
  bad 'half a row' '--hold-out: 1.5 is no whole number' $file --hold-out 1.5
  bad 'no rows' '--hold-out: .0.: M is 0; expected' $file --hold-out 0
  bad 'two tests' '--test and --hold-out: expected one' $file --hold-out 3 --test "$in/test.csv"
  bad 'labels of no file' '--test-labels needs --test' $file --hold-out 3 --test-labels "$in/labels.csv"
  bad 'drawn data' '--hold-out is for files; of gaussian data expected --test-samples' predict --kernel limit --samples 9 \
    --dim 2 $net --hold-out 3
  bad 'no kernel' '--hold-out needs --kernel' predict --load x --data "$in/bare.csv" --hold-out 3
  bad 'a list with spaces' 'a list has commas and no spaces: --ridge 1,2' $file --test "$in/test.csv" --ridge 1 2
}

finish test_predict_kernel_choose
