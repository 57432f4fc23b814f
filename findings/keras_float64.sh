#!/bin/sh
# A Keras model in float64 computes in float32 in the middle, and gives float64 arrays.
#
# Guess:    with set_floatx("float64"), and JAX's x64 on, outputs agree with NumPy's to 1e-15.
# Instead:  they are 1e-7 off. The rule for types says float32 of two float64 on every backend but TensorFlow, whatever floatx
#           is. On JAX tanh follows it and relu does not, on PyTorch the product of matrices, whatever the activation. Weights,
#           compute_dtype and the outputs' dtype say float64 all the while.
#           Seen with keras 3.15.1 (jax 0.10.2, numpy 2.4.6), 2026-11-29; PyTorch 2.15.0 in `make test-peers`.
# Where:    BIT64_TO_BIT32_DTYPE of keras/src/backend/common/dtypes.py; ops.matmul, ops.tanh and others cast to result_type(...).
# For ntkit: weights are taken as they are, in float64. `Network.from_keras` compares outputs with the model's to the square root
#           of float32's unit even where the model says float64 (test_probe_bears_what_keras_rounds in python/tests_peers).
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$dir"
cat >expected <<'END'
result_type(float64, float64) is float32
relu model float64, exact True
tanh model float64, exact False, to 1e-6 True
END
cat >show.py <<'END'
import os

os.environ.update(KERAS_BACKEND="jax", KERAS_HOME=".", JAX_PLATFORMS="cpu", JAX_ENABLE_X64="1")
import keras
import numpy as np

keras.config.set_floatx("float64")
X = np.random.default_rng(0).standard_normal((40, 5))
print(f"result_type(float64, float64) is {keras.backend.result_type('float64', 'float64')}")
for name, phi in ("relu", lambda x: np.maximum(x, 0)), ("tanh", np.tanh):
    model = keras.Sequential([keras.layers.Dense(6, name), keras.layers.Dense(3)])
    out = np.asarray(model(X))
    W, b, V, c = (np.asarray(v) for v in model.get_weights())
    apart = abs(out - (phi(X @ W + b) @ V + c)).max()
    exact = apart < 1e-14
    print(f"{name} model {out.dtype}, exact {exact}" + ("" if exact else f", to 1e-6 {apart < 1e-6}"))
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
