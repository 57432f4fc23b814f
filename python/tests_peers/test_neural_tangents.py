"""neural-tangents (an environment of its own): outputs and kernels of stax networks, float64."""

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import neural_tangents as nt
import ntkit
import numpy as np
import pytest
from neural_tangents import stax
from ntkit.conventions import convert
from support import apart, rows

C = 3
X1, X2 = rows(6, 5), rows(4, 5, seed=1)
LAYERS = {"erf": stax.Erf, "sin": stax.Sin, "gelu": stax.Gelu, "relu": stax.Relu}


def network(parameterization, b_std, activation="erf"):
    """apply and trained parameters of 5 -> 7 -> 6 -> 3."""
    layers = []
    for width in (7, 6, C):
        layers.append(stax.Dense(width, 1.5, b_std, parameterization=parameterization))
        layers.append(LAYERS[activation]())
    init, apply, _ = stax.serial(*layers[:-1])
    params = init(jax.random.key(0), X1.shape)[1]
    loss = jax.grad(lambda p: jnp.mean((apply(p, X1) - 1) ** 2))
    for _ in range(5):
        params = jax.tree.map(lambda p, g: p - 0.05 * g, params, loss(params))
    return apply, params


CASES = [("ntk", 0.1), ("ntk", None), ("standard", 0.1), ("standard", None)]


@pytest.mark.parametrize("activation", LAYERS)
def test_outputs(activation):
    apply, params = network("ntk", 0.1, activation)
    net = ntkit.Network.from_stax(params, activation, W_std=1.5, b_std=0.1)
    assert apart(net(X1), apply(params, X1)) < 1e-12


@pytest.mark.parametrize("parameterization, b_std", CASES)
def test_kernels(parameterization, b_std):
    apply, params = network(parameterization, b_std)
    net = ntkit.Network.from_stax(
        params, "erf", W_std=1.5, b_std=b_std, parameterization=parameterization
    )
    for name, trace, diagonal in [("", (-1,), ()), (" full", (), ()), (" diagonal", (), (-1,))]:
        for implementation in nt.NtkImplementation:
            if implementation == nt.NtkImplementation.AUTO:
                continue
            theirs = nt.empirical_ntk_fn(
                apply, trace, diagonal, vmap_axes=0, implementation=implementation
            )(X1, X2, params)
            K = ntkit.kernel(net, X1, X2)
            assert apart(convert(theirs, "neural-tangents" + name, "ntkit", outputs=C), K) < 1e-12
    K = ntkit.kernel(net, X1, X2, output="all")
    full = nt.empirical_ntk_fn(apply, (), vmap_axes=0)(X1, X2, params)
    assert apart(convert(full, "neural-tangents full", outputs=C), K) < 1e-12


def test_jacrev():
    apply, params = network("standard", 0.1)
    net = ntkit.Network.from_stax(params, "erf", parameterization="standard")

    def jacobian(X):
        J = jax.jacrev(lambda p: apply(p, X))(params)
        return np.concatenate([j.reshape(len(X), C, -1) for j in jax.tree.leaves(J)], axis=2)

    theirs = np.einsum("Naf,Mbf->NMab", jacobian(X1), jacobian(X2))
    K = ntkit.kernel(net, X1, X2, output="all")
    assert apart(convert(theirs, "torch.func", outputs=C), K) < 1e-12


def test_kernels_of_two_parameterizations_are_no_multiples():
    apply, params = network("ntk", 0.1)
    theirs = nt.empirical_ntk_fn(apply, vmap_axes=0)(X1, None, params)
    net = ntkit.Network.from_stax(params, "erf", W_std=1.5, b_std=0.1)
    plain = ntkit.Network.from_weights(net.weights, net.biases, net.activation)
    ratio = ntkit.kernel(plain, X1) / theirs
    assert ratio.max() > 1.2 * ratio.min()
