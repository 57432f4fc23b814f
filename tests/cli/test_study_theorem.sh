#!/bin/sh
# What study fit and verify show of Theorem 3.1: bounds as bounds, and the points outside each assumption;
# and what exports have for who looks at it elsewhere.
# shellcheck disable=SC1091,SC2016,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

# d stays at 6, n grows past it: (6) is n^2, (7) is 6 n. Two of the three points widen.
cat >"$in/wide.yaml" <<'END'
name: wide
quantity: [lambda_min, lambda_max, ratio_lower, per_block]
network: {widths: [n, n], activation: tanh}
grid: {N: 8, d: 6, n: [4, 8, 16]}
trials: 2
END
good 'a study' study run "$in/wide.yaml" --db w.db
good 'its fit' study fit w.db --x n
check 'bounds are bounds' grep -q '^all .*>= 2\.000   <= 1\.000$' "$out"
check 'of how many points' grep -q "^Theorem 3.1's assumptions at these 3 points:" "$out"
check 'those outside 2.4' grep -q '^  2\.4  *n_l = O(n_{l-1})  *2 outside$' "$out"
check 'and why' grep -q '^  *n_1 is up to 2\.67 times d' "$out"
check 'none outside 2.5' grep -q '^  2\.5 .* 0 outside$' "$out"
check 'but N is fixed' grep -q 'it is fixed, where the theorem has it grow' "$out"
good 'as JSON' study fit w.db --x n --json
check 'the counts' test "$(grep -c '"points": 3' "$out")" -eq 6 # five assumptions and the curve
# K = K_0 + ...: each block is at most lambda_min(K); (6) is shown for K_{L-2} alone.
good 'of a block' study fit w.db --x n --quantity lambda_min_0
check 'bounded from above' grep -q '^all .* 2\.000   <= 1\.000$' "$out"
check 'not from below' test "$(grep -c '>=' "$out")" -eq 0
check 'and which one is' grep -q "^Theorem 3.1's proof: K_{L-2} alone at least (6), all at most (7)" "$out"
good 'of another quantity' study fit w.db --x n --quantity lambda_max
check 'the theorem says nothing' test "$(grep -c 'Theorem' "$out")" -eq 0

good 'export' study export w.db
check 'both scales' grep -q '^8,6,16,0,.*,256,96,ok$' "$out"
# lambda_min is ratio_lower times the first of them
check 'and the ratio' awk -F, '$6 == "lambda_min" { value = $7 }
  $6 == "ratio_lower" { n++; off = $7 * $11 / value - 1; if (off * off > 1e-28) exit 1 }
  END { if (n != 6) exit 1 }' "$out"

good 'a data set' spectrum --samples 9 --dim 5 --widths 4 --save set --quiet
cat >"$in/file.yaml" <<'END'
name: file
network: {widths: [n, n], activation: tanh}
data: {source: set/X.npy}
grid: {N: 8, n: [4, 6]}
END
good 'a study of a file' study run "$in/file.yaml" --db f.db
rm -r set
good 'its export' study export f.db
check 'd of the file' grep -q '^8,4,0,.*,16,20,5,ok$' "$out"
good 'its fit, without the file' study fit f.db --x n
check 'what is not known' grep -q '^  2\.1, 2\.2 .* 0 outside, 2 not known$' "$out"

# Variables that are called as a column is, or was.
cat >"$in/names.yaml" <<'END'
name: names
network: {widths: [status, verdict], activation: tanh}
grid: {N: 5, d: 3, status: [4, 5], verdict: 4}
END
good 'a study of such names' study run "$in/names.yaml" --db n.db
good 'its export' study export n.db
check 'each column once' grep -q '^N,d,grid\.status,grid\.verdict,trial,.*,verdict,.*,status$' "$out"
good 'as arrays' study export n.db --npz -o n.npz

good 'one network' verify --samples 12 --dim 4 --widths 20,6 --population 2048
check 'a bound' grep -q 'lambda_min(K)  *(6) .* >= n_{L-2} n_{L-1}' "$out"
check 'rows outside' grep -q '^assumptions outside or suspect, by rows: 2\.1 0 of 3,.* 2\.4 1 of 2,' "$out"
good 'a sweep' verify --sweep d=4,6,8 --samples 10 --widths 'd^2,d' --population 2048 --trials 1
check 'points outside' grep -q '^  2\.4  *n_l = O(n_{l-1})  *3 outside$' "$out"

finish test_study_theorem
