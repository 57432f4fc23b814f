"""Calls that are ended from outside, calls within calls, and calls of several threads."""

from __future__ import annotations

import copy
import gc
import pickle
import signal
import subprocess
import sys
import threading

import ntkit
import numpy as np
import pytest
from ntkit import _library
from ntkit._features import Features
from ntkit._library import _ask, _keep, current
from ntkit._native import ffi

X = ntkit.generate("gaussian", 300, 20, seed=1)
NET = ntkit.Network([20, 30, 40], activation="tanh", seed=1)
LABELS = np.sign(X[:, 0])

CALLS = {
    "kernel": lambda **how: ntkit.kernel(NET, X, **how),
    "cross kernel": lambda **how: ntkit.kernel(NET, X, X[:200], **how),
    "spectrum": lambda **how: ntkit.spectrum(NET, X, certify=True, **how),
    "train": lambda **how: ntkit.train(NET, X, LABELS, epochs=5, **how),
    "memorize": lambda **how: ntkit.memorize(NET, X[:50], LABELS[:50], **how),
    "verify": lambda **how: ntkit.verify(NET, X, **how),
}


class Mine(Exception):
    pass


@pytest.fixture(autouse=True)
def every_look(monkeypatch):
    """Python is asked at every step, not a few times a second."""
    monkeypatch.setattr(_library, "_INTERVAL", 0.0)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("error", [Mine("no"), KeyboardInterrupt(), SystemExit(3), StopIteration()])
def test_what_progress_raises_comes_out_and_nothing_stays(name, error):
    def progress(phase, fraction):
        assert isinstance(phase, str) and 0 <= fraction <= 1
        raise error

    gc.collect()
    before = current().memory_in_use
    references = sys.getrefcount(X)
    with pytest.raises(type(error)) as caught:
        CALLS[name](progress=progress)
    assert caught.value is error
    assert error.__cause__ is None and error.__context__ is None
    error.__traceback__ = None
    del caught
    gc.collect()
    assert current().memory_in_use == before
    assert sys.getrefcount(X) == references
    CALLS[name](progress=lambda *_: None)


BIG = """
import sys, threading
import numpy as np, ntkit
X = ntkit.generate("gaussian", 6000, 60, seed=1)
net = ntkit.Network([60, 800, 800], seed=1)
def compute():
    print("ready", flush=True)
    with ntkit.Context(threads=1):
        ntkit.spectrum(net, X)
try:
    if sys.argv[1] == "main":
        compute()
    else:
        thread = threading.Thread(target=compute, daemon=True)
        thread.start()
        thread.join()
except KeyboardInterrupt:
    print("interrupted", ntkit.kernel(net, X[:5]).shape)
"""


@pytest.mark.parametrize("where", ["main", "thread"])
def test_control_c(where):
    """Of another thread's call the main thread alone hears of it, as Python has it."""
    with subprocess.Popen(
        [sys.executable, "-c", BIG, where], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        try:
            said, _ = child.communicate(timeout=60)
        finally:
            child.kill()
    assert said == "interrupted (5, 5)\n"
    assert child.returncode == 0


@pytest.mark.parametrize("thread", [False, True])
def test_a_call_within_a_call(thread):
    alone, inner_alone = ntkit.spectrum(NET, X), ntkit.kernel(NET, X[:50])
    seen = []

    def outer(phase, fraction):
        seen.append(ntkit.kernel(NET, X[:50], progress=inner))
        seen.append(ntkit.kernel(NET, X[:50]))

    def inner(phase, fraction):
        ntkit.generate("gaussian", 10, 3)

    def work(_):
        return ntkit.spectrum(NET, X, progress=outer)

    found = in_threads(1, work)[0] if thread else work(0)
    assert found.lambda_min == alone.lambda_min and found.lambda_max == alone.lambda_max
    assert len(seen) > 6
    assert all(np.array_equal(K, inner_alone) for K in seen)


def test_who_is_asked():
    """Signals are Python's main thread's: of another's call only a progress wants to hear."""
    asked = []

    def count(phase, fraction):
        asked.append(threading.current_thread())
        return True

    def asks(work):
        asked.clear()
        work(0)
        return bool(asked)

    try:
        ffi.def_extern(name="ntk_pulse_ask")(count)
        assert asks(lambda _: ntkit.kernel(NET, X))
        assert not asks(lambda _: in_threads(1, lambda _: ntkit.kernel(NET, X)))
        told = lambda _: ntkit.kernel(NET, X, progress=lambda *_: None)
        assert asks(lambda _: in_threads(1, told))
    finally:
        ffi.def_extern(name="ntk_pulse_ask", error=False, onerror=lambda _t, e, _b: _keep(e))(_ask)


def test_the_end_of_an_inner_call_is_not_the_outers():
    ends = []

    def outer(phase, fraction):
        try:
            ntkit.kernel(NET, X[:50], progress=inner)
        except Mine as error:
            ends.append(error)

    def inner(phase, fraction):
        raise Mine

    assert ntkit.spectrum(NET, X, progress=outer).verdict == "ok"
    assert len(ends) > 3
    error = Mine("outer")

    def both(phase, fraction):
        ntkit.kernel(NET, X[:50], progress=lambda *_: None)
        raise error

    with pytest.raises(Mine) as caught:
        ntkit.spectrum(NET, X, progress=both)
    assert caught.value is error
    with pytest.raises(Mine):
        ntkit.spectrum(NET, X, progress=lambda *_: ntkit.kernel(NET, X[:50], progress=inner))
    ntkit.spectrum(NET, X)


def in_threads(count, work):
    out, threads = [None] * count, []

    def run(i):
        try:
            out[i] = work(i)
        except BaseException as error:  # noqa: BLE001
            out[i] = error

    for i in range(count):
        threads.append(threading.Thread(target=run, args=(i,)))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return out


def answer(i, **options):
    net = ntkit.Network([20, 30 + i, 40], activation="tanh", seed=i)
    return ntkit.spectrum(net, X, seed=i, **options).to_json(arrays=False).split('"seconds"')[0]


@pytest.mark.parametrize("shared", [False, True])
def test_threads_at_once(shared):
    serial = [answer(i) for i in range(4)]
    context = ntkit.Context()

    def work(i):
        if not shared:
            return answer(i)
        with context:
            NET(X)
            return answer(i)

    assert in_threads(4, work) == serial


def test_threads_take_turns_with_one_context():
    context = ntkit.Context()
    inside, ready, done = threading.Event(), threading.Event(), threading.Event()
    at_once = []

    def first(*_):
        inside.set()
        ready.wait(60)
        done.wait(0.2)  # the other would go in now

    def second(*_):
        at_once.append(context._home.calls)

    def work(i):
        with context:
            if i == 0:
                return ntkit.kernel(NET, X, progress=first)
            inside.wait(60)
            ready.set()
            K = ntkit.kernel(NET, X, progress=second)
            done.set()
            return K

    one, other = in_threads(2, work)
    assert np.array_equal(one, other)
    assert set(at_once) == {1}


def test_the_python_lock_is_released():
    """Another thread sees the call while it is made: it could not, were the lock held."""
    context = ntkit.Context(threads=1)
    big = ntkit.generate("gaussian", 2000, 20)

    def work():
        with context:
            ntkit.spectrum(ntkit.Network([20, 300, 300]), big)

    worker, seen = threading.Thread(target=work), 0
    worker.start()
    while worker.is_alive() and seen < 1000:
        seen += context._home.calls
    worker.join(60)
    assert seen == 1000


def test_another_threads_garbage_goes_during_a_call():
    context = ntkit.Context()
    with context:
        lost = [Features(NET, X) for _ in range(20)]
    gone = []

    def progress(phase, fraction):
        if lost:
            before = context.memory_in_use
            in_threads(1, lambda _: lost.clear())
            gone.append(before - context.memory_in_use)

    with context:
        wanted = ntkit.spectrum(NET, X).lambda_min
        assert ntkit.spectrum(NET, X, progress=progress).lambda_min == wanted
    assert gone[0] > 0
    gc.collect()
    assert context.memory_in_use == 0


def test_views_go_on_after_their_context():
    weights = ntkit.Network([5, 6, 7], seed=1).weights
    with ntkit.Context(threads=1):
        views = ntkit.Network([5, 6, 7], seed=1).weights
    gc.collect()
    assert all(np.array_equal(one, other) for one, other in zip(views, weights))


def test_contexts_within_contexts():
    one, two = ntkit.Context(threads=1), ntkit.Context(threads=1)
    with one, two, one:
        assert current() is one
        one.__exit__()
        assert current() is two
        one.__enter__()
    assert current() is not one and current() is not two


def test_tasks_have_contexts_of_their_own():
    import asyncio

    async def task(context, others):
        with context:
            await others.wait()
            return current() is context

    async def main():
        both = asyncio.Barrier(2) if hasattr(asyncio, "Barrier") else None
        if both is None:
            pytest.skip("asyncio.Barrier: Python 3.11")
        return await asyncio.gather(
            *(task(ntkit.Context(threads=1), both) for _ in range(2)),
        )

    assert asyncio.run(main()) == [True, True]


def test_pickles_and_copies():
    net = ntkit.Network([5, 6, 7], "tanh", outputs=2, bias=True, bias_deviation=1, seed=3)
    result = ntkit.spectrum(net, X[:, :5], full=True)
    for way in (lambda x: pickle.loads(pickle.dumps(x)), copy.copy, copy.deepcopy):
        same = way(net)
        assert np.array_equal(same.theta, net.theta) and same.activation == net.activation
        assert np.array_equal(ntkit.kernel(same, X[:, :5]), ntkit.kernel(net, X[:, :5]))
        assert way(result).to_dict(arrays=True) == result.to_dict(arrays=True)
    limited = pickle.loads(pickle.dumps(ntkit.Context(threads=1, memory_limit=10**6)))
    with limited, pytest.raises(MemoryError, match="are available"):
        ntkit.kernel(NET, ntkit.generate("gaussian", 500, 20))
