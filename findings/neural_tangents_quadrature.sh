#!/bin/sh
# A tanh network's kernel of infinite width by neural-tangents is 4 % off at the 25 nodes that its documents begin with, and not
# symmetric. (Installs TensorFlow, which it imports: 2.6 GB.)
#
# Guess:    ElementwiseNumerical(tanh, deg=25) is right to 1e-8 in float64: tanh is analytic.
# Instead:  two layers of W_std 1.5, gaussian data: 4 % of the largest entry off, with 60 nodes 0.2 %, beside 2e-8 of softplus.
#           K[i, j] and K[j, i] are different integrals, 0.1 % apart, so that eigvalsh of the lower and of the upper triangle find other
#           eigenvalues. Of relu an odd number of nodes, which has one at the kink, is the worse: 30 % with 25, 2 % with 26.
#           Only the general warning that comes with every such layer is given.
#           Seen with neural-tangents 0.6.5, jax 0.4.25, NumPy 1.26.4, 2026-11-30.
# Where:    the poles of tanh at +-i pi / 2 come near to the real line as the variance of its argument grows. (One variable is integrated
#           along an axis, the other in the plane.)
# For ntkit: `limit` of tanh is right to 1e-14 of sqrt(K_ii K_jj) at any variance, by Hermite series or tables (docs/limit.md).
set -eu
export LC_ALL=C OMP_NUM_THREADS=2 TF_CPP_MIN_LOG_LEVEL=3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check neural-tangents==0.6.5 jax==0.4.25 jaxlib==0.4.25 numpy==1.26.4 scipy==1.12.0
cd "$dir"
cat >expected <<'END'
neural-tangents 0.6.5 jax 0.4.25 float64
tanh     25 nodes: off 4e-02, not symmetric by 1e-03
tanh     60 nodes: off 2e-03, not symmetric by 2e-05
softplus 25 nodes: off 3e-05, not symmetric by 1e-06
softplus 60 nodes: off 2e-08, not symmetric by 7e-10
relu     25 nodes: off 3e-01, symmetric
relu     26 nodes: off 2e-02, symmetric
END
cat >show.py <<'END'
import os, warnings

os.environ.update(JAX_PLATFORMS="cpu", JAX_ENABLE_X64="1")
warnings.simplefilter("ignore")
from importlib.metadata import version

import jax, numpy as np
from neural_tangents import stax

X = np.random.default_rng(0).standard_normal((8, 10))


def kernel(layer):
    dense = stax.Dense(1, W_std=1.5)
    return np.asarray(stax.serial(dense, layer, dense, layer, dense)[2](X, None, "ntk"))


def numerical(phi, deg):
    return kernel(stax.ElementwiseNumerical(phi, deg=deg))


right = {"tanh": numerical(jax.numpy.tanh, 300), "softplus": numerical(jax.nn.softplus, 300), "relu": kernel(stax.Relu())}
print("neural-tangents", version("neural-tangents"), "jax", jax.__version__, right["tanh"].dtype)
for name, phi, deg in (("tanh", jax.numpy.tanh, 25), ("tanh", jax.numpy.tanh, 60), ("softplus", jax.nn.softplus, 25),
                       ("softplus", jax.nn.softplus, 60), ("relu", jax.nn.relu, 25), ("relu", jax.nn.relu, 26)):
    K = numerical(phi, deg)
    off, apart = abs(K - right[name]).max() / K.max(), abs(K - K.T).max() / K.max()
    print(f"{name:8} {deg} nodes: off {off:.0e},", f"not symmetric by {apart:.0e}" if apart > 1e-14 else "symmetric")
END
venv/bin/python show.py 2>/dev/null >seen
cat seen
diff expected seen && echo "as expected"
