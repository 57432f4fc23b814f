"""ntkit.Kernel: SciPy's solvers on it against dense NumPy."""

from __future__ import annotations

import sys

import ntkit
import numpy as np
import pytest
import reference
from ntkit._library import current

linalg = pytest.importorskip("scipy.sparse.linalg")

X = ntkit.generate("gaussian", 90, 12, seed=1)
NET = ntkit.Network([12, 30, 25], activation="tanh", seed=2)
K = ntkit.Kernel(NET, X)
DENSE = reference.kernel(NET, X)
SCALE = np.abs(DENSE).max()
RNG = np.random.default_rng(3)


def close(found, wanted, digits=1e-11):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=digits * np.abs(wanted).max())


def test_is_a_linear_operator():
    assert isinstance(K, linalg.LinearOperator)
    assert K.shape == (90, 90) and K.dtype == np.float64
    v, V = RNG.normal(size=90), RNG.normal(size=(90, 7))
    for one in (v, v.astype(np.float32), v[::-1], (2 * v).astype(int)):
        close(K.matvec(one), DENSE @ one)
    for many in (V, np.asfortranarray(V), V[::-1, ::2], V[:, :0]):
        close(K.matmat(many), DENSE @ many) if many.size else None
        assert K.matmat(many).shape == many.shape
    close(K @ V, DENSE @ V)
    close(V.T @ K, V.T @ DENSE)
    close(K.rmatvec(v), DENSE.T @ v)
    close(K.rmatmat(V), DENSE.T @ V)
    assert K.T is K and K.H is K
    close((2 * K + linalg.aslinearoperator(np.eye(90))) @ v, 2 * DENSE @ v + v)


def test_its_array():
    for array in (K.to_array(), np.asarray(K), np.array(K)):
        assert np.array_equal(array, ntkit.kernel(NET, X)) and array.flags.writeable
    assert np.asarray(K, np.float32).dtype == np.float32
    close(K.diagonal(), DENSE.diagonal())
    close(K.trace(), DENSE.trace())


@pytest.mark.parametrize("blocks", [[0], [1, 2], None])
def test_blocks(blocks):
    part, dense = ntkit.Kernel(NET, X, blocks), reference.kernel(NET, X, blocks=blocks)
    v = RNG.normal(size=90)
    close(part @ v, dense @ v)
    close(part.diagonal(), dense.diagonal())
    close(part.factor(-1.0).solve(v), np.linalg.solve(dense + np.eye(90), v))


@pytest.mark.parametrize("output", ["trace", "all", 1])
def test_outputs(output):
    net = ntkit.Network([12, 30, 25], "softplus", seed=2, outputs=3, bias=True, bias_deviation=1)
    several, dense = (
        ntkit.Kernel(net, X[:40], output=output),
        ntkit.kernel(net, X[:40], output=output),
    )
    assert several.shape == dense.shape == ((120, 120) if output == "all" else (40, 40))
    V = RNG.normal(size=(len(dense), 2))
    close(several @ V, dense @ V)
    close(several.diagonal(), dense.diagonal())
    close(several.factor().solve(V), np.linalg.solve(dense, V), 1e-7)


def test_scipys_solvers():
    values, vectors = np.linalg.eigh(DENSE)
    close(linalg.eigsh(K, 4, return_eigenvectors=False), values[-4:])
    start = RNG.normal(size=(90, 3))
    found, vector = linalg.lobpcg(K, start, tol=1e-9 * SCALE, maxiter=300)
    close(np.sort(found), values[-3:], 1e-8)
    close(np.abs(vectors[:, -1] @ vector[:, np.argmax(found)]), np.array(1.0), 1e-5)
    y = RNG.normal(size=90)
    shifted = K + linalg.aslinearoperator(values[-1] * np.eye(90))
    c, info = linalg.cg(shifted, y, rtol=1e-12)
    assert info == 0
    close(c, np.linalg.solve(DENSE + values[-1] * np.eye(90), y), 1e-10)
    inverse = linalg.LinearOperator((90, 90), matvec=K.factor().solve, dtype=float)
    smallest = linalg.eigsh(K, 3, sigma=0, OPinv=inverse, return_eigenvectors=False)
    close(smallest, values[:3], 1e-9)


def test_solutions():
    B, mine = RNG.normal(size=(90, 5)), ntkit.Kernel(NET, X)
    kept = B.copy()
    for shift in (0.0, -SCALE, 0.5 * np.linalg.eigvalsh(DENSE)[0]):
        assert mine.factor(shift) is mine
        wanted = np.linalg.solve(DENSE - shift * np.eye(90), B)
        close(mine.solve(B), wanted, 1e-8)
        close(mine.solve(np.asfortranarray(B)), wanted, 1e-8)
        close(mine.solve(B[:, 0]), wanted[:, 0], 1e-8)
        assert mine.solve(B[:, :1]).shape == (90, 1)
        close(mine @ B, DENSE @ B)  # K itself, whatever was factorised
    assert np.array_equal(B, kept)


def test_refusals():
    mine = ntkit.Kernel(NET, X)
    with pytest.raises(ValueError, match=r"not factorised yet; accepted: solve after factor\(\)"):
        mine.solve(X[:, 0])
    with pytest.raises(ntkit.NumericError, match="not positive definite"):
        mine.factor(2 * SCALE)
    with pytest.raises(ValueError, match="not factorised yet"):
        mine.solve(X[:, 0])
    mine.factor(-1)
    with pytest.raises(ntkit.NumericError):
        mine.factor(1e6 * SCALE)
    with pytest.raises(ValueError, match="not factorised yet"):  # the earlier factor is gone
        mine.solve(X[:, 0])
    mine.factor()
    with pytest.raises(ValueError, match=r"B has shape \(89,\); accepted: \(90,\) or \(90, m\)"):
        mine.solve(X[:89, 0])
    with pytest.raises(ValueError, match=r"B has shape \(90, 1, 1\)"):
        mine.solve(X[:, :1, None])
    with pytest.raises(ValueError, match="B has entries that are not finite"):
        mine.solve(np.full(90, np.nan))
    with pytest.raises(TypeError, match="B has entries of type complex128"):
        mine.solve(X[:, 0] * 1j)
    with pytest.raises(TypeError, match="shift is '0'; accepted: a real number"):
        mine.factor("0")
    with pytest.raises(ValueError, match="(?i)dimension mismatch"):  # SciPy's own
        mine @ X[:89, 0]
    with pytest.raises(ValueError, match="an entry of blocks is 3"):
        ntkit.Kernel(NET, X, [3])
    with pytest.raises(ValueError, match="accepted: copy=None or True"):
        mine.__array__(copy=False)


def test_what_overflows():
    huge = X.copy()
    huge[3] *= 1e200
    net = ntkit.Network([12, 30, 25], activation="relu", seed=2)
    for call in (
        lambda: ntkit.kernel(net, huge),
        lambda: ntkit.kernel(net, huge, huge[2:5]),
        lambda: ntkit.Kernel(net, huge).to_array(),
        lambda: ntkit.Kernel(net, huge).factor().solve(X[:, 0]),
    ):
        with pytest.raises((ValueError, ntkit.NumericError)) as caught:
            call()
        assert "\n" not in str(caught.value)
    large = X * np.sqrt(1e307 / ntkit.kernel(net, X).max())  # of relu K is of degree two
    assert ntkit.kernel(net, large, large.copy()).max() > 0.99e307  # their sum is not finite


def test_what_underflows():
    # J of x w_1 w_2 is (x w_2, x w_1), here 2^-600 at most; of a relu that is off it is 0.
    x = np.array([[1.0]])
    small = [np.array([[2.0**-700]]), np.array([[2.0**-600]])]
    net = ntkit.Network.from_weights(small, activation="identity")
    for other in (None, x.copy()):
        with pytest.raises(ValueError, match=r"^the layers underflow .* is near 2\^-600; accepted"):
            ntkit.kernel(net, x, other)
    off = ntkit.Network.from_weights([-small[0], small[1]], activation="relu")
    assert ntkit.kernel(off, x) == 0.0


def test_memory_is_that_of_features_and_factor():
    context = ntkit.Context(threads=1)
    with context:
        wide = ntkit.generate("gaussian", 2000, 12, seed=1)
        mine = ntkit.Kernel(NET, wide)
        mine @ wide[:, 0]
        features = context.memory_in_use
        mine @ wide[:, :3]
        assert context.memory_in_use == features
        mine.factor(-1.0)
        factor = 4 * 2000**2
        assert factor <= context.memory_in_use - features <= 1.1 * factor
        del mine
    assert context.memory_in_use < 1.01 * wide.nbytes


def test_without_scipy(monkeypatch):
    monkeypatch.delitem(sys.modules, "ntkit.operators")
    monkeypatch.delattr(ntkit, "Kernel", raising=False)
    monkeypatch.setitem(sys.modules, "scipy.sparse.linalg", None)
    with pytest.raises(ImportError, match="SciPy: pip install scipy"):
        ntkit.Kernel  # noqa: B018
    assert current().threads > 0
