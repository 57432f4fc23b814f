"""ntkit.plan: what a computation takes."""

from __future__ import annotations

import ntkit
import numpy as np
import options
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:seconds are guesses")  # this machine may be busy
KNOWN = {"cores": 3, "memory": 1 << 40, "peak": 1e12, "bandwidth": 1e11}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_what_it_tells():
    net = ntkit.Network([30, 40, 50], seed=1)
    found = ntkit.plan(net, 500, **KNOWN)
    assert (found.samples, found.parameters, found.order) == (500, 30 * 40 + 40 * 50 + 50, 500)
    assert found.chosen == "factor" and found.machine.peak == pytest.approx(1e12)
    method = found.methods[0]
    phases = {phase.name: phase for phase in method.phases}
    assert phases["factorisation"].flops == pytest.approx(500**3 / 3)
    assert method.seconds == pytest.approx(sum(phase.seconds for phase in method.phases))
    used = ntkit.spectrum(net, np.random.default_rng(0).normal(size=(500, 30))).memory_bytes
    assert used <= method.memory


def test_note_is_a_warning(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way of a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.warns(RuntimeWarning) as told:
        found = ntkit.plan([10, 50, 40], 50)
    assert [str(one.message) for one in told] == [found.machine.note]
    assert found.bounds.lower_scale == found.bounds.upper_scale == 10 * 40


def test_widths_are_enough():
    by_net = ntkit.plan(ntkit.Network([30, 40, 50]), 500, **KNOWN).methods[0]
    assert ntkit.plan([30, 40, 50], 500, **KNOWN).methods[0].flops == by_net.flops
    large = ntkit.plan([784, 1000, 1000], 60000, memory=8 << 30, certify=True)
    assert large.chosen is None and large.reason.startswith("no method fits: ")
    assert 20000 < large.methods[0].largest < 60000


def test_options_are_the_librarys():
    values = {"question": "train", "epochs": 7, **KNOWN}
    elsewhere = ["spectrum", "calibration"]
    options.check(ntkit.plan, ([5, 6], 9), "ntk_plan_options", values, elsewhere)
    for keyword in ("full", "per_block", "certify"):
        found = options.handed(
            "ntk_plan_options", lambda k=keyword: ntkit.plan([5, 6], 9, **{k: 1})
        )
        assert getattr(found["spectrum"], keyword)
    found = options.handed("ntk_plan_options", lambda: ntkit.plan([5, 6], 9, output="all"))
    assert found["spectrum"].outputs == 1


def test_refusals():
    with pytest.raises(ValueError, match="did you mean 'spectrum'"):
        ntkit.plan([5, 6], 9, "spectra")
    with pytest.raises(ValueError, match="samples"):
        ntkit.plan([5, 6], 0)
