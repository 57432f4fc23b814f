"""A call that was stopped leaves nothing behind: not to its thread, not to the call around it."""

from __future__ import annotations

import gc
import random
import signal
import threading

import ntkit
import numpy as np
import pytest
from ntkit import _library

X = ntkit.generate("gaussian", 30, 20, seed=1)
NET = ntkit.Network([20, 30, 40], activation="tanh", seed=1)


class Mine(Exception):
    pass


def test_a_stopped_call_within_a_call_does_not_stop_that(monkeypatch):
    monkeypatch.setattr(_library, "_INTERVAL", 0.0)
    stopped = []

    def stop(phase, fraction):
        raise Mine

    def look(point):
        with pytest.raises(Mine):
            ntkit.spectrum(point.network, X, progress=stop)
        stopped.append(point.epoch)

    assert ntkit.train(NET, X, X[:, 0], epochs=9, track=3, callback=look).epochs == 9
    assert stopped == [0, 3, 6, 9]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
def test_ctrl_c_at_any_moment_is_heard_and_leaves_nothing():
    draw, context = random.Random(1), ntkit.Context(threads=1)
    handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with context:
            K = ntkit.kernel(NET, X, X)
            gc.collect()
            before = context.memory_in_use
            for _ in range(300):
                try:
                    signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-5, 5e-4))
                    while True:  # for ever, were it not heard
                        ntkit.kernel(NET, X, X)
                except KeyboardInterrupt:
                    pass
                assert (context._home.calls, _library._thread.calls) == (0, [])
            assert np.array_equal(ntkit.kernel(NET, X, X), K)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    gc.collect()
    assert context.memory_in_use == before
    free = []
    thread = threading.Thread(target=lambda: free.append(context._home.lock.acquire(timeout=9)))
    thread.start()
    thread.join()
    assert free == [True]
