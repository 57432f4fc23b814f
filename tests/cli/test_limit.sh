#!/bin/sh
# ntkit limit, and spectrum --infinite-width: both say the same of the limit; what is saved is N x N; bad
# input is one line.
# shellcheck disable=SC1091,SC2154 # dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

small='--samples 40 --dim 10 --widths 30,20 --activation tanh'

# number KEY FILE: of a JSON object printed one field a line, the first of that name.
number() {
  sed -n "s/^ *\"$1\": \([^,]*\),*\$/\1/p" "$2" | head -n 1
}

# shellcheck disable=SC2086
good 'the limit' limit $small --json --certify
cp "$out" "$top/limit.json"
check 'it has a verdict' grep -q '"verdict": "ok"' "$out"
check 'it is certified' grep -q '"certified": true' "$out"
# shellcheck disable=SC2086
good 'beside K' spectrum $small --infinite-width --json
check 'its fields' grep -q '"infinite_width": {' "$out"
sed -n '/"infinite_width": {/,$p' "$out" >"$top/beside.json"
check 'the same lambda_min' test "$(number lambda_min "$top/limit.json")" = "$(number lambda_min "$top/beside.json")"
check 'a distance' awk -v d="$(number distance "$top/beside.json")" 'BEGIN { exit !(d > 0.01 && d < 2) }'

# shellcheck disable=SC2086
good 'for people' limit $small --per-block
check 'blocks' grep -q '^2  *[0-9]' "$out"
# shellcheck disable=SC2086
good 'for people, beside K' spectrum $small --infinite-width
check 'the distance' grep -q '^distance  *[0-9.]* .*; of blocks [0-9.]*, [0-9.]*, [0-9.]*$' "$out"
check 'its time' grep -q '^time  *[0-9.]* s: .*; infinite width [0-9.]*$' "$out"
# shellcheck disable=SC2086
good 'the covariance' limit $small --covariance
check 'no blocks' sh -c "! grep -q '^block' '$out'"


good 'more samples than dimensions' limit --samples 20 --dim 6 --widths 9 --activation identity --per-block
check 'and why' grep -q '^verdict  *rank_deficient: a linear network.* at most d = 6' "$out"
check '0' grep -q '^lambda_min  0 ' "$out"
check 'of blocks too' test "$(grep -c ' 0 (rank < N)$' "$out")" = 2
good 'asked for a proof' limit --samples 20 --dim 6 --widths 9 --activation identity --certify
check 'it is exactly 0' grep -q '^  *exactly, for the limit' "$out"
good 'in JSON' limit --samples 20 --dim 6 --widths 9 --activation identity --json
check 'the cause' grep -q '"cause": "linear"' "$out"

far=$(yes 20 | head -n 299 | paste -sd, -)
good 'far below double precision' limit --samples 12 --dim 6 --widths "$far" --activation tanh --beta 0.05 --save far --report page.html
check 'lambda_min' grep -q '^lambda_min  [0-9.]*e-7[0-9][0-9] ' "$out"
check 'its scale' grep -q '^scale .* 2^-2[0-9]*$' "$out"
check 'the exponent is saved' grep -q '"exponent": -2[0-9]*' far/result.json
check 'on a page in words and at the axis of its blocks' test "$(grep -c '^<p.*\(numbers of <i>K</i> are\|of infinite width\) over 2<sup>−2[0-9]*</sup>' page.html)" = 2
rm -rf far page.html
bad 'regression has no exponent' 'near 2^-' predict --kernel limit --samples 12 --dim 6 --test-samples 3 --widths "$far" --activation tanh --beta 0.05

deep=$(yes 8 | head -n 39 | paste -sd, -)
good 'many blocks' limit --samples 12 --dim 6 --widths "$deep" --activation tanh
check 'the first and last' test "$(grep -c '^[0-9][0-9]*  *[0-9.e-]*$' "$out")" = 10
check 'and how many more' grep -q '^\.\.\.    30 more' "$out"
good 'many distances' spectrum --samples 12 --dim 6 --widths "$deep" --activation tanh --infinite-width
check 'are ten, and the rest' grep -q '^distance .* blocks [^,]*,[^,]*,[^,]*,[^,]*,[^,]*, \.\.\. (30 more),[^,]*,[^,]*,[^,]*,[^,]*,[^,]*$' "$out"
good 'help' help limit
check 'no option that it has not' sh -c "! grep -q -e '--load' '$out'"
good 'help of a command with --load' help spectrum
check 'says when not' grep -q 'Required without --load' "$out"

# shellcheck disable=SC2086
good 'files' limit $small --save saved --quiet
for name in limit limit_block0 limit_block1 limit_block2; do
  check "$name.npy is 40 x 40" test "$(wc -c <"saved/$name.npy")" -eq $((128 + 40 * 40 * 8))
done
check 'and X' test -f saved/X.npy
rm -rf saved

# shellcheck disable=SC2086
{
  bad 'blocks of a covariance' 'accepted' limit $small --covariance --per-block
  bad 'all outputs' 'accepted' spectrum $small --outputs 2 --output all --infinite-width
  bad 'outputs that are 0' 'antisymmetric' limit $small --init antisymmetric --covariance
}
printf '0,0\n1,2\n3,1\n' >"$in/zero.csv"
bad 'too steep' 'accepted' limit --samples 400 --dim 10 --widths 30 --activation 'softplus(1000000)'
bad 'a sample of 0' 'sample 1' limit --data "$in/zero.csv" --widths 30
finish test_limit
