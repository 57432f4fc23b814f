"""A call that was stopped leaves nothing behind: not to its thread, not to the call around it."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
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


@pytest.mark.skipif(
    sys.version_info < (3, 11),
    reason="a signal is heard between any two instructions, in finally too",
)
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


CYCLES = """
import gc
import numpy as np, ntkit
X = np.eye(3)
def cycle(order):
    with ntkit.Context(threads=1) as context:
        kept = [context, context._home, ntkit.Network([3, 4, 4]), ntkit.generate("cube", 5, 5)]
    kept = [kept[i] for i in order]
    kept += [kept, *(lambda: kept for _ in range(3))]
for i in range(200):
    cycle([(i + j) % 4 for j in range(4)])
    if i % 7 == 0:
        gc.collect()
gc.collect()
ntkit.Context()
from ntkit._library import _Home
print(len(_Home._all))
"""


def test_contexts_in_cycles_go_after_what_is_of_them():
    """And they do go: those that are left are the one made last and the thread's own."""
    environment = {**os.environ, "MALLOC_PERTURB_": "165"}  # freed memory is overwritten
    command = [sys.executable, "-X", "faulthandler", "-c", CYCLES]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=100, env=environment
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1", "")
