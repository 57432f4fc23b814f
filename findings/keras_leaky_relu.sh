#!/bin/sh
# LeakyReLU has two slopes within one release of Keras: as a layer and as an activation.
#
# Guess:    0.3 was Keras 2; Keras 3 has 0.2, however it is written (our notation.md said so).
# Instead:  Dense(n, "leaky_relu"), Activation("leaky_relu") and ops.leaky_relu have 0.2; a layer LeakyReLU() has 0.3 still. The two
#           ways to write one network give two networks, and a file of their weights looks the same.
#           Seen with keras 3.15.1 (jax 0.10.2), 2026-11-29.
# Where:    the defaults of keras/src/layers/activations/leaky_relu.py and keras/src/activations/activations.py.
# For ntkit: `Network.from_keras` takes the slope from the model, leaky_relu(0.2) or leaky_relu(0.3) (test_names, test_layers in
#           python/tests_peers); of a file of weights `--activation` has to say which, and leaky_relu alone is 0.01.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: keras==3.15.1 jax==0.10.2 jaxlib==0.10.2
cd "$dir"
cat >expected <<'END'
Activation("leaky_relu") at -1: -0.2
Dense(1, "leaky_relu") at -1:   -0.2
ops.leaky_relu at -1:           -0.2
LeakyReLU() at -1:              -0.3
END
cat >show.py <<'END'
import os

os.environ.update(KERAS_BACKEND="jax", KERAS_HOME=".", JAX_PLATFORMS="cpu")
import keras
import numpy as np

x, kl = -np.ones((1, 1), np.float32), keras.layers
for name, f in (
    ('Activation("leaky_relu")', kl.Activation("leaky_relu")),
    ('Dense(1, "leaky_relu")', kl.Dense(1, "leaky_relu", kernel_initializer="ones")),
    ("ops.leaky_relu", keras.ops.leaky_relu),
    ("LeakyReLU()", kl.LeakyReLU()),
):
    print(f"{name + ' at -1:':31} {float(np.asarray(f(x))[0, 0]):.2g}")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
