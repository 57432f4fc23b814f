#!/bin/sh
# selu is not one function: MLX and tinygrad cut its two constants to six digits, JAX has all of them.
#
# Guess:    1.0507009873554805 and 1.6732632423543772, which the paper of the self-normalizing networks gives, in the precision
#           of the numbers.
# Instead:  MLX multiplies by 1.0507 and 1.67326, tinygrad by 1.0507 (to six digits) and 1.67326, whatever the precision: in
#           float64 tinygrad is off by 3e-6 of the value, 10^10 times its rounding. JAX is right to the last bit or two.
#           Seen with mlx 0.32.4, tinygrad 0.14.0, jax 0.10.2, NumPy 2.4.6, 2026-11-29.
# Where:    literals in mlx/nn/layers/activations.py and in tinygrad's Tensor.selu.
# For ntkit: `selu` has all digits. The kernel of a network that was trained in MLX or tinygrad differs from that of the same
#           weights there by about 1e-5 of its entries; an eigenvalue below that is not the trained network's.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 "mlx[cpu]==0.32.4" \
  tinygrad==0.14.0 jax==0.10.2 jaxlib==0.10.2
cd "$dir"
cat >expected <<'END'
jax 0.10.2 float64      slope above 1.050701 limit below -1.758099
tinygrad 0.14.0 float64 slope above 1.050700 limit below -1.758094
mlx 0.32.4 float32      slope above 1.050700 limit below -1.758094
END
cat >show.py <<'END'
import os

os.environ.update(DEV="PYTHON", PYTHON="1", JAX_PLATFORMS="cpu")
from importlib.metadata import version

import jax, mlx.core as mx, mlx.nn, numpy as np, tinygrad

jax.config.update("jax_enable_x64", True)
x = np.array([1.0, -60.0])
up, low = (float(v) for v in jax.nn.selu(x))
print(f"jax {jax.__version__} float64      slope above {up:.6f} limit below {low:.6f}")
up, low = tinygrad.Tensor(x, dtype=tinygrad.dtypes.float64).selu().tolist()
print(f"tinygrad {version('tinygrad')} float64 slope above {up:.6f} limit below {low:.6f}")
up, low = mlx.nn.selu(mx.array(x.astype(np.float32))).tolist()
print(f"mlx {version('mlx')} float32      slope above {up:.6f} limit below {low:.6f}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
