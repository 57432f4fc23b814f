#!/bin/sh
# ntkit spectrum --density: quantiles in the text, all of it in JSON and as two figures with bands in a
# page, the same bits however many threads there are; its numbers alone, or not numbers, are refused.
# shellcheck disable=SC1091,SC2154,SC2086 # $size is several words; in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

size='--samples 60 --dim 10 --widths 20,20 --activation tanh --seed 3'

good 'text' spectrum $size --density --full
check 'says by how many' grep -q '^density     8 probes, 60 steps: .* 95 % interval$' "$out"
check 'seven quantiles' test "$(grep -cE '^ +[0-9]+ %  [0-9.e+-]+ +[0-9.e+-]+ to [0-9.e+-]+$' "$out")" = 7
check 'the time is told' grep -q '^time .* density [0-9.]*' "$out"

good 'JSON' spectrum $size --density --probes 3 --steps 20 --full --json
check 'what was asked for' test "$(jq -c '.density | [.probes, .steps, .level, .products, .solves]' "$out")" = '[3,20,0.95,60,60]'
# Every eigenvalue is below the end, none below the beginning; numbers rise, and have their intervals around them.
check 'from none to all' jq -e '.density.points | (.[0].count_high == 0) and (.[-1].count_low == 60)' "$out"
check 'they rise' jq -e '[.density.points[].count] | . == sort' "$out"
check 'within their intervals' jq -e '[.density.points[] | .count_low <= .count and .count <= .count_high and
  .density_low <= .density and .density <= .density_high] | all' "$out"
check 'beside all eigenvalues' jq -e '.eigenvalues as $e | .density.points |
  (map(. as $p | ($e | map(select(. < $p.eigenvalue)) | length) as $n | if $n >= $p.count_low and $n <= $p.count_high then 1 else 0 end)
  | add) >= 0.9 * length' "$out"
check 'the median' jq -e '.eigenvalues[29] as $m | .density.quantiles[3] | .share == 0.5 and .low <= $m and $m <= .high' "$out"
jq -c .density "$out" >"$top/one"
good 'two threads' spectrum $size --density --probes 3 --steps 20 --json --threads 2
check 'the same bits' test "$(jq -c .density "$out")" = "$(cat "$top/one")"

good 'a page' spectrum $size --density --probes 3 --steps 20 --full --report page.html
check 'three figures' test "$(grep -c '^<svg viewBox' page.html)" = 3
check 'two bands' test "$(grep -c "fill-opacity='0.25'" page.html)" = 2
check 'of finite places' sh -c '! grep -q "nan\|inf[ .]" page.html'
# In steps: of all eigenvalues a rise by one at the place of each, of the band the largest count of the next point,
# and back the smallest of the one before. Places go with logarithms, heights with counts.
steps() { # WHICH, a pattern of its line in the page: its places and heights, in the path's order
  sed -n "s/.*$1.* d='M\([^'z]*\).*/\1/p" page.html | grep V | head -1 | sed 's/\([VH]\)/ \1/g' | tr ' ' '\n' |
    awk '/^V/ { y = substr($0, 2); n++ } /^H/ { x = substr($0, 2); n++ } /^[0-9]/ { if (!n++) x = $0; else y = $0 }
      /L/ { print "slanted" } n > 1 && n % 2 == 0 { print x, y }'
}
good 'the same as JSON' spectrum $size --density --probes 3 --steps 20 --full --json
steps "stroke='#D55E00'" >"$top/places"
jq -r '.eigenvalues[]' "$out" >"$top/values"
check 'a rise at each eigenvalue' test "$(wc -l <"$top/places")" = 61
check 'first along, then up' grep -q "stroke='#D55E00'.* d='M[0-9.]* [0-9.]*H[0-9.]*V" page.html
check 'at its place, by one' awk 'NR == FNR { v[NR] = log($1); next } { x[FNR - 1] = $1; y[FNR - 1] = $2 }
  END { for (i = 1; i <= 60; i++) {
      at = x[1] + (x[60] - x[1]) * (v[i] - v[1]) / (v[60] - v[1]); up = y[0] + (y[60] - y[0]) * i / 60
      if ((at - x[i]) ^ 2 > 0.03 || (up - y[i]) ^ 2 > 0.03) exit 1 }
    exit y[60] >= y[0] }' "$top/values" "$top/places"
steps "fill-opacity='0.25'" >"$top/places"
jq -r '.density.points | (map(.count_high) + (map(.count_low) | reverse))[]' "$out" >"$top/values"
check 'a band in steps' test "$(wc -l <"$top/places")" = 322
check 'first up, then along' grep -q "fill-opacity='0.25' d='M[0-9.]* [0-9.]*V[0-9.]*H" page.html
check 'of the largest and the smallest counts' awk 'NR == FNR { v[NR] = $1; next } { y[FNR] = $2 }
  END { for (i = 1; i <= 322; i++) { up = y[1] + (y[161] - y[1]) * (v[i] - v[1]) / (v[161] - v[1])
      if ((up - y[i]) ^ 2 > 0.03) exit 1 } }' "$top/values" "$top/places"
# Labels below a figure are 14 units high, and 19 on a narrow page, where the wide ones are hidden; a digit is 0.636 of that wide.
touching() { # HEIGHT, of labels x and text on standard input: which are not half a digit apart
  sort -n | awk -v high="$1" '{ if (n && $1 - x < 0.636 * high * (length($2) + n + 1) / 2) print x, $0
    x = $1; n = length($2) } END { if (NR < 4) print "few" }'
}
good 'long numbers' spectrum --samples 1500 --dim 200 --widths 200,200 --activation tanh --density --probes 2 --steps 20 --report page.html
sed -n "/^<svg/,/^<\/svg/p" page.html | sed '/^<\/svg/q' >figure
labels="s/.* x='\([0-9.]*\)' y='348' [^>]*>\([0-9]*\)<.*/\1 \2/p"
check 'wide: none touch' test -z "$(sed -n "$labels" figure | touching 14)"
check 'narrow: none touch' test -z "$(grep -v "class='wide'" figure | sed -n "$labels" | touching 19)"
check 'narrow: some would' test -n "$(sed -n "$labels" figure | touching 19)"
rm -f figure
good 'one range, a key that the plane has no room for' spectrum --samples 400 --dim 60 --widths 80,80 --activation tanh --density --report page.html
below() { sed -n "/^<svg/,/^<\/svg/p" page.html | awk -v n="$1" '/^<svg/ { k++ } k == n' | sed -n "$labels"; }
check 'has one axis below both' test "$(below 1)" = "$(below 2)"
good 'one sample' spectrum --samples 1 --dim 3 --widths 3,3 --density --report page.html
# The eigenvalues that are rounding alone are told of, and do not stretch the axis below the resolution.
good 'all of a singular one' spectrum --samples 300 --dim 20 --widths 5,6 --activation tanh --density --full --report page.html
check 'how many are left out' grep -q 'all but 164 up to [0-9.]*e-[0-9]*, the resolution' page.html
check 'how many lie below' grep -q '164 eigenvalues or more lie below the axis' page.html
check 'no axis far below it' sh -c "! sed -n '/Cumulative/,\$p' page.html | grep -q '#8722;1[0-9]</tspan>'"
good 'singular' spectrum --samples 40 --dim 3 --widths 3,3 --density --steps 20
check 'what is known to be 0 is' grep -qE '^ +25 %  0 +0 to 0$' "$out"
rm -f page.html

bad 'probes alone' '--probes needs --density' spectrum $size --probes 3
bad 'steps alone' '--steps needs --density' spectrum $size --steps 3
bad 'no probes' 'the number of probes is 0; expected a whole number from 1 to 1000' spectrum $size --density --probes 0
bad 'half a step' 'the number of steps is not a whole number; expected a whole number from 1 to 1000' spectrum $size --density --steps 2.5
bad 'too many' 'probes is 1001; accepted' spectrum $size --density --probes 1001

# --prefixes: what runs on the first samples alone find, as text, JSON and a figure.
good 'prefixes' spectrum $size --prefixes 10,20,60 --json --report prefixes.html
jq -r '.prefixes[] | [.samples, .lambda_min] | @tsv' "$out" >"$top/prefixes"
check 'as many' test "$(wc -l <"$top/prefixes")" = 3
while read -r samples lambda; do
  good "the first $samples" spectrum $size --samples "$samples" --json
  check "lambda_min of $samples: $lambda" sh -c "jq -e '(.lambda_min / $lambda - 1) | fabs < 1e-10' '$out'"
done <"$top/prefixes"
check 'a figure' test "$(grep -c '^<svg viewBox' prefixes.html)" = 1
good 'text' spectrum $size --prefixes 10,60
check 'two lines' test "$(grep -cE '^(prefixes|  +)  +(10|60) +[0-9.e+-]+ +residual' "$out")" = 2
# Of more samples than parameters, 20: those that have as many, and a verdict for each.
good 'singular' spectrum --samples 40 --dim 4 --widths 3,2 --prefixes 10,20,21 --json
check 'verdicts' test "$(jq -r '[.prefixes[].verdict] | join(" ")' "$out")" = 'ok ok rank_deficient'
check 'and reasons' jq -e '[.prefixes[].reason] == ["", "", "N = 21 samples exceed the P = 20 parameters: K is singular"]' "$out"
good 'alone' spectrum --samples 40 --dim 4 --widths 3,2 --prefixes 10,20,21 --report prefixes.html
check 'as text, with the reason' grep -qx '  *21  *0  *rank_deficient: N = 21 samples exceed the P = 20 parameters: K is singular' "$out"
check 'what the figure has not' grep -q 'Of 3 prefixes 1 is not drawn: lambda_min is 0' prefixes.html
check 'a verdict that is certain' grep -q '<span class="v measured">rank_deficient</span>' prefixes.html
rm -f prefixes.html
# Rounding grows in a deep chaotic network: how many digits it leaves is said of each.
deep="--samples 6 --dim 20 --widths $(printf '20,%.0s' $(seq 59))20 --activation tanh --init standard --beta 4"
good 'deep' spectrum $deep --prefixes 2,4,6
check 'their digits' test "$(grep -c '  residual [0-9.e+-]*, [3-9] digits are sure$' "$out")" = 3
good 'deep, JSON' spectrum $deep --prefixes 2,4,6 --json
check 'digits' jq -e '.digits as $all | [.prefixes[].digits] | length == 3 and .[2] == $all and all(. >= 3 and . < 10)' "$out"

bad 'descending' '20 samples comes after one of 30; accepted: ascending' spectrum $size --prefixes 30,20
bad 'more than there are' 'a prefix of 61 samples; accepted: 1 to 60' spectrum $size --prefixes 20,61
bad 'none' "'0,20': prefix 1 is 0; expected whole" spectrum $size --prefixes 0,20
bad 'an empty one' "'100,': prefix 2 is empty; expected whole" spectrum $size --prefixes 100,
good 'one vector' spectrum $size --density --probes 1 --steps 1
check 'in the singular' grep -q '^density     1 probe, 1 step: ' "$out"

finish 'the spectral density'
