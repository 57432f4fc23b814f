#!/bin/sh
# Time of a training epoch, one thread, against PyTorch where it is there: the two take turns, and
# each has the best of three turns.
# usage: BUILD=build/release PYTHON=python3 bench/train.sh
set -eu
build=${BUILD:-build/release}
python=${PYTHON:-python3}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -c 'import torch' 2>/dev/null || {
  echo "PyTorch is not there (PYTHON=$python): times without a comparison"
  python=
}
: >"$work/peer"
for turn in 1 2 3; do
  "$build/ntkit_bench_train" >>"$work/ntkit"
  [ -z "$python" ] || "$python" bench/peer_train_torch.py 2>/dev/null >>"$work/peer"
done

awk '
  BEGIN {
    figure["400 22"] = "5.0"; figure["2400 54"] = "2.0"; figure["8000 100"] = "1.3"
    printf "%6s %5s %10s %10s %18s %18s\n", "N", "d", "ntkit ms", "PyTorch ms", "ratio (figure)", "of sgemm (figure)"
  }
  { key = $1 " " $2 }
  FILENAME ~ /ntkit$/ {
    if (!(key in own)) order[++count] = key
    if (!(key in own) || $3 < own[key]) own[key] = $3
    if ($5 > part[key]) part[key] = $5
    next
  }
  { if (!(key in peer) || $3 < peer[key]) peer[key] = $3 }
  END {
    for (i = 1; i <= count; i++) {
      key = order[i]; split(key, size, " ")
      printf "%6d %5d %10.3f", size[1], size[2], own[key]
      if (key in peer) printf " %10.3f %11.1f (%3s)", peer[key], peer[key] / own[key], key in figure ? figure[key] : "-"
      else printf " %10s %11s (%3s)", "-", "-", key in figure ? figure[key] : "-"
      printf " %10.0f %% (%s)\n", 100 * part[key], size[2] >= 100 ? "60 %" : "-"
    }
  }' "$work/ntkit" "$work/peer"
