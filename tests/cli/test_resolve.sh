#!/bin/sh
# ntkit spectrum --resolve: offered by name where K hides lambda_min, then found, in text, JSON and a page; what it
# takes is planned, and what cannot be beside it is refused.
# shellcheck disable=SC1091,SC2154,SC2086 # $size is several words; in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

size='--samples 14 --dim 1 --widths 12,12 --seed 0'

good 'below double' spectrum $size
check 'the option is offered' grep -q '^verdict  *below_resolution: .*; the option resolve looks beyond$' "$out"
good 'resolved' spectrum $size --resolve
# 60-digit arithmetic has 9.884576385937e-17 (tools/record_resolve.py).
check 'the number' grep -q '^lambda_min  9\.884576386e-17 ' "$out"
for command in 'train --epochs 1 --track 1' 'train --epochs 1' verify; do
  run $command $size
  tr -s ' \n' '  ' <"$out" >"$top/words"
  check "$command offers it" grep -q "what double precision can tell from 0 for this kernel; 'spectrum' with the option resolve looks beyond" "$top/words"
done
good 'resolved again' spectrum $size --resolve
check 'from J' grep -q '^resolve  *1 round: lambda_min is from J' "$out"
good 'JSON' spectrum $size --resolve --json
check 'its fields' jq -e '.verdict == "ok" and .rounds == 1 and .digits >= 12 and .condition > 1e17 and
  (.lambda_min / 9.884576385937255e-17 - 1 | fabs) < 1e-12' "$out"
good 'far below' spectrum --samples 14 --dim 1 --widths 16,16 --beta 0.25 --seed 1 --resolve --json
check 'in double-double' jq -e '.precision == "double-double" and .verdict == "ok" and
  (.lambda_min / 1.2910214847757645e-41 - 1 | fabs) < 1e-6' "$out"
good 'a page' spectrum $size --resolve --report page.html
check 'what is proved' grep -q 'not certified: --certify proves bounds' page.html
good 'certified' spectrum $size --resolve --certify --report page.html
check 'of K in double-double' grep -q 'proved of K in double-double:  *9.88457637[0-9]*e-17 <= lambda_min <= 9.88457638[0-9]*e-17' "$out"
check 'and of the exact kernel' grep -q 'proved of the exact kernel:  *9.88457637[0-9]*e-17 <= lambda_min <= 9.88457638[0-9]*e-17' "$out"
check 'in the page' grep -q 'proved, for K in double-double' page.html
good 'too far below' spectrum --samples 14 --dim 1 --widths 16,16 --beta 0.25 --seed 1 --resolve --certify --report page.html
check 'says so' grep -q 'not certified: lambda_min is too near the rounding of K in double-double' "$out"
check 'and so does the page' grep -q 'not certified: lambda_min is too near the rounding of K in double-double' page.html
rm page.html

bad 'mixed precision' 'without the precision mixed' spectrum $size --resolve --precision mixed
bad 'the operator' 'never has K, which resolve needs' spectrum $size --resolve --method operator
bad 'several ranks' 'without several ranks' plan --threads 1 --quiet --samples 100 --dim 9 --widths 20,20 --resolve --ranks 2

good 'a plan' plan --threads 1 --quiet --samples 2000 --dim 200 --widths 200,200 --resolve --json
check 'a round more than that without' jq -e '.methods | length == 1 and .[0].flops > 2 * 2000 * 2000 * 80200 and
  .[0].memory > 12 * 2000 * 2000' "$out"
check 'and what more rounds would be' jq -e '.methods[0].flops as $all | .reason |
  capture("^in one round; .* up to 3 more, each (?<each>[0-9.e+]+) flops, [0-9.]+ s$").each | tonumber |
  . > 2 * 2000 * 2000 * 80200 and . < $all' "$out"
good 'a plan of few rows' plan --threads 1 --quiet --samples 400 --dim 3 --widths 200,200 --resolve --json
check 'some in double-double' jq -e '.reason | endswith("; below 1e-28 one or two in double-double, each about 20 times that")' "$out"

# What takes long is said first; interrupted, it leaves nothing. (No calibration is kept there.)
large='--samples 3000 --dim 500 --widths 500,500 --threads 1'
XDG_CACHE_HOME=$top "$NTKIT" spectrum $large --resolve --save large >"$out" 2>"$err" &
search=$!
until_so grep -q '^ntkit: ' "$err"
check 'what it takes' grep -Eq '^ntkit: lambda_min from J: [1-9.]+e\+12 flops, in one round; .* up to 3 more, each 9[.0-9]*e\+12 flops$' "$err"
until_so worked 150 $search
kill -TERM $search
wait $search
check 'interrupted: exit status 130' test $? -eq 130
check 'interrupted: one line more' test "$(wc -l <"$err")" -eq 2
check 'interrupted: no result' test ! -s "$out"
check 'interrupted: nothing is left' test ! -e large
finish 'what double cannot resolve'
