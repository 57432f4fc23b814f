"""Networks of several outputs with biases and scales, against J C J^T with J by hand."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading

import ntkit
import numpy as np
import pytest
from reference import PHI, jacobian

rng = np.random.default_rng(5)
X, X2 = rng.standard_normal((7, 4)), rng.standard_normal((5, 4))


def network(outputs=3, parameterization="0.5,2,3,0.25,1.5,0.75"):
    return ntkit.Network(
        [4, 6, 8 * outputs],
        "tanh",
        seed=2,
        outputs=outputs,
        bias=True,
        bias_deviation=0.5,
        parameterization=parameterization,
    )


def picked(full, n, output):
    """Of the kernel of all outputs what `output` means."""
    by = full.reshape(len(full) // n, n, -1, n)
    return {"all": full, "trace": np.einsum("icjc->ij", by) / n}.get(
        output, by[:, output, :, output] if isinstance(output, int) else None
    )


WAYS = {
    "drawn": lambda net: net,
    "given": lambda net: net.with_theta(net.theta),
    "pickled": lambda net: pickle.loads(pickle.dumps(net)),
    "copied": lambda net: net._copy(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("output", ["trace", "all", 0, 2])
@pytest.mark.parametrize("blocks", [None, [1], [2, 0]])
def test_kernels_are_the_jacobians(way, output, blocks):
    net = WAYS[way](network())
    J, J2 = jacobian(network(), X), jacobian(network(), X2)
    chosen = range(3) if blocks is None else blocks
    for other, these in ((None, J), (X2, J2)):
        wanted = picked(sum(J[k] @ these[k].T for k in chosen), 3, output)
        found = ntkit.kernel(net, X, other, blocks=blocks, output=output)
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12)


def test_products_with_the_jacobian():
    net = network()
    J = np.concatenate(jacobian(net, X, scaled=False), axis=1)
    v, g = rng.standard_normal((7, 3)), rng.standard_normal(net.parameters)
    np.testing.assert_allclose(net.vjp(X, v), J.T @ v.ravel(), rtol=1e-11)
    np.testing.assert_allclose(net.jvp(X, g), (J @ g).reshape(7, 3), rtol=1e-11)
    for wrong in (v.T, v[:6], v[:, :2], v[:, 0]):
        with pytest.raises(ValueError, match=r"v has shape .*; accepted: \(7, 3\)"):
            net.vjp(X, wrong)
    square = network(outputs=7)
    np.testing.assert_allclose(square.vjp(X, np.eye(7)), square.vjp(X, np.eye(7).T))
    with pytest.raises(ValueError, match="g has shape"):
        net.jvp(X, g[1:])


def test_theta_is_every_parameter_in_order():
    net = network()
    W, b = net.weights, net.biases
    parts = [W[0], b[0], W[1], b[1], W[2], b[2]]
    assert np.array_equal(net.theta, np.concatenate([part.ravel() for part in parts]))
    moved = net.with_theta(np.arange(net.parameters))
    assert np.array_equal(moved.theta, np.arange(net.parameters))
    assert moved.scale == net.scale and moved.activation == net.activation


@pytest.mark.parametrize("way", WAYS)
def test_memorized_networks_are_of_the_same_kind(way):
    net = WAYS[way](network())
    Y = rng.standard_normal((7, 3))
    found = ntkit.memorize(net, X, Y).network
    phi = PHI["tanh"][0]
    f = phi(phi(X @ found.weights[0] + found.biases[0]) @ found.weights[1] + found.biases[1])
    np.testing.assert_allclose(f @ found.weights[2] + found.biases[2], Y, rtol=1e-7, atol=1e-8)
    assert found.scale == net.scale
    assert np.array_equal(found.weights[0], net.weights[0])
    assert np.array_equal(found.biases[0], net.biases[0])


@pytest.mark.parametrize("shape", [(3, 7), (21,), (7,), (7, 3, 1), (1, 7, 3)])
def test_labels_of_another_shape_are_refused(shape):
    for call in (ntkit.train, ntkit.memorize, ntkit.fit_error):
        with pytest.raises(ValueError, match=r"y has shape .*; accepted: \(7, 3\)"):
            call(network(), X, np.zeros(shape))
    with pytest.raises(ValueError, match=r"accepted: \(7,\) or \(7, 1\)"):
        ntkit.train(network(1, None), X, np.zeros((1, 7)))


def test_calls_are_of_the_context_entered_whosever_the_network_is():
    net, many = network(1, None), rng.standard_normal((20000, 4))
    y = many[:, 0]
    calls = [
        lambda: net(many),
        lambda: net.vjp(many, y),
        lambda: net.jvp(many, net.theta),
        lambda: ntkit.kernel(net, many[:1], many),
        lambda: ntkit.spectrum(net, many),
        lambda: ntkit.fit_error(net, many, y),
        lambda: ntkit.train(net, many, y, epochs=1),
    ]
    with ntkit.Context(threads=1, memory_limit=10**4):
        for call in calls:
            with pytest.raises(MemoryError, match="are available"):
                call()


def test_threads_that_share_a_context_take_turns():
    net, context, alive, other = network(), ntkit.Context(threads=1), [], []

    def work():
        with context:
            ntkit.kernel(net, X)

    def look(phase, fraction):
        if not other:
            other.append(threading.Thread(target=work))
            other[0].start()
            other[0].join(0.3)
            alive.append(other[0].is_alive())

    with context:
        ntkit.spectrum(net, X, progress=look)
    other[0].join(60)
    assert alive == [True] and not other[0].is_alive()


ENDLESS = """
import signal
import numpy as np, ntkit
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.2)
net = ntkit.Network([2, 3, 4])
try:
    ntkit.train(net, np.eye(2), np.ones(2), lr=1e-12, epochs=10**8)
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no timers")
def test_ctrl_c_without_progress():
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == ("heard", "")
