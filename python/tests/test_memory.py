"""What does not fit is refused before it takes time; what a result says of memory is its own."""

from __future__ import annotations

import ntkit
import numpy as np
import pytest

LIMIT = 20_000_000


@pytest.fixture(scope="module")
def job():
    X = ntkit.generate("gaussian", 2500, 20, seed=1)
    return ntkit.Network([20, 60, 60], seed=1), X


@pytest.mark.parametrize(
    "question",
    [
        lambda net, X: ntkit.spectrum(net, X, method="factor"),
        lambda net, X: ntkit.kernel(net, X),
        lambda net, X: ntkit.memorize(net, X, np.ones(len(X))),
        lambda net, X: ntkit.train(net, X, np.ones(len(X)), epochs=1, track=1),
        lambda net, X: ntkit.verify(net, X, "gaussian"),
    ],
)
def test_too_large_is_refused_before_the_work(job, question):
    """K takes 25 MB, or 50: nothing that is large has been made when that is said."""
    net, X = job
    with ntkit.Context(memory_limit=LIMIT) as context:
        with pytest.raises(MemoryError, match=r"need.* [0-9.]+ .B.* [0-9.]+ .B"):
            question(net, X)
        assert context.memory_peak < LIMIT / 10


def test_memory_of_a_result_is_its_own(job):
    net, X = job
    with ntkit.Context(threads=1):
        alone = ntkit.spectrum(net, X[:100]).memory_bytes
    with ntkit.Context(threads=1) as context:
        large = ntkit.spectrum(net, X).memory_bytes
        assert ntkit.spectrum(net, X[:100]).memory_bytes == alone
        assert context.memory_peak == large > alone
