#!/bin/sh
# The bias of scikit-ntk is in the tangents alone, not in the variances, and its kernel is over (depth + 1) (1 + bias^2).
#
# Guess:    a kernel over depth + 1, of relu layers whose biases are drawn with the deviation `bias` (Jacot et al., 2018; what
#           neural-tangents' b_std is).
# Instead:  with bias=1 it has another shape: no factor brings the two nearer than 0.29 of the largest entry. It is the kernel
#           of biases that start at 0 and are trained with the factor bias^2, over (depth + 1) (1 + bias^2), to 15 digits, with weights of
#           variance 2 / fan_in but for the first layer's, which is 1. Without a bias the guess is right.
#           Seen with scikit-ntk 1.2.1, scikit-learn 1.9.1, NumPy 2.4.6, 2026-11-30.
# For ntkit: docs/notation.md has the factors: its limit of `--activation relu --init he --bias 0` with the scales 2 / n_k of W_{k+1} and
#           2 bias^2 / d of b_{k+1} is 2 (depth + 1) (1 + bias^2) / d times scikit-ntk's, to 4e-16 of the largest entry.
set -eu
export LC_ALL=C OMP_NUM_THREADS=2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 scikit-ntk==1.2.1
cd "$dir"
cat >expected <<'END'
scikit-ntk 1.2.1, best factor and what it leaves, of the largest entry
bias 0: of drawn biases (depth + 1) to 1e-14; of biases from 0 (depth + 1) to 1e-14
bias 1: of drawn biases 11.61, leaving 0.29; of biases from 0 2 (depth + 1) to 1e-14
END
cat >show.py <<'END'
from importlib.metadata import version

import numpy as np
from skntk import NeuralTangentKernel

X, depth = np.random.default_rng(0).standard_normal((20, 5)), 3


def kernel(bias, drawn):
    """Relu layers (Cho and Saul, 2009); the covariance S has the bias where biases are drawn, the tangents K always."""
    S = X @ X.T + drawn * bias**2
    K = X @ X.T + bias**2
    for _ in range(depth):
        norms = np.sqrt(np.outer(S.diagonal(), S.diagonal()))
        cos = np.clip(S / norms, -1, 1)
        np.fill_diagonal(cos, 1)
        angle = np.arccos(cos)
        slope = (np.pi - angle) / np.pi
        S = norms * (np.sin(angle) / np.pi + slope * cos)
        K = K * slope + S + bias**2
        S = S + drawn * bias**2
    return K


print("scikit-ntk", version("scikit-ntk") + ", best factor and what it leaves, of the largest entry")
for bias in (0, 1):
    theirs = NeuralTangentKernel(depth=depth, bias=bias)(X)
    told = []
    for drawn in (1, 0):
        ours = kernel(bias, drawn)
        factor = (ours * theirs).sum() / (theirs * theirs).sum()
        left = abs(ours - factor * theirs).max() / ours.max()
        named = {depth + 1: "(depth + 1)", 2 * (depth + 1): "2 (depth + 1)"}.get(round(factor, 9), f"{factor:.2f},")
        told.append(f"{named} to 1e-14" if left < 1e-14 else f"{named} leaving {left:.2f}")
    print(f"bias {bias}: of drawn biases {told[0]}; of biases from 0 {told[1]}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
