#!/bin/sh
# scikit-learn's SVC keeps a float64 kernel in float32, and says that it has converged where it has not separated.
#
# Guess:    SVC(kernel="precomputed") of a float64 kernel finds the widest margin to its tolerance, or warns.
# Instead:  adding a constant to all features changes no margin, for the intercept is free. Of 60 samples with 80 features, labels
#           drawn, C = 10^12: with 10 added the margin is the same, with 300 (condition 2e8) it is more than 2 % short, with 1000
#           (2e9) samples lie on the wrong side. There is no warning, fit_status_ is 0, and a smaller tol changes nothing. Of the
#           kernel that is centred in float64 first, (I - 1/N) K (I - 1/N), the margin is right, though its entries are float32 too.
#           Seen with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6, 2026-11-30.
# Where:    libsvm's cache of the kernel, whatever its kind, is of type float.
# For ntkit: `memorize --margin` computes the widest margin of the tangent features in double (docs/memorize.md). Kernels of sigmoid,
#           whose features are nearly alike, are such K: centre them before they go to SVC.
set -eu
export LC_ALL=C OMP_NUM_THREADS=2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$dir"
cat >expected <<'END'
scikit-learn 1.9.1 numpy 2.4.6
  10 added: the margin is right; tol=1e-8: right; centred: right; fit_status_ 0, warnings 0
 300 added: the margin is more than 2 % short; tol=1e-8: more than 2 % short; centred: right; fit_status_ 0, warnings 0
1000 added: the margin is negative; tol=1e-8: negative; centred: right; fit_status_ 0, warnings 0
END
cat >show.py <<'END'
import warnings

import numpy as np, sklearn
from sklearn.svm import SVC

print("scikit-learn", sklearn.__version__, "numpy", np.__version__)
random = np.random.default_rng(0)
J, y = random.standard_normal((60, 80)), np.sign(random.standard_normal(60))
centre = np.eye(60) - 1 / 60
said, status = [], 0


def margin(K, tol=1e-3):
    """The smallest y f over the norm of the weights, both in float64 by the coefficients that SVC found."""
    global status
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = SVC(kernel="precomputed", C=1e12, tol=tol, max_iter=100000).fit(K, y)
    said.extend(caught)
    status |= found.fit_status_
    a = np.zeros(60)
    a[found.support_] = found.dual_coef_[0]
    return (y * (K @ a + found.intercept_[0])).min() / np.sqrt(a @ K @ a)


right = margin(J @ J.T, 1e-8)


def told(m):
    return "right" if abs(m / right - 1) < 5e-3 else "negative" if m < 0 else "more than 2 % short" if m < 0.98 * right else f"{m / right:.3f}"


for added in (10, 300, 1000):
    K = (J + added) @ (J + added).T
    found = [told(margin(K)), told(margin(K, 1e-8)), told(margin(centre @ K @ centre))]
    print(f"{added:4} added: the margin is {found[0]}; tol=1e-8: {found[1]}; centred: {found[2]};",
          f"fit_status_ {status}, warnings {len(said)}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
