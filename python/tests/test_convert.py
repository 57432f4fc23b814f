"""What needs none of the frameworks: trees of arrays, chains of layers, and what is missing.

Trained models of the frameworks themselves are in python/tests_peers (`make test-peers`).
"""

from __future__ import annotations

import re
import sys

import ntkit
import numpy as np
import pytest
from ntkit.convert import from_flax, from_keras, from_sklearn, from_torch

RNG = np.random.default_rng(1)


def dense(rows, columns, bias=True):
    """A layer as Flax has it."""
    layer = {"kernel": RNG.standard_normal((rows, columns))}
    return {**layer, "bias": RNG.standard_normal(columns)} if bias else layer


def chain(params, names):
    """W_1, ... are those of the layers named."""
    found = from_flax(params, "tanh")
    assert all((W == params[name]["kernel"]).all() for W, name in zip(found.weights, names))
    assert len(found.weights) == len(names)
    return found


def test_numbers_tell_the_order():
    params = {f"Dense_{i}": dense(4, 4) for i in RNG.permutation(12)}
    chain(params, [f"Dense_{i}" for i in range(12)])
    params = {"layer2b": dense(4, 4), "layer10b": dense(4, 4), "layer1b": dense(4, 4)}
    chain(params, ["layer1b", "layer2b", "layer10b"])
    haiku = {"mlp/~/linear_1": dense(4, 4), "mlp/~/linear": dense(4, 4)}
    chain(haiku, ["mlp/~/linear", "mlp/~/linear_1"])


def test_numbers_count_backwards_where_only_that_fits():
    params = {"Dense_0": dense(6, 1), "Dense_1": dense(5, 6), "Dense_2": dense(3, 5)}
    chain(params, ["Dense_2", "Dense_1", "Dense_0"])


def test_shapes_tell_the_order_without_numbers():
    params = {"body": dense(4, 5), "entry": dense(3, 4, bias=False), "answer": dense(5, 2)}
    layers = chain(params, ["entry", "body", "answer"])
    assert layers.widths == [3, 4, 5, 2] and layers.biases[0] is None
    network = ntkit.Network.from_flax({"params": params}, "tanh")
    X = RNG.standard_normal((7, 3))
    hidden = np.tanh(X @ params["entry"]["kernel"])
    hidden = np.tanh(hidden @ params["body"]["kernel"] + params["body"]["bias"])
    expected = hidden @ params["answer"]["kernel"] + params["answer"]["bias"]
    assert np.allclose(network(X), expected, rtol=1e-13, atol=1e-13)


def test_a_copy_is_taken_exactly():
    params = {"a0": dense(3, 4), "a1": {"w": RNG.standard_normal((4, 1)).astype(np.float32)}}
    layers = from_flax(params, "relu")
    assert layers.weights[1].dtype == np.float64 and (layers.weights[1] == params["a1"]["w"]).all()
    params["a0"]["kernel"][:] = 0
    assert layers.weights[0].all()


SQUARE = {"one": dense(4, 4), "two": dense(4, 4)}
REFUSED = [
    ({"Conv_0": {"kernel": np.ones((3, 3, 1, 8))}}, "Conv_0/kernel of shape (3, 3, 1, 8) is of no dense layer"),
    ({"Dense_0": dense(3, 4), "LayerNorm_0": {"scale": np.ones(4)}}, "LayerNorm_0/scale of shape (4,) is of no"),
    ({"Dense_0": dense(3, 4), "Dense_1": {"bias": np.ones(4)}}, "Dense_1 has a bias without a kernel"),
    ({"Dense_0": dense(3, 4), "Dense_1": dense(5, 2)}, "Dense_1 takes 5 inputs, but Dense_0 before it gives 4"),
    ({"Dense_0": {"kernel": np.ones((3, 4)), "bias": np.ones(3)}, "Dense_1": dense(4, 1)}, "Dense_0 has 4 outputs and a bias of shape (3,)"),
    ({"Dense_0": dense(3, 1)}, "params has 1 dense layer; accepted: two or more"),
    ({}, "params has no dense layers; accepted: two or more"),
    (SQUARE, "2 orders fit the shapes of one (4, 4), two (4, 4) and more; accepted: names that count"),
    ({"one": dense(3, 4), "two": dense(5, 2)}, "no orders fit the shapes of one (3, 4), two (5, 2)"),
]  # fmt: skip


@pytest.mark.parametrize("params, line", REFUSED, ids=[line for _, line in REFUSED])
def test_refused(params, line):
    with pytest.raises(ValueError, match="^" + re.escape(line)) as caught:
        from_flax(params, "tanh")
    assert "\n" not in str(caught.value)


def test_types():
    with pytest.raises(TypeError, match="^this is str; accepted: the nested dict of arrays"):
        from_flax("model.npz", "tanh")
    for kind in ("complex128", "int64", "bool", "O"):
        with pytest.raises(TypeError, match=r"^Dense_0/kernel is of type .*; accepted: real"):
            from_flax({"Dense_0": {"kernel": np.ones((2, 2)).astype(kind)}}, "tanh")
    with pytest.raises(TypeError, match="takes an MLPRegressor or MLPClassifier; this is dict"):
        from_sklearn({})


@pytest.mark.parametrize("convert, package", [(from_torch, "torch"), (from_keras, "keras")])
def test_a_package_that_is_missing_is_named(monkeypatch, convert, package):
    monkeypatch.setitem(sys.modules, package, None)
    line = f"from_{package} needs {package}: pip install {package}"
    with pytest.raises(ImportError, match=f"^{line}$"):
        convert(object())
