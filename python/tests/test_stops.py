"""A call that was stopped leaves nothing behind: not to its thread, not to the call around it."""

from __future__ import annotations

import ntkit
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
