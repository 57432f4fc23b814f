#!/bin/sh
# NumPy's pinv of float32 inverts the rounding errors of the matrix, and so does lstsq; its matrix_rank knows better.
#
# Guess:    of a float32 kernel of 300 samples and rank 50, pinv and lstsq cut where matrix_rank does: the pseudoinverse has norm
#           1 / (50th eigenvalue).
# Instead:  matrix_rank says 50, the pseudoinverse has more than 10^6 times that norm, with hermitian=True too, and lstsq
#           counts rank 300. pinv(K, rtol=None), which reads like the default, is right, and so are SciPy's pinv and pinvh.
#           Seen with NumPy 2.4.6, SciPy 1.17.1, 2026-11-29.
# Where:    pinv cuts at 1e-15 of the largest singular value in every precision; lstsq at 300 times the epsilon of float64,
#           in which it computes what it was given. In float64 1e-15 is at the rounding errors of K: of random kernels of
#           these sizes some came out right, others 10^13 times too large.
# For ntkit: a kernel of more samples than parameters is such a K: its verdict is rank_deficient, and it refuses to solve. Who goes
#           on with an array takes scipy.linalg.pinvh (docs/python.md).
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
matrix_rank 50
lstsq rank 300
pinv more than 10^6 times too large
pinv hermitian=True more than 10^6 times too large
pinv rtol=None right
scipy pinv right
scipy pinvh right
END
cat >show.py <<'END'
import numpy as np, scipy

print("numpy", np.__version__, "scipy", scipy.__version__)
J = 30 * np.random.default_rng(0).standard_normal((300, 50))  # 300 samples, 50 parameters
K = (J @ J.T).astype(np.float32)
wanted = 1 / np.linalg.eigvalsh(J.T @ J)[0]
print("matrix_rank", np.linalg.matrix_rank(K))
print("lstsq rank", np.linalg.lstsq(K, K[:, 0])[2])
for name, inverse in (("pinv", np.linalg.pinv(K)), ("pinv hermitian=True", np.linalg.pinv(K, hermitian=True)),
                      ("pinv rtol=None", np.linalg.pinv(K, rtol=None)), ("scipy pinv", scipy.linalg.pinv(K)),
                      ("scipy pinvh", scipy.linalg.pinvh(K))):
    times = np.linalg.norm(inverse.astype(float), 2) / wanted
    print(name, "right" if abs(times - 1) < 0.01 else "more than 10^6 times too large" if times > 1e6 else f"{times:.3g} times")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
