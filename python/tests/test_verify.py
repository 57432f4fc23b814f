"""ntkit.verify: the program's own ledger on the same seeds, bit for bit; spectra; refusals."""

from __future__ import annotations

import ntkit
import numpy as np
import pytest

WORDS = "--samples 60 --dim 20 --widths 30,40 --activation tanh --seed 2"


@pytest.fixture(scope="module")
def job():
    """Network and data."""
    return ntkit.Network([20, 30, 40], "tanh", seed=2), ntkit.generate("gaussian", 60, 20, seed=2)


def test_is_the_programs(job, program):
    found = ntkit.verify(*job, "gaussian", population=3000, seed=2).to_dict()
    theirs = program(f"verify {WORDS} --population 3000")
    assert len(found["ledger"]) > 30 and found["population"] == 3000
    for ours, other in zip(found["ledger"], theirs["ledger"]):
        assert all(other[name] == value for name, value in ours.items())
    assert any(row["spread"] is not None for row in found["ledger"])


def test_spectra_and_rows_by_key(job):
    net, X = job
    ledger = ntkit.verify(net, X, spectra=True)
    assert ledger.empirical and sorted(ledger.spectra) == sorted(
        ["K", "K_{L-2}", "J~_FB J~_FB^T", "J~ J~^T"]
    )
    for name, blocks in [("K", None), ("K_{L-2}", [1])]:
        values = np.linalg.eigvalsh(ntkit.kernel(net, X, blocks=blocks))
        np.testing.assert_allclose(ledger.spectra[name], values, atol=1e-12 * values[-1])
    assert abs(ledger["lambda_min_K"].value / ledger.spectra["K"][0] - 1) < 1e-9
    assert ntkit.verify(net, X).spectra == {}
    with pytest.raises(KeyError, match="lambda"):
        ledger["lambda"]


def test_one_output_of_several(job):
    _, X = job
    net = ntkit.Network([20, 30, 40], "tanh", seed=2, outputs=2)
    with pytest.raises(ValueError, match="output is needed.*accepted: 0 to 1"):
        ntkit.verify(net, X)
    given = ntkit.Network.from_weights(net.output(1).weights, activation="tanh")
    chosen, alone = ntkit.verify(net, X, output=1), ntkit.verify(given, X)
    assert chosen["lambda_min_K"].value == alone["lambda_min_K"].value
    spread = [row.key for row in chosen.ledger if not np.isnan(row.spread)]
    assert spread and all(np.isnan(row.spread) for row in alone.ledger)


def test_errors(job):
    net, X = job
    with pytest.raises(ValueError, match="distribution.*known"):
        ntkit.verify(net, X, "normal")
    with pytest.raises(ValueError, match="2048"):
        ntkit.verify(net, X, "gaussian", population=10)
    with pytest.raises(ValueError, match="accepted: 0"):
        ntkit.verify(net, X, output=1)
