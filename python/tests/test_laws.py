"""Laws beside spectra.

Property: the shares that are measured are those of NumPy's eigenvalues of X X^T, of the last block
and of K, the distance is the largest difference from the law at them, which has nothing below an
atom and all of it there; what the law says of sizes that it is not for is a reason and no number.
"""

import math

import ntkit
import numpy as np
import pytest


@pytest.fixture(scope="module")
def case():
    net = ntkit.Network([120, 90, 70], activation="tanh", seed=2)
    return net, ntkit.generate("gaussian", N=80, d=120, seed=1)


@pytest.mark.parametrize("name", ["marchenko-pastur", "conjugate", "fan-wang"])
def test_measured(case, name):
    net, X = case
    found = ntkit.law(net, X, name)
    matrix = {"X X^T": X @ X.T, "K": ntkit.kernel(net, X)}.get(found.matrix)
    if matrix is None:
        assert found.matrix == "K_{L-1}"
        F = np.tanh(np.tanh(X @ net.weights[0]) @ net.weights[1])
        matrix = F @ F.T
    values = np.linalg.eigvalsh(matrix)
    at = np.array([point.eigenvalue for point in found.points])
    share = np.searchsorted(values, at * (1 + 1e-9), side="right") / len(values)
    measured = np.array([point.measured for point in found.points])
    assert found.drawn and found.holds and found.samples == 80
    assert np.abs(share - measured).max() <= 1 / 80 + 1e-12  # a point may be an eigenvalue
    assert np.mean(np.abs(share - measured)) < 1e-3
    off = max(abs(point.measured - point.below) for point in found.points)
    assert 0.4 * found.distance < off <= found.distance + 1e-9 < 0.2
    assert math.isclose(found.greatest, values[-1], rel_tol=1e-9)


def test_atom_off_zero():
    net = ntkit.Network([10, 20, 20], activation="tanh", seed=2)
    X = ntkit.generate("gaussian", N=200, d=10, seed=1)
    found = ntkit.law(net, X, "fan-wang")
    values = np.linalg.eigvalsh(ntkit.kernel(net, X))
    under = np.searchsorted(values, found.atom_at) / 200
    assert math.isclose(found.atom, 1 - (10 + 20 + 20) / 200) and found.atom_at > 0
    below = [point.below for point in found.points if point.eigenvalue < found.atom_at]
    assert len(below) > 10 and max(below) == 0
    assert found.distance >= max(under, found.atom - under) - 1e-12


def test_smallest():
    X = ntkit.generate("sphere", N=200, d=25, seed=1)
    net = ntkit.Network([25, 2000], activation="tanh", seed=2)
    found = ntkit.law(net, X, "montanari-zhong")
    assert found.degree == 1 and len(found.points) == 0
    assert math.isclose(found.measured, np.linalg.eigvalsh(ntkit.kernel(net, X))[0], rel_tol=1e-8)
    assert abs(found.measured / found.lambda_min - 1) < found.error


def test_silence(case):
    found = ntkit.law(*case, "montanari-zhong")
    assert not found.drawn and "layers" in found.reason
    assert math.isnan(found.lambda_min)
    assert {h.name: h.held for h in found.hypotheses}["layers"] is False
    with pytest.raises(ValueError, match="marchenko-pastur, conjugate, fan-wang"):
        ntkit.law(*case, "wigner")
    with pytest.raises(TypeError, match="name"):
        ntkit.law(*case, 3)
