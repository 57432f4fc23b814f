#!/bin/sh
# Time of Figure 1, preset `paper`, as a ratio to its flops at the machine's dgemm rate: one thread
# for each worker, the rate measured before and after with as many of them at work as there are
# workers.
# usage: BUILD=build/release bench/figure1.sh [WORKERS]    (default: one per core)
set -eu
build=${BUILD:-build/release}
workers=${1:-$(getconf _NPROCESSORS_ONLN)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# rate: the mean of one-thread dgemm rates, GFLOP/s, of `workers` processes at once.
rate() {
  rm -f "$work"/rate.*
  for worker in $(seq "$workers"); do
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$build/ntkit_bench" dgemm >"$work/rate.$worker" &
  done
  wait
  cat "$work"/rate.* | awk '{ sum += $1 } END { print sum / NR }'
}

before=$(rate)
start=$(date +%s.%N)
"$build/ntkit" reproduce figure1 --preset paper --workers "$workers" --out "$work/figure1"
end=$(date +%s.%N)
after=$(rate)
"$build/ntkit" study status "$work/figure1/figure1.db" --json >"$work/status.json"
jq -r --arg before "$before" --arg after "$after" --arg start "$start" --arg finish "$end" \
  --arg workers "$workers" '
    ((($before | tonumber) + ($after | tonumber)) / 2) as $rate |
    (($finish | tonumber) - ($start | tonumber)) as $seconds | ($workers | tonumber) as $w |
    (.flops / ($rate * 1e9 * $w)) as $ideal |
    "\n\(.done) trials, \(.flops / 1e10 | round / 100) Tflop (forward passes, Gram matrices, factorisations)",
    "dgemm, one thread: \($before) GFLOP/s before, \($after) after; \($w) workers",
    "\($seconds * 10 | round / 10) s; the flops at that rate: \($ideal * 10 | round / 10) s; ratio \($seconds / $ideal * 1000 | round / 1000)  (figure: 1.4)"
  ' "$work/status.json"
