"""Figures and data frames: the numbers that are in them."""

from __future__ import annotations

import sys
import warnings
from types import SimpleNamespace
from xml.etree import ElementTree

import ntkit
import numpy as np
import pytest
from ntkit import plot, results
from ntkit._formula import for_figures as formula
from ntkit._result import Rows
from ntkit._study_table import warn_missing

matplotlib = pytest.importorskip("matplotlib")
nan = float("nan")


@pytest.fixture(autouse=True)
def nothing_else_changes():
    before = dict(matplotlib.rcParams)
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = pyplot.get_fignums() if pyplot else None
    yield
    assert dict(matplotlib.rcParams) == before
    assert sys.modules.get("matplotlib.pyplot") is pyplot
    assert figures is None or pyplot.get_fignums() == figures


@pytest.fixture(scope="module")
def spectrum():
    X = ntkit.generate("gaussian", 80, 15, seed=1)
    net = ntkit.Network([15, 30, 20], activation="tanh", seed=1)
    return ntkit.spectrum(net, X, full=True, per_block=True)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = ntkit.Study(
        {
            "name": "grow",
            "quantity": ["lambda_min", "lambda_max"],
            "network": {"widths": ["2*d", "2*d"], "activation": "tanh"},
            "grid": {"d": [10, 14, 20], "N": [20, 30]},
            "trials": 4,
        },
        tmp_path_factory.mktemp("plot") / "grow.db",
    )
    study.run()
    return study


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.get_lines()}


@pytest.mark.parametrize(
    ("how", "x"),
    [({"ridge": [0, 0.1, 1, 10]}, "ridge"), ({"time": [0, 0.01, 0.1]}, "time, or steps")],
)
def test_regression(how, x):
    X = ntkit.generate("gaussian", 30, 6, seed=1)
    net = ntkit.Network([6, 20, 20], activation="tanh", seed=1)
    y, beyond = X[:, 0] - X[:, 1] ** 2, ntkit.generate("gaussian", 10, 6, seed=2)
    found = ntkit.kernel_regression(net, X, y, beyond, y_test=np.ones(10), **how)
    ax = found.plot()
    drawn = lines(ax)
    at = next(iter(how.values()))[1:]  # 0 is nowhere on a logarithmic axis
    for name, label in (("train_error", "training"), ("test_error", "test")):
        wanted = [getattr(point, name) for point in found.points[1:]]
        np.testing.assert_array_equal(drawn[label], np.column_stack([at, wanted]))
    assert ("one left out" in drawn) == (x == "ridge")
    assert ax.get_xscale() == ax.get_yscale() == "log" and ax.get_xlabel() == x
    with pytest.raises(ValueError, match="one point"):
        ntkit.kernel_regression(net, X, y, beyond, ridge=1).plot()


def test_spectrum(spectrum):
    found = lines(spectrum.plot())
    np.testing.assert_array_equal(found["K"][:, 0], np.arange(1, 81))
    np.testing.assert_array_equal(found["K"][:, 1], spectrum.eigenvalues)
    bars = spectrum.plot(what="histogram").patches
    assert sum(bar.get_height() for bar in bars) == 80
    found = lines(spectrum.plot(what="blocks"))
    least = np.array([block.lambda_min for block in spectrum.blocks])
    kept = least > 0  # 0 has no logarithm
    drawn = found[formula("lambda_min(K_k)")]
    np.testing.assert_array_equal(drawn[kept, 1], least[kept])
    assert np.isnan(drawn[~kept, 1]).all()


def test_spectral_density():
    X = ntkit.generate("gaussian", 80, 15, seed=1)
    net = ntkit.Network([15, 30, 20], activation="tanh", seed=1)
    found = ntkit.spectrum(net, X, density=True, probes=4, steps=20, full=True)
    density = found.density
    assert (density.probes, density.steps, density.products, density.solves) == (4, 20, 80, 80)
    label = "estimate, with 95 % intervals"
    for what, name in (("density", "density"), ("cumulative", "count")):
        ax = found.plot(what=what)
        drawn = lines(ax)[label]
        np.testing.assert_array_equal(drawn[:, 0], [p.eigenvalue for p in density.points])
        np.testing.assert_array_equal(drawn[:, 1], [getattr(p, name) for p in density.points])
        edge = ax.collections[0].get_paths()[0].vertices
        assert edge[:, 1].max() == max(getattr(p, f"{name}_high") for p in density.points)
        assert ax.get_xscale() == "log"
    ax = found.plot(what="cumulative")
    steps = lines(ax)["all eigenvalues"]
    np.testing.assert_array_equal(steps[:, 0], found.eigenvalues)
    # Counts only rise: both curves are steps, the band holds what a count can be between points.
    assert {line.get_drawstyle() for line in ax.lines} == {"steps-post"}
    corners = {tuple(v) for v in ax.collections[0].get_paths()[0].vertices.tolist()}
    for p, q in zip(density.points, density.points[1:]):
        assert (p.eigenvalue, q.count_high) in corners
        assert (q.eigenvalue, p.count_low) in corners
    inside = [
        p.count_low <= np.sum(found.eigenvalues < p.eigenvalue) <= p.count_high
        for p in density.points
    ]
    assert np.mean(inside) >= 0.9
    narrow = ntkit.Network([15, 3, 2], activation="tanh", seed=1)  # P = 53
    singular = ntkit.spectrum(narrow, X, density=True, full=True)
    label = f"all but 27 up to {singular.resolution:.1e}, the resolution"
    steps = lines(singular.plot(what="cumulative"))[label]
    np.testing.assert_array_equal(steps[:, 0], singular.eigenvalues[27:])
    plain = ntkit.spectrum(net, X)
    assert plain.density.probes == 0
    assert len(plain.density.points) == 0
    with pytest.raises(ValueError, match="no density to draw; accepted: one of density=True"):
        plain.plot(what="density")


def test_axes_that_are_given(spectrum):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert spectrum.plot(ax) is ax
    assert spectrum.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_what_has_no_figure(spectrum, monkeypatch):
    X = ntkit.generate("gaussian", 20, 5)
    bare = ntkit.spectrum(ntkit.Network([5, 8]), X)
    with pytest.raises(ValueError, match="full=True"):
        bare.plot()
    with pytest.raises(
        ValueError, match="accepted: eigenvalues, histogram, density, cumulative, blocks"
    ):
        spectrum.plot(what="pie")
    with pytest.raises(TypeError, match="Certificate has no figure"):
        spectrum.certificate.plot()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        spectrum.plot()


def test_training():
    track = [
        SimpleNamespace(epoch=t, prediction=8.0 * 0.4**t, lambda_max=9.0 + t, lambda_min=2.0 - t)
        for t in range(3)
    ]
    result = SimpleNamespace(
        losses=8.0 * 0.5 ** np.arange(5),
        loss_initial=8.0,
        rate_bound=0.9,
        convergence=SimpleNamespace(c=0.25),
        track=track,
    )
    found = lines(plot.training(result))
    np.testing.assert_allclose(found["loss"][:, 1], [8, 4, 2, 1, 0.5])
    np.testing.assert_allclose(found["bound (20), c = 0.25"][:, 1], 8 * 0.9 ** np.arange(5))
    np.testing.assert_allclose(found["linearised"], [[0, 8], [1, 3.2], [2, 1.28]])
    found = lines(plot.training(result, what="eigenvalues"))
    np.testing.assert_allclose(found[formula("lambda_min")], [[0, 2], [1, 1]])  # 0: no logarithm


def ledger_row(**fields):
    words = dict.fromkeys(("key", "section", "name", "equation", "order", "note"), "")
    numbers = dict.fromkeys(("value", "error", "spread", "scale", "ratio"), nan)
    return results.LedgerRow(**{**words, **numbers, "claim": "Theta", "verdict": "holds", **fields})


def test_ledger():
    rows = Rows(
        [
            ledger_row(name="lambda_min(K)", equation="(6)", ratio=2.0, scale=5.0, spread=1.0),
            ledger_row(name="N"),
            ledger_row(name="||f_1||", ratio=0.5, scale=1.0, verdict="fails"),
        ]
    )
    ax = plot.ledger(SimpleNamespace(ledger=rows))
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        formula("lambda_min(K)") + "  (6)",
        "‖" + formula("f_1") + "‖",
    ]
    bars = {c.get_label(): c for c in ax.containers}
    assert list(bars) == ["fails", "holds"]
    np.testing.assert_allclose(bars["holds"].lines[0].get_xydata(), [[2.0, 0]])
    np.testing.assert_allclose(bars["holds"].lines[2][0].get_segments()[0][:, 0], [1.8, 2.2])
    spectra = {"K": np.array([1e-20, 2.0, 5.0]), "K_{L-2}": np.array([1.0, 2.0, 3.0])}
    found = lines(plot.ledger(SimpleNamespace(spectra=spectra), what="spectra"))
    np.testing.assert_array_equal(found["K"], [[1, nan], [2, 2], [3, 5]])  # 1e-20: a rounded 0
    np.testing.assert_array_equal(found[formula("K_{L-2}")][:, 1], [1, 2, 3])
    pytest.importorskip("pandas")
    frame = rows.to_pandas()
    assert list(frame["verdict"]) == ["holds", "holds", "fails"]
    np.testing.assert_array_equal(frame["ratio"], [2.0, nan, 0.5])


def test_study(study):
    fits = study.fit("d", "N")
    ax = study.plot("d", "N")
    drawn = [line.get_xydata() for line in ax.get_lines()]
    points = study.summarise("d", "N").points
    for i, fit in enumerate(fits):
        own = [p for p in points if p.curve == i]
        np.testing.assert_array_equal(drawn[3 * i], [(p.x, p.mean) for p in own])
        ends = np.array([10.0, 20.0])
        np.testing.assert_allclose(drawn[3 * i + 1][:, 1], fit.constant * ends**fit.slope)
        band = ax.collections[i].get_paths()[0].vertices
        for p in own:
            assert {p.low, p.high} <= set(band[band[:, 0] == p.x, 1])
    theory = lines(ax)["(6) and (7): slope 2.00"]
    slope = np.log(theory[1, 1] / theory[0, 1]) / np.log(theory[1, 0] / theory[0, 0])
    np.testing.assert_allclose(slope, 2.0)
    other = study.plot("d", quantity="lambda_max", band="sd", where={"N": 20})
    assert not any("(6)" in label for label in lines(other))  # the theorem is of lambda_min
    assert other.get_ylabel() == formula("lambda_max(K)")


def test_map(study, monkeypatch):
    made = study.map("d", "N", quantity="lambda_max", log=True)
    ax = made.plot(boundary=True)
    (boxes,) = ax.collections
    np.testing.assert_array_equal(boxes.get_array(), [cell.mean for cell in made.cells])
    corners = [path.vertices for path in boxes.get_paths()]
    for vertices, cell in zip(corners, made.cells):
        (left, low), (right, high) = vertices.min(axis=0), vertices.max(axis=0)
        assert (left, right) == {10: (8, 12), 14: (12, 17), 20: (17, 23)}[cell.x]
        assert (low, high) == {20: (15, 25), 30: (25, 35)}[cell.y]
    line = ax.get_lines()[1].get_xydata()
    np.testing.assert_allclose(line[:, 1] / line[:, 0], made.boundary().constant)
    level = made.boundary().level
    again = made.plot(boundary=level).get_lines()[1]
    assert again.get_label() == f"N = {made.boundary().constant:.3g} d"
    for name in ("matplotlib", "matplotlib.collections"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        made.plot()


def test_what_means_leave_out_is_said():
    point = {"x": 1.0, "y": 1.0, "mean": 2.0, "deviation": 0.5}
    cells = [results.MapCell(**point, trials=3, missing=2, left_out=1)]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        warn_missing(cells, 2)
    assert [str(w.message)[:25] for w in told] == [
        "2 of 6 trials have no val",
        "1 of 6 trials are 0 or be",
    ]


def test_data_frames(study, spectrum, monkeypatch):
    pytest.importorskip("pandas")
    rows, frame = study.rows(), study.to_pandas()
    assert list(frame.columns) == list(rows.dtype.names)
    for name in frame.columns:
        assert list(frame[name]) == list(rows[name])
    frame = study.fit("d", "N").to_pandas()
    assert list(frame["curve"]) == ["N = 20", "N = 30"]
    assert (frame["interval_low"] <= frame["slope"]).all()
    assert list(spectrum.blocks.to_pandas()["trace"]) == [b.trace for b in spectrum.blocks]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        study.to_pandas()


def cells(page):
    root = ElementTree.fromstring(f"<div>{page.replace('<br>', '')}</div>")
    return [["".join(cell.itertext()).strip() for cell in row] for row in root.iter("tr")]


def test_pages_have_the_numbers(spectrum, study):
    page = spectrum._repr_html_()
    found = {row[0]: row[1] for row in cells(page) if len(row) == 3}
    assert found["verdict"] == "✓ ok" and found["samples"] == "80"
    assert found["lambda_max"] == f"{spectrum.lambda_max:.6g}"
    assert found["memory_bytes"] == f"{spectrum.memory_bytes} bytes"
    assert "certificate.lower" not in found  # it was not asked for
    blocks = cells(spectrum.blocks._repr_html_())
    assert blocks[0] == ["", "lambda_min", "trace", "verdict"]
    assert [row[2] for row in blocks[1:]] == [f"{b.trace:.6g}" for b in spectrum.blocks]
    (head, *fits) = cells(study.fit("d", "N")._repr_html_())
    assert [fit[head.index("curve")] for fit in fits] == ["N = 20", "N = 30"]
    assert "http" not in page and "<script" not in page and "<style" not in page
    assert ["done", "24", "trials computed"] in cells(study._repr_html_())


def test_pages_of_ledgers_and_long_lists():
    row = ledger_row(name="||f_1||^2 <a>", order="sqrt n_{L-1}", section="3.1", note="x < y")
    page = Rows([row] * 2)._repr_html_()
    assert "‖f<sub>1</sub>‖<sup>2</sup> &lt;a&gt;" in page
    assert [len(line) for line in cells(page)] == [7, 1, 7, 7]
    assert cells(page)[2][3] == "Θ(√nL−1)" and "x &lt; y" in page
    points = Rows([results.BlockResult(float(i), 1.0, "ok") for i in range(100)])
    long = cells(points._repr_html_())
    assert len(long) == 1 + 40 + 1 + 10 and long[41] == ["… 50 more …"]
    assert [line[1] for line in (long[1], long[40], long[42], long[-1])] == ["0", "39", "90", "99"]
    assert Rows([])._repr_html_() == "<i>no rows</i>"
    page = Rows([results.Assumption("<i>", "", 1, 0, 0, "")])._repr_html_()
    assert cells(page)[0] == ["", "assumption", "points", "outside", "unknown"]  # no empty column
    assert cells(page)[1][1] == "<i>"
