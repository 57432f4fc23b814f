"""ntkit.Study: the program's own numbers, bit for bit, whatever it is run from and whatever ends it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import ntkit
import numpy as np
import pytest

SMALL = {
    "name": "small",
    "quantity": ["lambda_min", "condition"],
    "network": {"widths": ["n", "2*n"], "activation": "phi"},
    "grid": {"d": range(10, 41, 10), "n": np.array([12, 24]), "N": 60, "phi": ["tanh", "relu"]},
    "trials": 3,
    "seed": 5,
}
# Seconds of computing: what is ended soon is not done.
LONG = {
    "name": "long",
    "network": {"widths": ["n", "n"]},
    "grid": {"d": 60, "n": [60, 80], "N": 300},
    "trials": 1000,
}
# How the tests know the processes of a run: these stand on their command line.
SCRIPT = """
import sys; sys.path.append({mark!r})
import ntkit
print("ready", flush=True)
ntkit.Study({study!r}).run({db!r}, progress=lambda _, part: part > 0.1 and print("go", flush=True))
"""


def numbers(study):
    rows = study.rows()
    return [rows[name].tolist() for name in rows.dtype.names if name != "seconds"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    study = ntkit.Study(SMALL, tmp_path_factory.mktemp("study") / "small.db")
    assert study.run(workers=2).done == study.points * study.trials == 48
    return study


def processes(mark):
    """Those with the mark on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def start(tmp_path, study):
    """A Python that runs it, a tenth of it; no file, as at a prompt."""
    words = SCRIPT.format(mark=str(tmp_path), study=study, db=str(tmp_path / "a.db"))
    child = subprocess.Popen(
        [sys.executable, "-"], stdin=-1, stdout=-1, stderr=-1, text=True, start_new_session=True
    )
    child.stdin.write(words)
    child.stdin.close()
    child.stdin = None
    for line in child.stdout:
        if line == "go\n":
            return child
    raise AssertionError(child.stderr.read())


def gone(mark, seconds=10.0):
    end = time.monotonic() + seconds
    while processes(mark) and time.monotonic() < end:
        time.sleep(0.02)
    return not processes(mark)


# ---- Numbers -------------------------------------------------------------------------------------


def test_is_the_programs(small, program, tmp_path):
    file, db = tmp_path / "small.yaml", tmp_path / "small.db"
    file.write_text(small.status().spec)
    program(f"study run {file} --db {db}")
    theirs = program(f"study export {db}")["rows"]
    ours = small.rows()
    assert len(ours) == len(theirs) == 96
    for row, other in zip(ours, theirs):
        assert list(other) == [*ours.dtype.names, "status"]
        for name in ours.dtype.names:
            assert name == "seconds" or row[name] == other[name]
    theirs = program(f"study fit {db} --x d --group n --where phi=tanh")
    fits = small.fit("d", "n", where={"phi": "tanh"})
    assert [fit.to_dict() for fit in fits] == theirs["fits"]
    found = small.assumptions("d", "n", where={"phi": "tanh"})
    assert [each.to_dict() for each in found] == theirs["assumptions"]


def test_rows_that_are_kept(small):
    rows = small.rows(where={"phi": "relu", "d": 20})
    assert len(rows) == 12 and set(rows["phi"]) == {"relu"} and set(rows["d"]) == {20.0}
    with pytest.raises(ValueError, match="accepted|known|variable"):
        small.rows(where={"q": 1})


def test_means_are_means(small):
    rows = small.rows(where={"phi": "tanh"})
    found = small.summarise("d^2", "n", quantity="condition", where={"phi": "tanh"})
    assert found.labels == ("n = 12", "n = 24")
    assert [point.x for point in found.points] == [100.0, 400.0, 900.0, 1600.0] * 2
    for point in found.points:
        n = (12, 24)[point.curve]
        chosen = (rows["n"] == n) & (rows["d"] ** 2 == point.x) & (rows["quantity"] == "condition")
        values = rows["value"][chosen]
        assert point.trials == len(values) == 3
        np.testing.assert_allclose(point.mean, values.mean(), rtol=1e-14)
        np.testing.assert_allclose(point.deviation, values.std(ddof=1), rtol=1e-13)
        assert point.low <= point.mean <= point.high


def test_what_is_taken_together_is_said(small):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        small.fit("d", "n")
        small.map("d", "n")
        small.summarise("n", "phi")
        small.fit("d", "n", where={"phi": "relu"})
        small.map("2*d + N", "n", where={"phi": "relu"})
    assert [str(w.message).split(" are ")[0] for w in told] == [
        f"trials that differ in {name}" for name in ("phi", "phi", "d")
    ]
    assert {w.filename for w in told} == {__file__}


def test_map_and_its_boundary(small):
    rows = small.rows(where={"phi": "relu"})
    rows = rows[rows["quantity"] == "lambda_min"]
    found = small.map("d", "n", log=True, where={"phi": "relu"})
    assert [(cell.x, cell.y) for cell in found.cells] == [
        (d, n) for d in (10.0, 20.0, 30.0, 40.0) for n in (12.0, 24.0)
    ]
    for cell in found.cells:
        values = rows["value"][(rows["d"] == cell.x) & (rows["n"] == cell.y)]
        values = values[values > 0]
        np.testing.assert_allclose(cell.mean, np.exp(np.log(values).mean()), rtol=1e-12)
    with pytest.raises(ntkit.NumericError, match="level"):
        found.boundary(1e300)


# ---- What it is made of --------------------------------------------------------------------------


def test_texts_files_and_changes(small, tmp_path):
    spec = small.status().spec
    (tmp_path / "a.yaml").write_text(spec)
    for source in (spec, tmp_path / "a.yaml", str(tmp_path / "a.yaml")):
        study = ntkit.Study(source, changes={"trials": 2, "grid.d": range(10, 31, 10)})
        assert (study.name, study.points, study.trials) == ("small", 12, 2)
    assert ntkit.Study.open(small.database).points == small.points
    fewer = ntkit.Study(SMALL, tmp_path / "a.db", changes={"trials": 1, "grid.d": [20, 30]})
    assert fewer.run().done == 8


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"network": {"widths": ["q"]}}, ValueError, "q"),
        ({"colour": 3}, ValueError, "colour"),
        ({"grid": {"N": 10, "d": object()}}, TypeError, "object"),
    ],
)
def test_what_no_study_is(change, error, said):
    with pytest.raises(error, match=said):
        ntkit.Study({**SMALL, **change})


def test_what_no_source_is(tmp_path):
    with pytest.raises(FileNotFoundError):
        ntkit.Study(tmp_path / "none.yaml")
    with pytest.raises(TypeError, match="accepted: a dictionary"):
        ntkit.Study(3)


def test_where_it_cannot_run(small, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="accepted: a name for it"):
        ntkit.Study(SMALL).run()
    with pytest.raises(ValueError, match="seed"):
        ntkit.Study({**SMALL, "seed": 6}).run(small.database)
    with pytest.raises(OSError, match="none"):
        ntkit.Study(SMALL).run(tmp_path / "none" / "a.db")
    with pytest.raises(ValueError, match="shard 3 of 2"):
        small.run(shard=(3, 2))
    with pytest.raises(TypeError, match="workers is 'two'; accepted"):
        small.run(workers="two")
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: "/usr/bin/blender")
    with pytest.raises(RuntimeError, match="set_executable"):
        small.run()


def test_failed_trials_are_said(tmp_path, small):
    # NTK_ERR_LIMIT and its kin are refused before: a failure is a worker that dies.
    done = threading.Event()

    def kill():
        while not done.wait(0.01):
            for pid in processes(str(tmp_path)):
                parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent != os.getpid():
                    os.kill(pid, signal.SIGKILL)
                    return

    sys.path.append(str(tmp_path))
    thread = threading.Thread(target=kill)
    thread.start()
    study = ntkit.Study({**LONG, "trials": 100}, tmp_path / "a.db")
    try:
        with pytest.warns(RuntimeWarning, match="1 trials? failed.*signal 9.*retry"):
            study.run(workers=2)
    finally:
        done.set()
        thread.join()
        sys.path.remove(str(tmp_path))
    assert study.run(retry=True).failed == 0


# ---- Where it is run from, and what ends it ------------------------------------------------------


def test_from_threads_and_shards(small, tmp_path):
    names = [tmp_path / "1.db", tmp_path / "2.db"]
    threads = [
        threading.Thread(target=ntkit.Study(SMALL).run, args=[name], kwargs={"shard": (i + 1, 2)})
        for i, name in enumerate(names)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    merged = ntkit.Study.merge(names, tmp_path / "all.db")
    assert numbers(merged) == numbers(small)


def test_from_a_spawned_process(small, tmp_path):
    run = ntkit.Study(SMALL, tmp_path / "a.db").run  # which is pickled
    child = multiprocessing.get_context("spawn").Process(target=run)
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert numbers(ntkit.Study.open(tmp_path / "a.db")) == numbers(small)


def test_ctrl_c_keeps_what_is_done(tmp_path):
    child = start(tmp_path, {**LONG, "trials": 200})
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    _, said = child.communicate(timeout=20)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert gone(str(tmp_path), 0.0)
    assert 0 < ntkit.Study.open(tmp_path / "a.db").status().done < 400


def test_killed_it_leaves_no_process_and_goes_on(tmp_path):
    study = {**LONG, "trials": 100}
    child = start(tmp_path, study)
    child.kill()
    child.communicate(timeout=20)
    assert gone(str(tmp_path))
    killed, fresh = (ntkit.Study(study, tmp_path / name) for name in ("a.db", "b.db"))
    assert 0 < killed.status().done < 200
    assert killed.run().done == fresh.run().done == 200
    assert numbers(killed) == numbers(fresh)


def test_progress_may_end_it(tmp_path, monkeypatch):
    monkeypatch.setattr("ntkit._runner._PATIENCE", 100.0)  # it ends by itself, and is not killed
    seen = []

    def progress(phase, fraction):
        seen.append((phase, fraction))
        if fraction > 0:
            raise LookupError("enough")

    study = ntkit.Study({**LONG, "trials": 200}, tmp_path / "a.db")
    with pytest.raises(LookupError, match="enough"):
        study.run(progress=progress)
    assert [phase for phase, _ in seen] == ["trials"] * len(seen)
    assert 0 < seen[-1][1] < 1
    assert 0 < json.loads(study.status().to_json())["done"] < 400
