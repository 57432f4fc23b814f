#!/bin/sh
# ntkit spectrum over ranks of one thread each, on this machine: seconds beside one process of two threads, and
# bytes that a rank receives beside the model of docs/distributed.md. Strong scaling: one N on 1 and 2 ranks;
# weak: N sqrt(P / 4). Runs take turns; each has the best of them. Four ranks, of which two cores make
# no time to be compared, count for their traffic alone. Dense, then without K.
# usage: BUILD=build/mpi N=12000 D=784 TURNS=3 bench/ranks.sh
set -eu
build=${BUILD:-build/mpi}
N=${N:-12000}
D=${D:-784}
turns=${TURNS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NTK_MPIRUN_SECONDS=3600 OMP_WAIT_POLICY=passive

# spectrum RANKS THREADS N METHOD: ranks, threads, N, method, seconds, received, solves, products on a line.
# 1 rank is a process without mpirun.
spectrum() {
  [ "$1" -eq 1 ] || set -- "$@" sh tests/ranks/mpirun.sh -n "$1"
  ranks=$1 threads=$2 samples=$3 method=$4
  shift 4
  "$@" "$build/ntkit" spectrum --samples "$samples" --dim "$D" --widths "$D,$D" --threads "$threads" \
    --method "$method" --precision double --seed 1 --quiet --json >"$work/answer" 2>"$work/error" || {
    echo "ranks: $ranks ranks, N = $samples, $method: $(head -1 "$work/error")" >&2
    exit 1
  }
  awk -v who="$ranks $threads $samples $method" '
    /^  "traffic":/ { traffic = $2 + 0 }
    /^    "solves":/ && solves == "" { solves = $2 + 0 }
    /^    "products":/ && products == "" { products = $2 + 0 }
    /^    "total":/ { seconds = $2 + 0 }
    END { print who, seconds, traffic + 0, solves, products }' "$work/answer" >>"$work/runs"
}

size() { awk -v N="$N" -v part="$1" 'BEGIN { printf "%d\n", N * sqrt(part) + 0.5 }'; }

turn=0
while [ "$turn" -lt "$turns" ]; do
  turn=$((turn + 1))
  for method in factor operator; do
    spectrum 1 2 "$N" "$method"
    spectrum 2 1 "$N" "$method"
    spectrum 1 1 "$N" "$method"
    spectrum 1 1 "$(size 0.25)" "$method"
    spectrum 2 1 "$(size 0.5)" "$method"
    [ "$turn" -gt 1 ] || spectrum 4 1 "$N" "$method"
  done
done

# Flops are those of `ntkit plan`, of the factor or of so many products; n = D in all layers.
awk -v D="$D" '
  function model(P, N, method, solves, products,    G, m, sum) {
    G = 2 * D * D + D
    m = N / 4 < 4 * D ? N / 4 : 4 * D
    sum = 48 * N # norms
    if (method == "factor")
      sum += 8 * N * 5 * D + 4 * N * N + 40 * N * solves + 16 * N * products
    else
      sum += products * (16 * G + 8 * N) + solves * (16 * m + 8 * N) + 16 * m * m + 12 * m * D
    return sum * (P - 1) / P
  }
  function flops(N, method, products) {
    return 2 * N * (3 * D * D + D) + (method == "factor" ? 5 * N * N * D + N * N * N / 3 : products * 4 * N * (2 * D * D + D))
  }
  {
    key = $1 " " $2 " " $3 " " $4
    if (!(key in seconds)) { order[++count] = key; seconds[key] = $5 }
    if ($5 < seconds[key]) seconds[key] = $5
    traffic[key] = $6; solves[key] = $7; products[key] = $8
    if ($1 == 1 && $2 == 2) both[$3 " " $4] = seconds[key]
  }
  END {
    printf "%-8s %5s %7s %6s %9s %9s %13s %12s %9s\n", "method", "ranks", "threads", "N", "seconds",
           "GFLOP/s", "of 1 x 2 (0.85)", "received MB", "of model"
    for (i = 1; i <= count; i++) {
      split(order[i], k, " ")
      s = seconds[order[i]]
      whole = k[3] " " k[4]
      want = model(k[1], k[3], k[4], solves[order[i]], products[order[i]])
      printf "%-8s %5d %7d %6d %9.2f %9.1f %13s %12.1f %9s\n", k[4], k[1], k[2], k[3], s,
             1e-9 * flops(k[3], k[4], products[order[i]]) / s / (k[1] * k[2]),
             (k[1] == 2 && (whole in both) ? sprintf("%.2f", both[whole] / s) : "-"),
             1e-6 * traffic[order[i]], (want > 0 ? sprintf("%.3f", traffic[order[i]] / want) : "-")
    }
    print "(GFLOP/s: of a thread, of the flops that ntkit plan counts)"
  }' "$work/runs"
