"""ntkit.limit and limit_spectrum: the program's own answer, and formulas in NumPy."""

from __future__ import annotations

import ntkit
import numpy as np
import pytest


def relu_by_hand(X, n):
    """Two layers, relu, init standard: K_0, K_1 and the outputs' covariance."""
    d = X.shape[1]
    S = X @ X.T / d
    size = np.sqrt(np.outer(np.diag(S), np.diag(S)))
    t = np.arccos(np.clip(S / size, -1.0, 1.0))
    same = size * (np.sin(t) + (np.pi - t) * np.cos(t)) / (2.0 * np.pi)
    slopes = (np.pi - t) / (2.0 * np.pi)
    return d * S * slopes, n * same, same


def test_is_the_formula(tmp_path):
    X = ntkit.generate("gaussian", 40, 15, seed=1)
    net = ntkit.Network([15, 25], activation="relu", init="standard", seed=1)
    first, second, same = relu_by_hand(X, 25)
    atol = 1e-6 * first.max()  # arccos has half of its digits at equal samples
    np.testing.assert_allclose(ntkit.limit(net, X), first + second, rtol=0, atol=atol)
    np.testing.assert_allclose(ntkit.limit(net, X, blocks=[1]), second, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ntkit.limit(net, X, covariance=True), same, rtol=0, atol=1e-12)
    found = ntkit.limit_spectrum(
        net, X, kernel_path=tmp_path / "limit.npy", block_path=tmp_path, distance=True
    )
    A = ntkit.limit(net, X)
    assert (np.load(tmp_path / "limit.npy") == A).all()
    assert (np.load(tmp_path / "limit_block1.npy") == ntkit.limit(net, X, blocks=[1])).all()
    assert found.lambda_min == pytest.approx(np.linalg.eigvalsh(A)[0], rel=1e-9)
    apart = np.linalg.norm(ntkit.kernel(net, X) - A) / np.linalg.norm(A)
    assert found.distance == pytest.approx(apart, rel=1e-9)
    assert len(found.blocks) == 2


def test_is_the_programs(program):
    X = ntkit.generate("gaussian", 60, 20, seed=3)
    net = ntkit.Network([20, 30, 40], activation="selu,tanh", seed=3)
    found = ntkit.limit_spectrum(net, X, certify=True, per_block=True, tolerance=1e-6, seed=3)
    theirs = program(
        "limit --samples 60 --dim 20 --widths 30,40 --activation selu,tanh --seed 3 --certify "
        "--per-block"
    )
    assert found.certificate.certified
    assert found.lambda_min == theirs["lambda_min"]
    assert found.certificate.lower == theirs["certificate"]["lower"]
    assert [b.trace for b in found.blocks] == [b["trace"] for b in theirs["blocks"]]


def test_singular():
    X = ntkit.generate("gaussian", 20, 6, seed=1)
    found = ntkit.limit_spectrum(ntkit.Network([6, 4], activation="identity"), X)
    assert found.verdict == "rank_deficient"
    assert found.lambda_min == 0.0
    assert (found.deficiency.cause, found.deficiency.zeros) == ("linear", 14)


def test_beyond_double_precision():
    X = ntkit.generate("gaussian", 8, 6, seed=1)
    deep = [6] + 200 * [10]
    plain = ntkit.limit_spectrum(ntkit.Network(deep, activation="relu", init="he"), X)
    beta = 201 * [2.0**-5]
    net = ntkit.Network(deep, activation="relu", init="he", beta=beta)
    found = ntkit.limit_spectrum(net, X)
    assert plain.exponent == 0.0
    # each block has beta^2 of all layers but one
    power = int(found.exponent) + 10 * 200
    assert found.lambda_min * 2.0**power == pytest.approx(plain.lambda_min, rel=1e-9)
    with pytest.raises(ValueError, match=r"near 2\^-"):
        ntkit.limit(net, X)


def test_refusals():
    X = ntkit.generate("gaussian", 5, 3, seed=1)
    given = ntkit.Network.from_weights([np.ones((3, 4)), np.ones((4, 1))], activation="tanh")
    with pytest.raises(ValueError, match="given weights"):
        ntkit.limit(given, X)
    net = ntkit.Network([3, 4], activation="tanh")
    with pytest.raises(ValueError, match="blocks or covariance"):
        ntkit.limit(net, X, blocks=[0], covariance=True)
    with pytest.raises(ValueError, match="accepted"):
        ntkit.limit(net, np.zeros((2, 3)))
