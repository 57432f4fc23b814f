#!/bin/sh
# ntkit verify: bad input is refused in one line before anything is written; the table fits 100
# columns and agrees with --json; the page needs nothing else; a sweep goes on where it was, has the
# same bits for any number of workers, and fits the exponents that are known.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

size='--samples 40 --dim 12 --widths 12,10 --population 2048'
rungs='--sweep d=8,12,18 --samples floor(d^2/8) --widths d,d --population 2048 --trials 2'

# ---- Bad input -----------------------------------------------------------------------------------

bad 'no widths' '^ntkit: --widths is needed' verify --samples 40 --dim 12
bad 'no samples' '^ntkit: --samples is needed with --data gaussian' verify --dim 12 --widths 12
bad 'no dim' '^ntkit: --dim is needed' verify --samples 40 --widths 12
bad 'a size that is none' "^ntkit: --samples: '4x'.*expected a whole number" \
  verify --samples 4x --dim 12 --widths 12
bad 'an expression without a sweep' "^ntkit: --widths: 'd'.*whole numbers" \
  verify --samples 40 --dim 12 --widths d
bad 'a small population' '^ntkit: --population: 2047 is too small; expected a whole number from 2048' \
  verify --samples 40 --dim 12 --widths 12 --population 2047
bad 'a population that is none' '^ntkit: --population' verify --samples 4 --dim 2 --widths 2 --population x
bad 'too large' 'needs .* available\|allowed\|memory' verify --samples 40000 --dim 12 --widths 12 --memory 100M
# shellcheck disable=SC2086 # words
bad 'a report in no directory' '^ntkit: --report: nowhere/r.html' verify $size --report nowhere/r.html
# shellcheck disable=SC2086
bad 'a report that is a directory' 'is no plain file' verify $size --report .
for option in '--trials 2' '--db l.db' '--workers 2' --retry --allow-other-build --other-code; do
  # shellcheck disable=SC2086
  bad "$option without a sweep" '^ntkit: --[a-z-]* needs --sweep NAME=VALUES' verify $size $option
done
bad 'a sweep without values' "^ntkit: --sweep: 'd'; expected NAME=VALUES" \
  verify --sweep d --samples 40 --widths d
bad 'a sweep without samples' '^ntkit: --samples is needed with --sweep: a number, or an expression of d' \
  verify --sweep d=8,12 --widths d
bad 'the variable twice' "^ntkit: --dim: it is the sweep's variable" \
  verify --sweep d=8,12 --samples 40 --widths d --dim 8
bad 'an unknown name' "'k' is not known" verify --sweep d=8,12 --samples k+1 --widths d
bad 'half a sample' 'N is 10.125; accepted: a whole number' \
  verify --sweep d=9 --samples 'd^2/8' --widths d
bad 'gamma on a sweep' '^ntkit: --gamma is not for --sweep' \
  verify --sweep d=8,12 --samples 40 --widths d --gamma 2 --init antisymmetric
bad 'no sweep database' 'nowhere/l.db' verify --sweep d=8,12 --samples 40 --widths d --db nowhere/l.db

header '<f8' '(2, 2)' >"$in/x.npy"
printf '%b' "$one$two$two$one" >>"$in/x.npy"
bad 'a population for a file' 'the law of a file.s data is not known' \
  verify --data "$in/x.npy" --widths 3 --population 4096
bad 'a report over the data' 'is what the command reads' \
  verify --data "$in/x.npy" --widths 3 --report "$in/x.npy"

# ---- One instance --------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'a table' verify $size
check 'it fits 100 columns' awk 'length > 100 { exit 1 }' "$out"
for part in 'Assumption 2.1' 'Assumption 2.2' 'Assumption 2.3' 'Assumption 2.4' 'Assumption 2.5' \
  'Theorem 3.1' 'Theorem 3.2' 'Theorem 3.4' 'Section 3.1, norms' 'Proposition 3.3'; do
  check "section $part" grep -qx "$part" "$out"
done
check 'notes of all rows' grep -q '^      a lower estimate$' "$out"
check 'a summary' grep -q '^.*6 holds.*; .* s$' "$out"
check 'nothing on standard error' test ! -s "$err"
check 'nothing written' test -z "$(ls -A)"

# shellcheck disable=SC2086
good 'an object' verify $size --json
flat "$out" >"$top/flat"
check 'of its sizes' test "$(value population) $(value data.samples) $(value empirical)" = '2048 40 false'
rows=$(grep -c '"key":' "$out")
check 'all rows' test "$rows" -ge 50
check 'each with a verdict' test "$(grep -c '"verdict":' "$out")" -eq "$rows"
sed 's/"seconds".*//' "$out" >"$top/first"
# shellcheck disable=SC2086
good 'the same again on one thread' verify $size --json --threads 1
sed 's/"seconds".*//; s/"threads": 1/"threads": 2/' "$out" >"$top/second"
sed 's/"threads": [0-9]*/"threads": 2/' "$top/first" >"$top/first.threads"
check 'to the bit' cmp "$top/first.threads" "$top/second"

# ntkit spectrum finds the same lambda_min(K).
good 'spectrum' spectrum --samples 40 --dim 12 --widths 12,10 --json
flat "$out" >"$top/flat"
lambda=$(value lambda_min)
awk '/"key": "lambda_min_K",/ { found = 1 }
  found && /"value"/ { gsub(/.*: |,/, ""); print; exit }' "$top/first" >"$top/ours"
check 'the lambda_min of spectrum' awk -v a="$lambda" '{ exit !(($1 - a) ^ 2 < (1e-8 * a) ^ 2) }' "$top/ours"

good 'a file' verify --data "$in/x.npy" --widths 3
check 'with a warning' grep -q 'the law of the data is not known' "$err"
good 'a quiet one' verify --data "$in/x.npy" --widths 3 --quiet
check 'without it' test ! -s "$err"
good 'outside the assumptions' verify --samples 130 --dim 12 --widths 3,40 --activation relu \
  --population 2048
check 'three of them' grep -q '^.*[3-9] outside' "$out"

# ---- Networks that the paper does not speak of ----------------------------------------------------

# shellcheck disable=SC2086
{
  good 'biases' verify $size --bias 0.3 --parameterization ntk
  check 'their table fits 100 columns' awk 'NR > 2 && length > 100 { exit 1 }' "$out"
  check 'the theorem is outside' grep -q '^  lambda_min(K)  *(6) .* outside$' "$out"
  check 'for a reason, not told twice in a row' test \
    "$(grep -c '^      the network has biases and scales of its blocks$' "$out")" -le 8
  check 'inequalities hold' grep -q '^  (b): lambda_min .* holds' "$out"
  check 'the data are judged' grep -q '^  E ||x||^2 .* consistent' "$out"
  good 'biases in JSON' verify $size --bias 0.5 --json
  check 'the reason in each row' test "$(grep -c '"note": "the network has biases' "$out")" -ge 25
  check 'the deviation' grep -q '"bias": 0.5' "$out"
  good 'an output of three' verify $size --outputs 3 --output 1 --json
  check 'is told' grep -q '"output": "1"' "$out"
  check 'and is a network of the paper' sh -c '! grep -q "the network has" "$1"' sh "$out"
  good 'the same in text' verify $size --outputs 3 --output 1
  check 'which output' grep -q '^output  *1, from 0 to 2$' "$out"
  bad 'three outputs' '^ntkit: --output is needed: the proof is of one output, and the network has 3; a whole number from 0 to 2' \
    verify $size --outputs 3
  bad 'an output past the last' "^ntkit: --output: '3' is none of the network's; accepted: a whole number from 0 to 2" \
    verify $size --outputs 3 --output 3
  bad 'the mean over outputs' "^ntkit: --output: 'trace' is none" verify $size --outputs 3 --output trace
  bad 'outputs on a sweep' '^ntkit: --outputs is not for --sweep' verify $rungs --outputs 3
  bad 'an output on a sweep' '^ntkit: --output is not for --sweep' verify $rungs --output 0

  good 'to be loaded' spectrum --samples 40 --dim 12 --widths 12,10 --bias 0.3 --outputs 3 --save saved --json
  good 'a loaded network' verify --samples 40 --load saved --output 2 --population 2048 --report r.html --quiet
  check 'its page says why' grep -q 'the network has biases' r.html
  good 'spectrum of the same' spectrum --samples 40 --load saved --output 2 --json
  flat "$out" >"$top/flat"
  lambda=$(value lambda_min)
  good 'its ledger' verify --samples 40 --load saved --output 2 --population 2048 --json
  sed -n '/"key": "lambda_min_K",/,/"value"/{/"value"/{s/.*: //;s/,//;p;}}' "$out" | head -n 1 >"$top/ours"
  check 'has its lambda_min' awk -v a="$lambda" '{ exit !(($1 - a) ^ 2 < (1e-8 * a) ^ 2) }' "$top/ours"
  rm -rf saved r.html

  good 'a sweep with biases' verify $rungs --bias 0.3 --parameterization ntk --quiet --json --report l.html
  check 'says why' test "$(grep -c '"note": "the network has biases and scales' "$out")" -ge 25
  check 'tells of them' grep -q '"parameterization": "ntk"' "$out"
  check 'and on its page' grep -q 'biases 0.3, scales ntk' l.html
  rm -f l.html
}

# ---- The page ------------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'a page' verify $size --report r.html
check 'alone' test "$(ls -A)" = r.html
check 'whole' grep -q '^</html>' r.html
check 'needs nothing else' sh -c '! grep -q "http\|src=\|<script\|<link\|url(" r.html'
check 'has a figure' grep -q '<svg viewBox' r.html
# The figure's upper and lower edge are at 12 and 348: y tics with a label not far from both.
check 'whose logarithmic axis has labels as far as its ends' awk -F"[ h']+" '/^<path d=.M74.0 [0-9.]+h656.0. stroke=.#ddd.*<text [^>]*>[0-9]/ {
    if ($4 < 52) top = 1; if ($4 > 308) low = 1 } END { exit !(top && low) }' r.html
if command -v xmllint >/dev/null; then
  check 'is well-formed' sh -c 'xmllint --html --noout r.html 2>&1 | grep -v "Tag svg\|Tag path\|Tag g \|Tag text\|Tag title\|Tag tspan\|Tag circle\|Tag footer" | grep -q error && exit 1 || exit 0'
fi
echo old >r.html
# shellcheck disable=SC2086
run verify $size --widths 0 --report r.html
check 'a refused command leaves the old page' test "$(cat r.html)" = old
rm -f r.html

# ---- A sweep ------------------------------------------------------------------------------------

# shellcheck disable=SC2086
good 'a sweep' verify $rungs --quiet
check 'it fits 100 columns' awk 'length > 100 { exit 1 }' "$out"
check 'nothing left behind' test -z "$(ls -A)"
check 'n_1 grows like d' grep -q '^  n_1  *1.000  1.000 .. 1.000 *<= 1  *consistent' "$out"
check 'E ||x||^2 like d' grep -q '^  E ||x||^2  *2 .* = 1  *consistent' "$out"
check 'c is to be constant' grep -q '^  c of largest coordinate .* >= 0 ' "$out"
check 'inequalities hold' grep -q '^  (b): lambda_min .* holds' "$out"

# shellcheck disable=SC2086
good 'with a database' verify $rungs --quiet --db l.db --workers 1 --json
grep -v '"seconds"' "$out" >"$top/one"
# shellcheck disable=SC2086
good 'again' verify $rungs --quiet --db l.db --json
grep -v '"seconds"' "$out" >"$top/again"
check 'nothing is computed twice' cmp "$top/one" "$top/again"
# shellcheck disable=SC2086
good 'with three workers' verify $rungs --quiet --workers 3 --json --report l.html
grep -v '"seconds"' "$out" >"$top/three"
check 'the same bits' cmp "$top/one" "$top/three"
check 'a page of it' grep -q 'class="forest"><svg' l.html
check 'whose answer is how lambda_min grows' grep -q \
  '<p class="value"><span class="math">λ<sub>min</sub>(<i>K</i>)</span> grows like <i>d</i><sup>-*[0-9.]*</sup>' l.html
# From 10 to 12 is further than from 14 to 16.
check 'and whose sizes are on a logarithmic axis' awk '/<title>Eigenvalues along the sweep/ { inside = 1 }
  inside && /anchor=.middle/ { at = $0; sub(/^[^>]* x=./, "", at); sub(/^.* x=./, "", at); d = $0; sub(/<.text>.*/, "", d); sub(/.*>/, "", d); x[d] = at + 0 }
  /<.svg>/ { inside = 0 }
  END { exit !(10 in x && 16 in x && x[12] - x[10] > 1.2 * (x[16] - x[14]) && x[16] > x[14]) }' l.html
good 'the study commands read it' study fit l.db --quantity f1_norm
# shellcheck disable=SC2086
run verify $rungs --quiet --db l.db --seed 7
check 'another study is refused' test "$status" -eq 2

# shellcheck disable=SC2086
good 'beyond the assumptions' verify $rungs --quiet --activation relu
check "M' is outside" grep -q "^  M'.* outside$" "$out"

# Zeros among the trials: more samples than n_{L-2} n_{L-1}.
good 'zeros on a sweep' verify --sweep d=8,12,18 --samples 70 --widths 8,8 --population 2048 \
  --trials 2 --quiet
check 'and of all trials' grep -q '^      0 in 6 of 6 trials, known without computing' "$out"
good 'zeros at one size' verify --sweep d=8,12,18 --samples 100 --widths d,d --population 2048 \
  --trials 2 --quiet
check 'are not passed over' grep -q '^      0 in 2 of 6 trials, known without computing' "$out"
check 'outside' grep -q '^  lambda_min(K_{L-2}) .* outside$' "$out"
# At d = 8 it is 0, and n_{L-2} n_{L-1} = d (d + 5) grows from 12 to 24 as d^1.77, from 8 as d^1.73.
good 'zeros at the first size' verify --sweep d=8,12,18,24 --samples d+100 --widths d+5,d \
  --population 2048 --trials 2 --quiet
check 'the prediction is of the sizes fitted' grep -q '^  lambda_min(K_{L-2}) .* >= 1.77 ' "$out"
good 'a row that misses its order' verify --sweep d=8,16,32 --samples 20 --widths 6,6 \
  --population 2048 --quiet
check 'says where' grep -q '^      the interval \(ends below\|starts above\) the prediction' "$out"

# Interrupted, and gone on with.
rm -f l.html l.db
# shellcheck disable=SC2086
"$NTKIT" verify $rungs --trials 40 --workers 1 --db l.db --quiet >"$out" 2>"$err" &
child=$!
until_so test -s l.db
kill -TERM "$child" 2>/dev/null
wait "$child"
status=$?
case $status in
  130) check 'says how to go on' grep -q 'the same command goes on' "$err" ;;
  0) ;; # a fast machine
  *) fails 'interruption' "exit status $status" ;;
esac
# shellcheck disable=SC2086
good 'it goes on' verify $rungs --trials 40 --db l.db --quiet

finish 'verify'
