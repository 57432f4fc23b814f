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
    printf "%6s %5s %10s %11s %15s %18s\n",
           "N", "d", "ntkit ms", "PyTorch ms", "ratio (figure)", "of sgemm (figure)"
  }
  { name = $1 " " $2 }
  FILENAME ~ /ntkit$/ {
    if (!(name in own)) {
      order[++count] = name
      own[name] = $3
    }
    if ($3 < own[name]) own[name] = $3
    if ($5 > part[name]) part[name] = $5
    next
  }
  !(name in peer) || $3 < peer[name] { peer[name] = $3 }
  END {
    for (i = 1; i <= count; i++) {
      name = order[i]
      split(name, size, " ")
      wanted = (name in figure) ? figure[name] : "-"
      time = (name in peer) ? sprintf("%.3f", peer[name]) : "-"
      ratio = (name in peer) ? sprintf("%.1f", peer[name] / own[name]) : "-"
      printf "%6d %5d %10.3f %11s %9s (%3s) %10.0f %% (%s)\n", size[1], size[2], own[name], time,
             ratio, wanted, 100 * part[name], (size[2] >= 100) ? "60 %" : "-"
    }
  }' "$work/ntkit" "$work/peer"
