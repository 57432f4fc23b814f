#!/bin/sh
# ntkit spectrum --law: distance, ends and hypotheses in the text, in JSON and on a page with the law over
# what is measured; where a law says nothing there is a line and no figure; what it needs is asked for.
# shellcheck disable=SC1091,SC2154,SC2086 # $size is several words; in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

size='--samples 80 --dim 100 --widths 90,70 --activation tanh --seed 3'

good 'text' spectrum $size --full --law fan-wang
check 'which law' grep -q '^Law: fan-wang, of K$' "$out"
check 'its distance' grep -qE '^  Kolmogorov-Smirnov distance +0\.[0-9]+ of the eigenvalues$' "$out"
check 'both ends' test "$(grep -cE '^  (law|measured) +[0-9.]+ to [0-9.]+$' "$out")" = 2

good 'JSON' spectrum $size --full --law fan-wang --json
check 'name, matrix, verdicts' test "$(jq -c '.law | [.name, .matrix, .drawn, .holds, .reason]' "$out")" = '["fan-wang","K",true,true,""]'
# Kolmogorov and Smirnov's distance again, from the points: below it, and as the eigenvalues say.
check 'the distance is that of the shares' jq -e '.law as $l | [$l.points[] | (.measured - .below) | if . < 0 then -. else . end] | max
  | . <= $l.distance and . > $l.distance / 2' "$out"
check 'measured shares are those of the eigenvalues' jq -e '.eigenvalues as $e | [.law.points[range(0; 200; 20)] | . as $p |
  ($e | map(select(. <= $p.eigenvalue)) | length) / 80 == $p.measured] | all' "$out"
check 'hypotheses' jq -e '[.law.hypotheses[] | .held] | length == 8 and all' "$out"
check 'layers' test "$(jq -c '[.law.layers[].ratio]' "$out")" = "$(jq -cn '[80 / 90, 80 / 70]')"
jq -c .law "$out" >"$top/one"
good 'two threads' spectrum $size --full --law fan-wang --json --threads 2
check 'the same bits' test "$(jq -c .law "$out")" = "$(cat "$top/one")"
good 'without' spectrum $size --json
check 'no law' jq -e '.law == null' "$out"

good 'a page' spectrum $size --full --law fan-wang --report page.html
check 'three figures' test "$(grep -c '^<svg viewBox' page.html)" = 3
check 'a step for each eigenvalue under the law' test "$(sed '1,/Law over the eig/d' page.html | grep -m1 "stroke='#0072B2'.*V" |
  tr -cd V | wc -c)" = 80
check 'the hypotheses' grep -q '<dt>overlaps</dt><dd>root mean square [^:]*: 0[0-9.]*, held (up to 0[0-9.]*)</dd>' page.html
check 'of finite places' sh -c '! grep -q "nan\|inf[ .]" page.html'
good 'by the density' spectrum $size --density --law fan-wang --report page.html
check 'three figures' test "$(grep -c '^<svg viewBox' page.html)" = 3
check 'whose counts' grep -q 'the density&#39;s counts\|the density.s counts' page.html
check 'and whose distance' grep -q "distance <b>0[.0-9]*</b>, by the density's counts; the law" page.html
good 'the last block' spectrum $size --law conjugate --report page.html
check 'two figures' test "$(grep -c '^<svg viewBox' page.html)" = 2
check 'dots are as large where the page is narrow' grep -q 'stroke-dasharray\]{vector-effect:non-scaling-stroke}' page.html
good 'the data' spectrum $size --law marchenko-pastur --json
check 'N / d below 1 has no atom' jq -e '.law | .matrix == "X X^T" and .atom == 0 and .layers == []' "$out"

good 'its page' spectrum $size --law marchenko-pastur --report page.html
check 'the density of the law goes on to its end, where it is 0' sh -c 'sed "1,/The same, as a density/d" page.html |
  grep -o "<path stroke=.#000000[^>]*L[^>]*" | tail -n 1 | grep -q " 348.0./$"'
rm -f page.html

good 'two layers' spectrum --samples 300 --dim 30 --data sphere --widths 1000 --activation tanh --law montanari-zhong --json
check 'a prediction' jq -e '.lambda_min as $m | .law | .degree == 1 and .measured == $m and .points == [] and
  (.lambda_min / $m - 1 | if . < 0 then -. else . end) < .error and .constant > .lambda_min' "$out"
good 'the same in words' spectrum --samples 300 --dim 30 --data sphere --widths 1000 --activation tanh --law montanari-zhong
check 'l' grep -qE '^  the constant +[0-9.]+ as N / d\^2 vanishes, l = 1$' "$out"

good 'its page' spectrum --samples 300 --dim 30 --data sphere --widths 1000 --activation tanh --law montanari-zhong --report page.html
check 'why it has no figure' grep -q 'The law is of this number alone: there is no figure' page.html

good 'it says nothing' spectrum --samples 80 --dim 40 --widths 90,80,70 --activation sigmoid --full --law fan-wang --report page.html
check 'in words' grep -q '^  the law says nothing here: centred, 0\.[0-9]*, is above 0.05$' "$out"
check 'and what that is' grep -q '^    centred  *the part of ||f_k||^2 that samples share' "$out"
check 'not drawn' test "$(grep -c '^<svg viewBox' page.html)" = 1
good 'off the regime' spectrum --samples 40 --dim 40 --widths 900 --law montanari-zhong --json
check 'no number' jq -e '.law | .drawn == false and .lambda_min == null and .constant == null and (.reason | test("regime"))' "$out"
rm -f page.html

# More samples than dimensions: the atom, and what is left without it.
flat='--samples 90 --dim 30 --widths 60 --activation tanh'
good 'an atom at 0' spectrum $flat --law marchenko-pastur --report page.html
check 'its lines' test "$(grep -cE "^  (the law's atom +0\.6667 at 0|of the part without the atom +0\.[0-9]+ of its eigenvalues)$" "$out")" = 2
check 'on the page, too' test "$(grep -cE "<dt>(the law's atom|distance without the atom)</dt><dd>0\.[0-9]+(, of| at 0<)" page.html)" = 2
check 'where its figures end' grep -q 'The figures begin at [0-9.]*, with 6[0-9] of the measured eigenvalues up to there, and end at ' page.html
good 'nearly one' spectrum $flat --data sphere --full --law fan-wang --json
check 'nothing is below it' jq -e '.law | .atom_at as $a | .steep > 0.6 and .steep_from >= .lower and .beneath > 0 and
  ([.points[] | select(.eigenvalue < $a) | .below] | length > 0 and max == 0)' "$out"
good 'in words' spectrum $flat --data sphere --full --law fan-wang --report page.html
check 'nearly an atom' grep -q '^  nearly an atom  *0\.6[0-9]* of the law from' "$out"
check 'a distance that is unusual' grep -q '^  its hypotheses are held, yet a distance above 0.42 is unusual at N = 90: ' "$out"
check 'both on the page' test "$(grep -cE '<dt>nearly an atom</dt>|<p class="note">its hypotheses are held, yet' page.html)" = 2
good 'two that are not held' spectrum --samples 60 --dim 6 --widths 70 --activation relu --law conjugate
check 'all are named' grep -qE '^  outside the theorem: norms, .*; overlaps, .*; smoothness is not finite$' "$out"
rm -f page.html

bad 'nothing to draw it over' '--law fan-wang is drawn over .*--full' spectrum $size --law fan-wang
printf '0,0\n0,0\n' >"$in/zero.csv"
run spectrum --data "$in/zero.csv" --widths 5 --law marchenko-pastur
check 'data of 0' grep -q 'no law is known of them; accepted: numbers whose squares are above 0' "$err"
bad 'an unknown one' 'known: marchenko-pastur, conjugate, fan-wang, montanari-zhong' spectrum $size --law wigner
bad 'all outputs' 'output trace' spectrum $size --outputs 3 --output all --law conjugate
good 'one of several' spectrum $size --outputs 3 --output 1 --full --law fan-wang --json
check 'its own K' jq -e '.law.distance < 0.2' "$out"

finish 'laws beside spectra'
