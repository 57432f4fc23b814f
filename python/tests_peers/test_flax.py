"""from_flax: parameters of Flax (linen, nnx) and Haiku after training, against apply in float64."""

import jax

jax.config.update("jax_enable_x64", True)
import haiku
import jax.numpy as jnp
import numpy as np
import pytest
from flax import (
    linen,
    nnx,
)
from flax.core import freeze
from ntkit.convert import from_flax
from support import apart, outputs, rows

X = rows(9, 5)
PHI = {
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "gelu_tanh": jax.nn.gelu,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "elu": jax.nn.elu,
    "celu": jax.nn.celu,
    "selu": jax.nn.selu,
    "leaky_relu": jax.nn.leaky_relu,
    "sigmoid": jax.nn.sigmoid,
    "softsign": jax.nn.soft_sign,
}


def trained(apply, params):
    """A few steps of gradient descent."""

    def loss(p):
        return jnp.mean((jnp.sin(apply(p, X)) - X[:, :1]) ** 2)

    for _ in range(5):
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, jax.grad(loss)(params))
    return params


class Forward(linen.Module):
    phi: object
    widths: tuple = (6, 7, 3)

    @linen.compact
    def __call__(self, x):
        for width in self.widths[:-1]:
            x = self.phi(linen.Dense(width, param_dtype=jnp.float64)(x))
        return linen.Dense(self.widths[-1], use_bias=False, param_dtype=jnp.float64)(x)


class Nested(linen.Module):
    """Dense_0 is the last layer: Flax counts them as they are made."""

    @linen.compact
    def __call__(self, x):
        def dense(n):
            return linen.Dense(n, param_dtype=jnp.float64)

        return dense(3)(jnp.tanh(dense(7)(jnp.tanh(dense(6)(x)))))


class Named(linen.Module):
    """Names without numbers, whose alphabet is not the order."""

    @linen.compact
    def __call__(self, x):
        x = jnp.tanh(linen.Dense(6, name="entry", param_dtype=jnp.float64)(x))
        x = jnp.tanh(linen.Dense(7, name="body", param_dtype=jnp.float64)(x))
        return linen.Dense(3, name="answer", param_dtype=jnp.float64)(x)


def agrees(apply, params, activation="tanh"):
    layers = from_flax(params, activation)
    assert layers.widths[0] == 5 and layers.widths[-1] == 3
    assert apart(outputs(layers, X), apply(params, X)) < 1e-12
    return layers


@pytest.mark.parametrize("activation", PHI)
def test_linen(activation):
    model = Forward(PHI[activation])
    params = trained(model.apply, model.init(jax.random.key(0), X))
    layers = agrees(model.apply, params, activation)
    assert [b is None for b in layers.biases] == [False, False, True]


@pytest.mark.parametrize("model", [Nested(), Named(), Forward(jnp.tanh, (4,) * 11 + (3,))])
def test_orders(model):
    params = trained(model.apply, model.init(jax.random.key(1), X))
    agrees(model.apply, params)
    layers = from_flax(freeze(params), "tanh")
    assert (layers.weights[0] == from_flax(params["params"], "tanh").weights[0]).all()


def test_nnx():
    class Net(nnx.Module):
        def __init__(self, rngs):
            self.hidden = nnx.List(
                [nnx.Linear(a, b, rngs=rngs, param_dtype=jnp.float64) for a, b in [(5, 6), (6, 6)]]
            )
            self.last = nnx.Linear(6, 3, rngs=rngs, param_dtype=jnp.float64)

        def __call__(self, x):
            for layer in self.hidden:
                x = jnp.tanh(layer(x))
            return self.last(x)

    class Counted(nnx.Module):
        def __init__(self, rngs):
            self.linear1 = nnx.Linear(5, 6, rngs=rngs, param_dtype=jnp.float64)
            self.linear2 = nnx.Linear(6, 3, rngs=rngs, param_dtype=jnp.float64)

        def __call__(self, x):
            return self.linear2(jnp.tanh(self.linear1(x)))

    for model in (Net(nnx.Rngs(0)), Counted(nnx.Rngs(0))):
        for state in (
            nnx.state(model),
            nnx.state(model, nnx.Param),
            nnx.to_pure_dict(nnx.state(model)),
        ):
            layers = from_flax(state, "tanh")
            assert apart(outputs(layers, X), model(X)) < 1e-12


def test_haiku():
    model = haiku.without_apply_rng(
        haiku.transform(lambda x: haiku.nets.MLP([6, 6, 6, 3], activation=jnp.tanh)(x))
    )
    agrees(model.apply, trained(model.apply, model.init(jax.random.key(0), jnp.asarray(X))))

    def plain(x):
        for width in (6, 6):
            x = jnp.tanh(haiku.Linear(width)(x))
        return haiku.Linear(3)(x)

    model = haiku.without_apply_rng(haiku.transform(plain))
    agrees(model.apply, trained(model.apply, model.init(jax.random.key(0), jnp.asarray(X))))


def test_short_weights_are_exact():
    params = linen.Dense(6, param_dtype=jnp.bfloat16).init(jax.random.key(0), X)["params"]
    layers = from_flax({"a_0": params, "a_1": {"kernel": jnp.ones((6, 3), jnp.float16)}}, "tanh")
    assert (layers.weights[0] == np.asarray(params["kernel"]).astype(np.float64)).all()
    with pytest.raises(TypeError, match="a_0/kernel is of type complex64"):
        from_flax({"a_0": {"kernel": jnp.ones((6, 3), jnp.complex64)}}, "tanh")


def test_other_layers_are_named():
    params = linen.Conv(4, (3,)).init(jax.random.key(0), X)
    with pytest.raises(ValueError, match=r"^kernel of shape \(3, 5, 4\) is of no dense layer"):
        from_flax(params, "tanh")
    params = {"Dense_0": params["params"], "LayerNorm_0": {"scale": np.ones(3)}}
    with pytest.raises(ValueError, match=r"^Dense_0/kernel of shape \(3, 5, 4\)"):
        from_flax(params, "tanh")
