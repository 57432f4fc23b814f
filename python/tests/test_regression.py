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
    assert found.chosen.norm == pytest.approx(np.sqrt(a @ K[:40, :40] @ a), rel=1e-6)
    error = np.linalg.norm(found.prediction - 1) / 3
    assert found.chosen.test_error == pytest.approx(error, rel=1e-9)


def test_limit_of_several_outputs():
    X, test, net, Y = problem(outputs=2)
    K = ntkit.limit(net, np.vstack([X, test]))
    found = ntkit.kernel_regression(net, X, Y, test, kernel="limit", ridge=0.1)
    a = np.linalg.solve(K[:40, :40] + 0.1 * np.eye(40), Y)
    np.testing.assert_allclose(found.prediction, K[40:, :40] @ a, rtol=0, atol=1e-9)
    assert found.coefficient.shape == (40, 2)
    assert found.verdict == "ok"
    assert np.isnan(found.chosen.test_loss)


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
        with pytest.raises(ValueError, match="ridge is empty"):
            ntkit.kernel_regression(net, X, y, test, ridge=empty)
    with pytest.raises(ValueError, match="y_test has shape"):
        ntkit.kernel_regression(net, X, y, test, y_test=np.ones(3))


@pytest.mark.parametrize(("kernel", "outputs"), [("ntk", 2), ("limit", 1), ("limit", 2)])
def test_chosen_ridge(kernel, outputs):
    X, test, net, y = problem(outputs)
    X, y, how = X[:12], y[:12], {"kernel": kernel, "centered": True}
    found = ntkit.kernel_regression(net, X, y, test, ridge=[0.3, 3.0, 30.0], **how)
    assert [point.ridge for point in found.points] == [0.3, 3.0, 30.0]
    left = 0.0
    for i in range(12):
        rest = np.arange(12) != i
        one = ntkit.kernel_regression(net, X[rest], y[rest], X[i : i + 1], ridge=3, **how)
        left = np.hypot(left, np.linalg.norm(one.prediction[0] - y[i]))
    assert found.points[1].loo_error == pytest.approx(left / np.linalg.norm(y), rel=1e-9)
    best = min(found.points, key=lambda point: point.loo_error)
    assert found.ridge == found.chosen.ridge == best.ridge
    alone = ntkit.kernel_regression(net, X, y, test, ridge=np.array(found.ridge), **how)
    np.testing.assert_array_equal(found.coefficient, alone.coefficient)
    assert np.isnan(alone.chosen.loo_error)


def test_leaving_one_out_by_its_formula():
    X, test, net, y = problem()
    K, f0 = ntkit.kernel(net, X), np.ravel(net(X))
    found = ntkit.kernel_regression(net, X, np.sign(y), test, ridge=[0.5])
    G = np.linalg.inv(K + 0.5 * np.eye(40))
    e = G @ (np.sign(y) - f0) / np.diag(G)
    assert found.chosen.loo_error == pytest.approx(np.linalg.norm(e) / np.sqrt(40), rel=1e-9)
    assert found.chosen.loo_accuracy == np.mean(np.sign(y) * (np.sign(y) - e) > 0)


def test_time_0_is_the_beginning():
    X, test, net, y = problem()
    found = ntkit.kernel_regression(net, X, y, test, time=[0, 0.5])
    assert found.points[0].time == 0.0
    error = np.linalg.norm(np.ravel(net(X)) - y) / np.linalg.norm(y)
    assert found.points[0].train_error == pytest.approx(error, rel=1e-12)
    assert found.points[0].norm == 0.0


def test_is_the_programs(program):
    X = ntkit.generate("gaussian", 59, 5, seed=3)
    net = ntkit.Network([5, 30, 40], activation="relu", seed=3)
    y = ntkit.labels("gaussian", X[:50], seed=3)
    found = ntkit.kernel_regression(net, X[:50], y, X[50:], ridge=2.0, loss="mean")
    theirs = program(
        "predict --kernel ntk --samples 50 --test-samples 9 --dim 5 --widths 30,40 "
        "--activation relu --seed 3 --ridge 2 --loss mean"
    )
    assert found.chosen.train_loss == theirs["chosen"]["train_loss"]
    np.testing.assert_array_equal(found.prediction, theirs["outputs"])
    found = ntkit.kernel_regression(net, X[:50], y, X[50:], ridge=[0.1, 20, 3000], loss="mean")
    theirs = program(
        "predict --kernel ntk --samples 50 --test-samples 9 --dim 5 --widths 30,40 "
        "--activation relu --seed 3 --ridge 0.1,20,3e3 --loss mean"
    )
    assert [p.loo_error for p in found.points] == [p["loo_error"] for p in theirs["points"]]
    assert found.ridge == theirs["ridge"] == theirs["chosen"]["ridge"]
    np.testing.assert_array_equal(found.prediction, theirs["outputs"])


def test_refusals():
    X, test, net, y = problem()
    with pytest.raises(ValueError, match="'ntk', 'limit'"):
        ntkit.kernel_regression(net, X, y, test, kernel="nngp")
    with pytest.raises(ValueError, match="ridge is -1"):
        ntkit.kernel_regression(net, X, y, test, ridge=-1)
    with pytest.raises(ValueError, match=r"ridge 2 \(from 1\) is -1"):
        ntkit.kernel_regression(net, X, y, test, ridge=[0, -1])
    with pytest.raises(ValueError, match="one of them"):
        ntkit.kernel_regression(net, X, y, test, ridge=[0, 1], time=1)
    with pytest.raises(ValueError, match="diverge"):
        ntkit.kernel_regression(net, X, y, test, time=3, lr=1e6)
    with pytest.raises(ntkit.NumericError, match="rank_deficient"):
        ntkit.kernel_regression(net, np.vstack([X[:39], X[:1]]), y, test)
    with pytest.raises(ValueError, match="y has shape"):
        ntkit.kernel_regression(net, X, y[:5], test)
    given = ntkit.Network.from_weights([np.ones((6, 4)), np.ones((4, 1))], activation="tanh")
    with pytest.raises(ValueError, match="given weights"):
        ntkit.kernel_regression(given, X, y, test, kernel="limit")
