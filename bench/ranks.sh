#!/bin/sh
# ntkit spectrum over ranks of one thread each, on this machine, dense and then without K. Strong scaling: one N on
# 1, 2 and 4 ranks, beside one process of two threads; weak: N sqrt(P / 4), so that each rank has as much of K. Of each the
# seconds, the rate of a core and what part that is of one rank's, and the bytes that a rank receives beside the model of
# docs/distributed.md. Runs take turns; each has the best of them.
# usage: BUILD=build/mpi N=12000 D=784 TURNS=3 METHODS='factor operator' bench/ranks.sh
# (N=6000 TURNS=2: over five minutes on two cores, nearly all of them by the operator; METHODS=factor is without it)
set -eu
build=${BUILD:-build/mpi}
N=${N:-12000}
D=${D:-784}
turns=${TURNS:-3}
methods=${METHODS:-factor operator}
cores=$(nproc)
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
  for method in $methods; do
    spectrum 1 2 "$N" "$method"
    spectrum 2 1 "$N" "$method"
    spectrum 1 1 "$N" "$method"
    spectrum 1 1 "$(size 0.25)" "$method"
    spectrum 2 1 "$(size 0.5)" "$method"
    if [ "$turn" -eq 1 ] || [ "$cores" -ge 4 ]; then
      spectrum 4 1 "$N" "$method"
    fi
  done
done

# Flops are those of `ntkit plan`, of the factor or of so many products; n = D in all layers.
awk -v D="$D" -v methods="$methods" -v N="$N" -v half="$(size 0.25)" -v some="$(size 0.5)" -v cores="$cores" '
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
    if (!(key in seconds)) seconds[key] = $5
    if ($5 < seconds[key]) seconds[key] = $5
    traffic[key] = $6; solves[key] = $7; products[key] = $8
  }
  function rate(key,    k, at_once) { # of a core
    split(key, k, " ")
    at_once = k[1] * k[2] < cores ? k[1] * k[2] : cores
    return 1e-9 * flops(k[3], k[4], products[key]) / seconds[key] / at_once
  }
  function row(kind, ranks, threads, n, method, of,    key, want) {
    key = ranks " " threads " " n " " method
    want = model(ranks, n, method, solves[key], products[key])
    printf "%-8s %-7s %5d %7d %6d %9.2f %9.1f %8.2f %12.1f %9s\n", method, kind, ranks, threads, n, seconds[key],
           rate(key), rate(key) / rate(of " " method), 1e-6 * traffic[key], (want > 0 ? sprintf("%.3f", traffic[key] / want) : "-")
  }
  END {
    printf "%-8s %-7s %5s %7s %6s %9s %9s %8s %12s %9s\n", "method", "scaling", "ranks", "threads", "N", "seconds",
           "GFLOP/s", "of one", "received MB", "of model"
    count = split(methods, name, " ")
    for (i = 1; i <= count; i++) {
      method = name[i]
      row("-", 1, 2, N, method, "1 1 " N)
      for (P = 1; P <= 4; P *= 2)
        row("strong", P, 1, N, method, "1 1 " N)
      row("weak", 1, 1, half, method, "1 1 " half)
      row("weak", 2, 1, some, method, "1 1 " half)
      row("weak", 4, 1, N, method, "1 1 " half)
      key = "2 1 " N " " method
      printf "%-8s two ranks of one thread: %.2f of the speed of one process of two (0.85 is wanted)\n", method,
             seconds["1 2 " N " " method] / seconds[key]
    }
    print "(GFLOP/s: of a core, of the flops that ntkit plan counts; of one: beside one rank of one thread)"
  }' "$work/runs"
