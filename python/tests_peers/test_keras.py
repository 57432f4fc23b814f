"""from_keras: fitted models against their own predictions in float64 by JAX or PyTorch."""

import os
import re

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
import pytest
from keras import layers as kl
from keras.src.backend.common import dtypes
from ntkit import Network
from ntkit.convert import from_keras
from support import apart, outputs, rows

if keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_enable_x64", True)
X = rows(40, 5)
NAMES = {
    **{name: name for name in ("relu", "tanh", "sigmoid", "softplus", "softsign", "silu", "selu")},
    "gelu": "gelu",
    "elu": "elu",
    "celu": "celu",
    "linear": "identity",
    "leaky_relu": "leaky_relu(0.2)",
    "swish": "silu",
    None: "identity",
}
LAYERS = {
    "relu": lambda: kl.ReLU(),
    "leaky_relu(0.1)": lambda: kl.ReLU(negative_slope=0.1),
    "leaky_relu(0.3)": lambda: kl.LeakyReLU(),
    "leaky_relu(0.25)": lambda: kl.LeakyReLU(negative_slope=0.25),
    "elu(0.5)": lambda: kl.ELU(alpha=0.5),
    "tanh": lambda: kl.Activation("tanh"),
}


@pytest.fixture(autouse=True)
def double(monkeypatch):
    """Keras in float64, which it is only where its rule for types may say so: of two float64 the
    result is float32 otherwise, whatever floatx (findings/keras_float64.sh)."""
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    keras.config.set_floatx("float64")
    keras.utils.set_random_seed(0)


def agrees(model, text=None, X=X, fit=True):
    if fit:
        model.compile("adam", "mse")
        model.fit(X, X.reshape(len(X), -1)[:, :3], epochs=2, verbose=0)
    layers = from_keras(model)
    assert apart(outputs(layers, X.reshape(len(X), -1)), model.predict(X, verbose=0)) < 1e-12
    network = Network.from_keras(model)
    assert all((a == b).all() for a, b in zip(network.weights, layers.weights))
    assert text is None or layers.activation == text
    return layers


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    agrees(keras.Sequential([kl.Dense(6, name), kl.Dense(7, name), kl.Dense(3)]), NAMES[name])


@pytest.mark.parametrize("text", LAYERS)
def test_layers(text):
    model = keras.Sequential(
        [kl.Input((5,)), kl.Dense(6, use_bias=False), LAYERS[text](), kl.Dropout(0.5), kl.Dense(3)]
    )
    layers = agrees(model, text)
    assert layers.biases[0] is None and layers.biases[1] is not None


def test_nested_and_functional():
    inner = keras.Sequential([kl.Dense(6, "tanh"), kl.Dense(7, "relu")])
    agrees(
        keras.Sequential([kl.Input((5, 1)), kl.Flatten(), inner, kl.Dense(3)]),
        "tanh,relu",
        X[..., None],
    )
    start = kl.Input((5,))
    end = kl.Dense(3)(kl.Dense(6, keras.activations.gelu)(start))
    agrees(keras.Model(start, end), "gelu")


def test_subclass_in_the_order_of_its_layers():
    class Net(keras.Model):
        def __init__(self, first, second):
            super().__init__()
            self.a, self.b = kl.Dense(first, "tanh"), kl.Dense(second, "tanh")
            self.c = kl.Dense(3)

        def call(self, x):
            return self.c(self.b(self.a(x)))

    class Crossed(Net):
        def call(self, x):
            return self.c(self.a(self.b(x)))

    agrees(Net(6, 7))
    model = Crossed(5, 5)
    model(X)
    with pytest.raises(ValueError, match="not the chain of its layers"):
        Network.from_keras(model)


def test_lora_and_short_weights():
    model = keras.Sequential([kl.Input((5,)), kl.Dense(6, "tanh"), kl.Dense(3)])
    model.layers[0].enable_lora(2)
    agrees(model)
    for dtype in ("float32", "float16", "bfloat16", "mixed_float16"):
        model = keras.Sequential([kl.Dense(6, "tanh", dtype=dtype), kl.Dense(3, dtype=dtype)])
        model(X.astype("f4"))
        Network.from_keras(model)


def test_probe_bears_what_keras_rounds(monkeypatch):
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float32")
    model = keras.Sequential([kl.Input((5,)), kl.Dense(6, "tanh"), kl.Dense(3)])
    layers = from_keras(model)
    assert 1e-9 < abs(outputs(layers, X) - model.predict(X, verbose=0)).max() < 1e-6
    Network.from_keras(model)


def skip():
    start = kl.Input((5,))
    return keras.Model(start, kl.Dense(3)(kl.Add()([start, kl.Dense(5)(start)])))


REFUSED = [
    (lambda: keras.Sequential([kl.Input((8, 8, 1)), kl.Conv2D(2, 3), kl.Flatten(), kl.Dense(3)]), "model.layers[0] 'conv2d"),
    (lambda: keras.Sequential([kl.Input((5,)), kl.Dense(6), kl.BatchNormalization(), kl.Dense(3)]), "model.layers[1] 'batch_normalization"),
    (lambda: keras.Sequential([kl.Input((5,)), kl.Dense(6, "tanh"), kl.Dense(3, "softmax")]), "model.layers[1] 'dense"),
    (lambda: keras.Sequential([kl.Input((5,)), kl.Dense(6, "tanh"), kl.Dense(3, "tanh")]), "model.layers[1] 'dense"),
    (lambda: keras.Sequential([kl.Input((5,)), kl.Dense(6, "hard_tanh"), kl.Dense(3)]), "model.layers[0] 'dense"),
    (lambda: keras.Sequential([kl.Input((5,)), kl.Dense(6), kl.ReLU(6.0), kl.Dense(3)]), "model.layers[1] 're_lu"),
    (skip, "model.layers[2] 'add"),
    (lambda: keras.Sequential([kl.Dense(6), kl.Dense(3)]), "model.layers[0] 'dense"),
    (lambda: keras.Sequential([kl.Input((5,)), kl.Dense(3)]), "model has 1 dense layer; accepted"),
]  # fmt: skip


@pytest.mark.parametrize("make, line", REFUSED)
def test_refused(make, line):
    with pytest.raises(ValueError, match="^" + re.escape(line)) as caught:
        from_keras(make())
    assert "\n" not in str(caught.value)
    print(caught.value)


def test_types():
    with pytest.raises(TypeError, match="takes a keras.Model; this is list"):
        from_keras([np.ones((5, 3))])
