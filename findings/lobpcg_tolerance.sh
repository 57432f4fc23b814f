#!/bin/sh
# The tolerance of SciPy's lobpcg is no ratio: of a small matrix the start comes back, as an answer.
#
# Guess:    as of eigsh, a ratio: the eigenvalues of K and of K / 10^9 have the same digits.
# Instead:  with tol=1e-6 the smallest eigenvalue of K / 10^9 is 100 to 600 times too large, without a warning, in its first
#           steps, and with the default worse still: residuals are compared with tol itself. Of K 10^9, whose residuals never get so
#           small, it warns and is nearer. eigsh with sigma=0 has ten digits of all three.
#           Seen with SciPy 1.17.1, NumPy 2.4.6, 2026-11-29.
# Where:    the default is sqrt(2^-52) times the order of the matrix, whatever the matrix is.
# For ntkit: its own tolerance is ||K v - lambda v|| / lambda, and kernels of layers in the scales of neural-tangents or of a mean over
#           outputs are small. Of ntkit.Kernel, lobpcg takes tol times the size of what is looked for (docs/python.md).
set -eu
export LC_ALL=C OMP_NUM_THREADS=2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 scipy==1.17.1
cd "$dir"
cat >expected <<'END'
numpy 2.4.6 scipy 1.17.1
K 1e+00: eigsh right; lobpcg with tol=1e-6 within 10 %, warns
K 1e-09: eigsh right; lobpcg with tol=1e-6 more than 50 times too large, says nothing
K 1e-09: eigsh right; lobpcg without tol more than 50 times too large, says nothing
K 1e+09: eigsh right; lobpcg with tol=1e-6 within 10 %, warns
END
cat >show.py <<'END'
import warnings

import numpy as np, scipy
from scipy.sparse.linalg import eigsh, lobpcg

print("numpy", np.__version__, "scipy", scipy.__version__)
random = np.random.default_rng(0)
Q = np.linalg.qr(random.standard_normal((300, 300)))[0]
K = (Q * np.geomspace(1, 1e6, 300)) @ Q.T  # eigenvalues from 1 to 10^6
K = (K + K.T) / 2
start = random.standard_normal((300, 1))


def told(times):
    return "more than 50 times too large" if times > 50 else "within 10 %" if abs(times - 1) < 0.1 else f"{times:.2g} times"


for scale, tol in ((1.0, 1e-6), (1e-9, 1e-6), (1e-9, None), (1e9, 1e-6)):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = lobpcg(K * scale, start, largest=False, tol=tol, maxiter=3000)[0][0]
    direct = eigsh(K * scale, 1, sigma=0, return_eigenvectors=False)[0]
    print(f"K {scale:.0e}: eigsh", "right;" if abs(direct / scale - 1) < 1e-8 else "wrong;", "lobpcg",
          "with tol=1e-6" if tol else "without tol", told(found / scale) + ",", "warns" if said else "says nothing")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
