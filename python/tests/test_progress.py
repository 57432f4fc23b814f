"""progress=True: tqdm's bar, one for a call."""

from __future__ import annotations

import sys
import types
import warnings

import pytest
from ntkit._library import reporter
from ntkit._progress import Bars

pytest.importorskip("tqdm")


def last_line(capsys):
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1  # one bar, which stays
    return shown.rstrip().split("\r")[-1]


def test_a_bar_for_all_phases_ends_at_its_end(capsys):
    with reporter(True) as report:
        for phase, fraction in (("kernel", 0.2), ("kernel", 0.9), ("factor", 0.1), ("factor", 0.6)):
            report(phase, fraction)
    assert last_line(capsys).startswith("factor: 100%|")


def test_a_bar_stays_where_an_exception_came(capsys):
    with pytest.raises(KeyError), reporter(True) as report:
        report("kernel", 0.25)
        raise KeyError
    assert last_line(capsys).startswith("kernel:  25%|")


def test_a_notebook_without_ipywidgets_is_not_warned_of(capsys, monkeypatch):
    notebook = types.SimpleNamespace(config={"IPKernelApp": {}})
    for name in [n for n in sys.modules if n.startswith(("tqdm.auto", "tqdm.notebook"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("ipywidgets", "IPython.html.widgets", "IPython.html"):
        monkeypatch.setitem(sys.modules, name, None)
    ipython = types.SimpleNamespace(get_ipython=lambda: notebook)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    for name in ("ipykernel", "ipykernel.zmqshell"):  # by which versions of tqdm tell a notebook
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    with warnings.catch_warnings(record=True) as seen:  # raised, tqdm would take it for its own
        warnings.simplefilter("always")
        bars = Bars()
    assert not seen
    bars("kernel", 0.5)
    bars.close(done=True)
    assert "kernel: 100%|" in last_line(capsys)
