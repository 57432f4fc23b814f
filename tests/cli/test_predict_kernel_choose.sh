#!/bin/sh
# ntkit predict --kernel with several ridges: each is what it is alone; the chosen one has the least error of one
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
check 'the best of each' grep -q '^least  *at the test data, .*, with ridge .*; of one left out, .*, with ridge' "$out"
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

# ---- Bad input -----------------------------------------------------------------------------------

rm -rf "$dir" && mkdir "$dir" && cd "$dir" || exit 1
# shellcheck disable=SC2086
{
  bad 'ridges that fall' '--ridge: 0.1 follows 1; expected numbers that grow' $file --test "$in/test.csv" --ridge 1,0.1
  bad 'no number' "--ridge: '1,x': ridge 2 is not a number; expected numbers from 0" $file --test "$in/test.csv" --ridge 1,x
  bad 'ridges and times' '--ridge and --time' $file --test "$in/test.csv" --ridge 0,1 --time 3
  bad 'a list with spaces' 'a list has commas and no spaces: --ridge 1,2' $file --test "$in/test.csv" --ridge 1 2
}

finish test_predict_kernel_choose
