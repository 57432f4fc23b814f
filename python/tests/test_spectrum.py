"""ntkit.spectrum: the program's own answer on the same seeds, bit for bit."""

from __future__ import annotations

import ntkit
import numpy as np
import pytest


def same(ours, theirs):
    """theirs has more: former names, and what a command adds."""
    if isinstance(ours, dict):
        for name, value in ours.items():
            if name not in ("seconds", "memory_bytes"):
                same(value, theirs[name])
    elif isinstance(ours, list) and ours and isinstance(ours[0], dict):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs):
            same(one, other)
    else:
        assert ours == theirs


def test_prefixes_are_runs_on_the_first_samples():
    X = ntkit.generate("gaussian", 70, 15, seed=1)
    net = ntkit.Network([15, 30, 20], activation="tanh", seed=1)
    found = ntkit.spectrum(net, X, prefixes=(10, np.int64(33), 70), tolerance=1e-9)
    assert [p.samples for p in found.prefixes] == [10, 33, 70]
    for prefix in found.prefixes:
        alone = ntkit.spectrum(net, X[: prefix.samples], tolerance=1e-9)
        assert prefix.lambda_min == pytest.approx(alone.lambda_min, rel=1e-10)
    assert len(ntkit.spectrum(net, X).prefixes) == 0
    with pytest.raises(ValueError, match="a prefix of 71 samples; accepted: 1 to 70"):
        ntkit.spectrum(net, X, prefixes=[71])
    with pytest.raises(TypeError, match="prefixes"):
        ntkit.spectrum(net, X, prefixes=["a"])


def test_is_the_programs(program):
    X = ntkit.generate("gaussian", 200, 30, seed=3)
    net = ntkit.Network([30, 40, 50], activation="tanh", seed=3)
    found = ntkit.spectrum(net, X, certify=True, per_block=True, vectors=2, full=True, seed=3)
    theirs = program(
        "spectrum --samples 200 --dim 30 --widths 40,50 --activation tanh --seed 3 --certify "
        "--per-block --vectors 2 --full"
    )
    same(found.to_dict(), theirs)


def test_kernel_has_its_eigenvalues():
    X = ntkit.generate("sphere", 60, 12, seed=1)
    net = ntkit.Network([12, 20, 30], activation="relu", seed=2, outputs=3, bias=True)
    for output in ("trace", 1, "all"):
        K = ntkit.kernel(net, X, output=output)
        found = ntkit.spectrum(net, X, output=output, full=True)
        np.testing.assert_allclose(np.linalg.eigvalsh(K), found.eigenvalues, atol=1e-9 * K.max())


def test_kernel_and_blocks_are_written(tmp_path):
    X = ntkit.generate("cube", 30, 6, seed=1)
    net = ntkit.Network([6, 8, 9], seed=2)
    ntkit.spectrum(net, X, kernel_path=tmp_path / "K.npy", block_path=tmp_path)
    assert np.array_equal(np.load(tmp_path / "K.npy"), ntkit.kernel(net, X))
    for k in range(3):
        block = ntkit.kernel(net, X, blocks=[k])
        np.testing.assert_allclose(np.load(tmp_path / f"block{k}.npy"), block, rtol=1e-14)
    with pytest.raises(OSError, match="nowhere"):
        ntkit.spectrum(net, X, kernel_path=tmp_path / "nowhere/K.npy")
