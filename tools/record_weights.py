#!/usr/bin/env python3
"""Prints the names and shapes under which frameworks save a dense network, as tests/net/test_layers.c
has them ("name=rows,columns"), and the frameworks' versions. What is not installed is left out.

usage: pip install numpy jax flax keras h5py equinox dm-haiku [torch]; tools/record_weights.py

The network: 5 numbers, two hidden layers of 7, 3 outputs. Run with jax 0.10.2, flax 0.12.8, keras
3.15.1, equinox 0.13.8, dm-haiku 0.0.17, torch 2.15.0."""
import os
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")


def show(what, arrays):
    print(what)
    print("  " + " ".join(f"{name}={','.join(map(str, shape))}" for name, shape in arrays))


def record_torch():
    import torch

    linear = torch.nn.Linear
    model = torch.nn.Sequential(linear(5, 7), torch.nn.ReLU(), linear(7, 7), torch.nn.ReLU(), linear(7, 3))
    show(f"torch {torch.__version__}", [(k, v.shape) for k, v in model.state_dict().items()])


def record_flax():
    import flax
    import jax
    import jax.numpy as jnp
    from flax import linen, nnx
    from flax.traverse_util import flatten_dict

    class Linen(linen.Module):
        @linen.compact
        def __call__(self, x):
            return linen.Dense(3)(linen.Dense(7)(linen.Dense(7)(x)))

    class Nnx(nnx.Module):
        def __init__(self, rngs):
            self.l1, self.l2 = nnx.Linear(5, 7, rngs=rngs), nnx.Linear(7, 3, rngs=rngs)

    params = Linen().init(jax.random.key(0), jnp.zeros((1, 5)))
    show(f"flax.linen {flax.__version__}", [(k, v.shape) for k, v in flatten_dict(params, sep="/").items()])
    leaves = jax.tree_util.tree_leaves_with_path(nnx.state(Nnx(nnx.Rngs(0)), nnx.Param))
    show("flax.nnx", [(jax.tree_util.keystr(path), leaf.shape) for path, leaf in leaves])


def record_equinox():
    import equinox
    import jax

    model = equinox.filter(equinox.nn.MLP(5, 3, 7, 2, key=jax.random.key(0)), equinox.is_array)
    leaves = jax.tree_util.tree_leaves_with_path(model)
    show(f"equinox {equinox.__version__}", [(jax.tree_util.keystr(path), leaf.shape) for path, leaf in leaves])


def record_haiku():
    import haiku
    import jax
    import jax.numpy as jnp

    model = haiku.without_apply_rng(haiku.transform(lambda x: haiku.nets.MLP([7, 7, 3])(x)))
    params = model.init(jax.random.PRNGKey(0), jnp.zeros((1, 5)))
    show(f"haiku {haiku.__version__}", [(f"{m}/{k}", v.shape) for m, of in params.items() for k, v in of.items()])


def record_keras():
    import h5py
    import keras
    import numpy as np

    dense = keras.layers.Dense

    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.out, self.h1, self.hs = dense(3), dense(7), [dense(7), dense(7)]

        def call(self, x):
            x = self.h1(x)
            for layer in self.hs:
                x = layer(x)
            return self.out(x)

    sequential = keras.Sequential([keras.Input((5,)), dense(7), keras.layers.Dropout(0.1), dense(7), dense(3)])
    sequential.compile("adam", "mse")
    sequential.fit(np.zeros((8, 5)), np.zeros((8, 3)), verbose=0)
    subclassed = Subclassed()
    subclassed(np.zeros((1, 5)))
    with tempfile.TemporaryDirectory() as place:
        for model, file in (sequential, "a.weights.h5"), (sequential, "a.h5"), (subclassed, "b.weights.h5"):
            path, arrays = os.path.join(place, file), []
            (model.save_weights if "weights" in file else model.save)(path)
            with h5py.File(path) as of:
                of.visititems(lambda name, it: arrays.append((name, it.shape)) if hasattr(it, "shape") else None)
            show(f"keras {keras.__version__}, {type(model).__name__}, {file}", arrays)


for record in record_torch, record_flax, record_equinox, record_haiku, record_keras:
    try:
        record()
    except ImportError as missing:
        print(f"{record.__name__}: {missing}")
