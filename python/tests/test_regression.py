"""ntkit.kernel_regression: formulas in NumPy with ntkit's own kernels, and the program's answer."""

from __future__ import annotations

import ntkit
import numpy as np
import pytest


def problem(outputs=1):
    X = ntkit.generate("gaussian", 40, 6, seed=1)
    test = ntkit.generate("gaussian", 9, 6, seed=2)
    net = ntkit.Network([6, 30, 20], activation="tanh", init="lecun", outputs=outputs, seed=3)
    Y = np.random.default_rng(4).normal(size=(40, outputs))
    return X, test, net, Y[:, 0] if outputs == 1 else Y


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_ridge(ridge):
    X, test, net, y = problem()
    K = ntkit.kernel(net, np.vstack([X, test]))
    f0, g0 = np.ravel(net(X)), np.ravel(net(test))
    a = np.linalg.solve(K[:40, :40] + ridge * np.eye(40), y - f0)
    found = ntkit.kernel_regression(net, X, y, test, ridge=ridge, y_test=np.ones(9))
    np.testing.assert_allclose(found.coefficient, a, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.prediction, g0 + K[40:, :40] @ a, rtol=0, atol=1e-7)
    assert found.fitted.shape == (40,)
    assert found.last.norm == pytest.approx(np.sqrt(a @ K[:40, :40] @ a), rel=1e-6)
    error = np.linalg.norm(found.prediction - 1) / 3
    assert found.last.test_error == pytest.approx(error, rel=1e-9)


def test_limit_of_several_outputs():
    X, test, net, Y = problem(outputs=2)
    K = ntkit.limit(net, np.vstack([X, test]))
    found = ntkit.kernel_regression(net, X, Y, test, kernel="limit", ridge=0.1)
    a = np.linalg.solve(K[:40, :40] + 0.1 * np.eye(40), Y)
    np.testing.assert_allclose(found.prediction, K[40:, :40] @ a, rtol=0, atol=1e-9)
    assert found.coefficient.shape == (40, 2)
    assert found.verdict == "ok"
    assert np.isnan(found.last.test_loss)


def test_times():
    X, test, net, y = problem()
    K, f0 = ntkit.kernel(net, X), np.ravel(net(X))
    values, V = np.linalg.eigh(K)
    found = ntkit.kernel_regression(net, X, y, test, time=[0.01, 0.5], centered=True)
    for T, point in zip([0.01, 0.5], found.points):
        left = V @ (np.exp(-T * values) * (V.T @ y))
        assert point.time == T
        assert point.train_loss == pytest.approx(0.5 * left @ left, rel=1e-9)
    eta = 0.5 / values[-1]
    steps = ntkit.kernel_regression(net, X, y, test, time=7, lr=eta)
    left = V @ ((1 - eta * values) ** 7 * (V.T @ (y - f0)))
    np.testing.assert_allclose(steps.fitted, y - left, rtol=0, atol=1e-9)


def test_one_time_in_an_array():
    X, test, net, y = problem()
    one = ntkit.kernel_regression(net, X, y, test, time=0.5)
    same = ntkit.kernel_regression(net, X, y, test, time=np.array(0.5))
    np.testing.assert_array_equal(one.prediction, same.prediction)


def test_refused_times_and_labels():
    X, test, net, y = problem()
    for empty in ([], np.array([])):
        with pytest.raises(ValueError, match="time is empty"):
            ntkit.kernel_regression(net, X, y, test, time=empty)
    with pytest.raises(ValueError, match="y_test has shape"):
        ntkit.kernel_regression(net, X, y, test, y_test=np.ones(3))


def test_is_the_programs(program):
    X = ntkit.generate("gaussian", 59, 5, seed=3)
    net = ntkit.Network([5, 30, 40], activation="relu", seed=3)
    y = ntkit.labels("gaussian", X[:50], seed=3)
    found = ntkit.kernel_regression(net, X[:50], y, X[50:], ridge=2.0, loss="mean")
    theirs = program(
        "predict --kernel ntk --samples 50 --test-samples 9 --dim 5 --widths 30,40 "
        "--activation relu --seed 3 --ridge 2 --loss mean"
    )
    assert found.last.train_loss == theirs["last"]["train_loss"]
    np.testing.assert_array_equal(found.prediction, theirs["outputs"])


def test_refusals():
    X, test, net, y = problem()
    with pytest.raises(ValueError, match="'ntk', 'limit'"):
        ntkit.kernel_regression(net, X, y, test, kernel="nngp")
    with pytest.raises(ValueError, match="ridge is -1"):
        ntkit.kernel_regression(net, X, y, test, ridge=-1)
    with pytest.raises(ValueError, match="diverge"):
        ntkit.kernel_regression(net, X, y, test, time=3, lr=1e6)
    with pytest.raises(ntkit.NumericError, match="rank_deficient"):
        ntkit.kernel_regression(net, np.vstack([X[:39], X[:1]]), y, test)
    with pytest.raises(ValueError, match="y has shape"):
        ntkit.kernel_regression(net, X, y[:5], test)
    given = ntkit.Network.from_weights([np.ones((6, 4)), np.ones((4, 1))], activation="tanh")
    with pytest.raises(ValueError, match="given weights"):
        ntkit.kernel_regression(given, X, y, test, kernel="limit")
