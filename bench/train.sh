#!/bin/sh
# Time of a training epoch, one thread, against PyTorch and JAX where they are there: they take
# turns, and each has the best of three turns.
# usage: BUILD=build/release PYTHON=python3 JAX_PYTHON=python3 bench/train.sh
set -eu
build=${BUILD:-build/release}
torch=${PYTHON:-python3}
jax=${JAX_PYTHON:-$torch}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$torch" -c 'import torch' 2>/dev/null || {
  echo "PyTorch is not there (PYTHON=$torch)"
  torch=
}
"$jax" -c 'import jax' 2>/dev/null || {
  echo "JAX is not there (JAX_PYTHON=$jax)"
  jax=
}
: >"$work/torch"
: >"$work/jax"
for turn in 1 2 3; do
  "$build/ntkit_bench_train" >>"$work/ntkit"
  [ -z "$torch" ] || "$torch" bench/peer_train_torch.py 2>/dev/null >>"$work/torch"
  [ -z "$jax" ] || "$jax" bench/peer_train_jax.py 2>/dev/null >>"$work/jax"
done

awk '
  BEGIN {
    figure["torch 400 22"] = "5.0"; figure["torch 2400 54"] = "2.0"; figure["torch 8000 100"] = "1.3"
    figure["jax 400 22"] = "1.8"; figure["jax 2400 54"] = "1.5"; figure["jax 8000 100"] = "1.4"
    printf "%6s %5s %10s %11s %15s %10s %15s %18s\n",
           "N", "d", "ntkit ms", "PyTorch ms", "ratio (figure)", "JAX ms", "ratio (figure)", "of sgemm (figure)"
  }
  FNR == 1 { who = FILENAME; sub(/.*\//, "", who) }
  { name = $1 " " $2; key = who " " name }
  who == "ntkit" && !(key in best) { order[++count] = name }
  !(key in best) || $3 < best[key] { best[key] = $3 }
  who == "ntkit" && $5 > part[name] { part[name] = $5 }
  function time(key) { return key in best ? sprintf("%.3f", best[key]) : "-" }
  function ratio(key, own) {
    return sprintf("%s (%3s)", key in best ? sprintf("%.2f", best[key] / own) : "-",
                   key in figure ? figure[key] : "-")
  }
  END {
    for (i = 1; i <= count; i++) {
      name = order[i]
      own = best["ntkit " name]
      split(name, size, " ")
      printf "%6d %5d %10.4f %11s %15s %10s %15s %10.0f %% (%s)\n", size[1], size[2], own,
             time("torch " name), ratio("torch " name, own), time("jax " name),
             ratio("jax " name, own), 100 * part[name], (size[2] >= 100) ? "60 %" : "-"
    }
  }' "$work/ntkit" "$work/torch" "$work/jax"
