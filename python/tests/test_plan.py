"""ntkit.plan: what a computation takes."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess

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


def test_printed_and_memory_as_it_is_written():
    found = ntkit.plan([30, 40, 50], 500, memory=256e9, peak=1e12, bandwidth=1e11)
    assert found.machine.memory == 256 * 10**9
    method, lines = found.methods[0], str(found).splitlines()
    row = next(line.split() for line in lines if line.startswith("factor"))
    assert [float(cell) for cell in row[1:5]] == pytest.approx(
        [method.flops, method.bytes, method.seconds, method.memory], rel=5e-3
    )
    assert row[5:] == ["yes", str(method.largest)]
    assert re.fullmatch(
        "answer: factor(; the operator is forecast faster, by a guess.*)?", lines[-1]
    )
    with pytest.raises(TypeError, match="memory"):
        ntkit.plan([30, 40, 50], 500, memory=1.5)


def test_ranks_share_memory():
    one = ntkit.plan([30, 400, 500], 5000, precision="double", method="factor", **KNOWN)
    two = ntkit.plan(
        [30, 400, 500], 5000, precision="double", method="factor", ranks=2, network=2e9, **KNOWN
    )
    assert (one.ranks, two.ranks, two.machine.network.rate) == (1, 2, 2e9)
    assert two.methods[0].memory < 0.8 * one.methods[0].memory
    assert one.methods[0].traffic == 0 and two.methods[0].traffic > 2 * 5000**2
    with pytest.raises(ValueError, match="with ranks from 2 on"):
        ntkit.plan([5, 6], 9, network=1e9)


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
    values = {"question": "train", **KNOWN, "ranks": 2, "network": 1e9}
    elsewhere = ["spectrum", "memorize", "train", "calibration"]
    options.check(ntkit.plan, ([5, 6], 9), "ntk_plan_options", values, elsewhere)
    flags = ("full", "per_block", "certify", "resolve", "density")
    of_spectrum = {**dict.fromkeys(flags, True), "vectors": 3, "probes": 4, "steps": 5}
    of_train = {"epochs": 7, "track": 3}
    for question, given in (("spectrum", of_spectrum), ("train", of_train)):
        for keyword, value in given.items():
            found = options.handed(
                "ntk_plan_options",
                lambda k=keyword, v=value, q=question: ntkit.plan([5, 6], 9, q, **{k: v}),
            )
            assert getattr(found[question], keyword) == value
    found = options.handed("ntk_plan_options", lambda: ntkit.plan([5, 6], 9, output="all"))
    assert found["spectrum"].outputs == 1


def test_what_each_question_is_asked_with():
    found = ntkit.plan([10, 20, 90], 1000, precision="mixed", method="factor")
    assert [method.name for method in found.methods] == ["mixed"]
    found = ntkit.plan([10, 20, 90], 1000, "train", track=[0, 1, 5], kernel_precision="double")
    assert [method.name for method in found.methods] == ["gd"]
    tracked = ntkit.plan([10, 20, 90], 1000, "train", track="log", kernel_precision="double")
    assert found.methods[0].flops < tracked.methods[0].flops


def test_d_alone():
    found = ntkit.plan(10, 1000)  # 10 n + n^2 + n >= 1000
    assert (found.width, found.least_width, found.parameters) == (27, 27, 1026)
    by_widths = ntkit.plan([10, 27, 27], 1000)
    assert (by_widths.width, by_widths.methods[0].flops) == (0, found.methods[0].flops)


def test_names_are_the_programs(capfd):
    program = pathlib.Path(os.environ.get("NTKIT", "ntkit"))
    if shutil.which(program) is None:
        pytest.skip("no program here")
    words = "plan --samples 500 --dim 10 --widths 20,90 --peak 1000 --json"  # 1e12 flops a second
    words = [program, *words.split()]
    told = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    found = ntkit.plan([10, 20, 90], 500, peak=1e12)
    assert found.machine.peak == pytest.approx(told["machine"]["peak"]) == pytest.approx(1e12)
    about_program = {"question", "data", "dim", "widths", "outputs", "environment"}
    ours = {field.name for field in dataclasses.fields(found)}
    assert ours == set(told) - about_program
    for mine, theirs in zip(found.methods, told["methods"]):
        assert {f.name for f in dataclasses.fields(mine)} == set(theirs)
        assert (mine.flops, mine.bytes) == (theirs["flops"], theirs["bytes"])


def test_rounds_and_batches():
    def steps(**options):
        phases = ntkit.plan([10, 20, 90], 500, "train", epochs=20, **options).methods[0].phases
        return sum(phase.flops for phase in phases if phase.name == "training")

    forward = 2 * 500 * (10 * 20 + 20 * 90 + 90) * 20
    assert steps(batch=50) == pytest.approx(steps() + forward)
    assert steps(clients=5) == pytest.approx(steps() + forward)
    five = steps(clients=5, local_steps=5)
    assert five == pytest.approx(5 * steps() + forward)
    with pytest.raises(ValueError, match="batch is 501, and there are 500 samples"):
        steps(batch=501)


def test_refusals():
    with pytest.raises(
        ValueError, match="precision is of the question|'mixed'; known: double, float"
    ):
        ntkit.plan([5, 6], 9, "train", precision="mixed")
    with pytest.raises(ValueError, match="accepted: the method factor"):
        ntkit.plan([5, 6], 9, method="operator", certify=True)
    with pytest.raises(ValueError, match="'float'; known: auto, double, mixed"):
        ntkit.plan([5, 6], 9, "memorize", precision="float")
    with pytest.raises(ValueError, match="ascending"):
        ntkit.plan([5, 6], 9, prefixes=[4, 3])
    with pytest.raises(ValueError, match="track is of the question train"):
        ntkit.plan([5, 6], 9, track=3)
    with pytest.raises(ValueError, match="did you mean 'spectrum'"):
        ntkit.plan([5, 6], 9, "spectra")
    with pytest.raises(ValueError, match="samples"):
        ntkit.plan([5, 6], 0)
