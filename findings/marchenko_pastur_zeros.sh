#!/bin/sh
# Of more samples than dimensions half of the eigenvalues are 0. Two libraries of random matrices know it where they integrate,
# and draw none of them.
#
# Guess:    the Marchenko-Pastur law of ratio 2 has an atom of 1/2 at 0 in everything that is made of it: moments 1 and 2, half of
#           a sample exactly 0, a cdf of 1/2 between 0 and the lower edge (1 - sqrt 2)^2 = 0.1716.
# Instead:  scikit-rmt's rvs() are all of the continuous part, of mean 2; its cdf is 0 up to the edge and jumps by 1/2 there, so that
#           mean() is 1.0858 = 1 + 0.1716 / 2. freealg's sample() has no zero either and the mean 2, while its stieltjes() and matrix()
#           have the atom at 0, mean 1.
#           Seen with scikit-rmt 2.1.1, freealg 0.12.2, NumPy 1.26.4, SciPy 1.12.0, 2026-11-30.
# For ntkit: `spectrum --law marchenko-pastur` has the atom at 0 in its curve and in the Kolmogorov-Smirnov distance. Eigenvalues of
#           X X^T with N > d beside a sample of either library are a distance of 1/2 away; compare the largest d of them.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check numpy==1.26.4 scipy==1.12.0 scikit-rmt==2.1.1 freealg==0.12.2
cd "$dir"
cat >expected <<'END'
scikit-rmt 2.1.1: zeros drawn 0.0, mean of draws 2.0, cdf(0.1) 0.00, cdf(0.172) 0.50, mean() 1.0858
freealg 0.12.2: zeros drawn 0.0, mean of draws 2.0, stieltjes(-1) 0.7071, zeros of matrix() 0.5
END
cat >show.py <<'END'
from importlib.metadata import version

import numpy as np
from freealg.distributions import MarchenkoPastur
from skrmt.ensemble.spectral_law import MarchenkoPasturDistribution

law = MarchenkoPasturDistribution(ratio=2.0)
np.random.seed(1)
drawn = law.rvs(size=20000)
print(
    f"scikit-rmt {version('scikit-rmt')}: zeros drawn {np.mean(drawn < 1e-9):.1f}, mean of draws {drawn.mean():.1f}, "
    f"cdf(0.1) {float(law.cdf(0.1)):.2f}, cdf(0.172) {float(law.cdf(0.172)):.2f}, mean() {law.mean():.4f}"
)
law = MarchenkoPastur(2.0)
drawn = law.sample(5000, seed=1)
eigenvalues = np.linalg.eigvalsh(law.matrix(1000, seed=1))
# With the atom: 1/2 at 0 and the integral of the density over x + 1, together 1/sqrt 2.
print(
    f"freealg {version('freealg')}: zeros drawn {np.mean(drawn < 1e-9):.1f}, mean of draws {drawn.mean():.1f}, "
    f"stieltjes(-1) {law.stieltjes(np.array([-1 + 0j]))[0].real.item():.4f}, zeros of matrix() {np.mean(np.abs(eigenvalues) < 1e-9):.1f}"
)
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
