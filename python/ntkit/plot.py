"""Figures of results by matplotlib, in the style of the program's own (ntkit study plot, train
--plot). Every function draws into the Axes that it is given, or into those of a new figure, which
pyplot does not know and notebooks show, and returns them; nothing else is changed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ntkit._figure import FEW, GREY, LOOKS, axes, legend, log, plain, quantity
from ntkit._formula import for_figures as formula

# ---- A spectrum ----------------------------------------------------------------------------------


def spectrum(result: Any, ax: Any = None, what: str | None = None) -> Any:
    """what: "eigenvalues" by their number, "histogram", "density" and "cumulative", of
    density=True, or "blocks": lambda_min of every K_k."""
    drawn = {
        "eigenvalues": _eigenvalues,
        "histogram": _histogram,
        "density": _density,
        "cumulative": _cumulative,
        "blocks": _blocks,
    }
    known = {
        "eigenvalues": result.eigenvalues is not None,
        "histogram": result.eigenvalues is not None,
        "density": bool(result.density.points),
        "cumulative": bool(result.density.points),
        "blocks": any(block.verdict is not None for block in result.blocks),
    }
    chosen = what or next((name for name, there in known.items() if there), "eigenvalues")
    if chosen not in drawn:
        raise ValueError(f"what is {what!r}; accepted: {', '.join(drawn)}")
    if not known[chosen]:
        needed = {
            "blocks": "per_block=True",
            "eigenvalues": "full=True (or density, per_block)",
            "histogram": "full=True",
        }.get(chosen, "density=True")
        raise ValueError(f"this spectrum has no {chosen} to draw; accepted: one of {needed}")
    return drawn[chosen](result, axes(ax))


def _seen(result: Any) -> tuple[Any, float]:
    """Eigenvalues above what is lost in rounding, and that; 0: all of them are."""
    values = result.eigenvalues
    lost = result.resolution if np.any(values <= result.resolution) else 0.0
    return values[values > max(lost, 0.0)], lost


def _eigenvalues(result: Any, ax: Any) -> Any:
    colour, marker = LOOKS[0]
    values, lost = _seen(result)
    number = np.arange(len(result.eigenvalues) - len(values), len(result.eigenvalues)) + 1
    marker = marker if len(values) <= FEW else ""
    ax.plot(number, values, color=colour, marker=marker, linewidth=2, label="K")
    log(ax.yaxis, values)
    if lost > 0.0:
        ax.axhline(lost, color=GREY, linestyle=":", label=f"lost in rounding: {lost:.2g} and less")
    elif not math.isnan(result.lambda_min):
        proved = ", proved" if result.certificate.certified else ""
        label = formula("lambda_min") + f" = {result.lambda_min:.4g}{proved}"
        ax.plot([1], values[:1], LOOKS[1][1], color=LOOKS[1][0], label=label)
    least = result.bounds.diagonal_min
    if least > 0.0:
        label = formula("lambda_min <= min_i K_{ii}") + f" = {least:.4g} (16)"
        ax.axhline(least, color=GREY, linestyle="--", linewidth=1, label=label)
    ax.set_xlim(-0.03 * number[-1], 1.03 * number[-1])
    ax.set_xlabel("number of the eigenvalue, ascending")
    ax.set_ylabel("eigenvalue of K")
    legend(plain(ax))
    return ax


def _histogram(result: Any, ax: Any) -> Any:
    values, _ = _seen(result)
    low, high = math.log10(values[0]), math.log10(values[-1])
    bins = np.logspace(low, high, 1 + max(5, min(60, math.isqrt(len(values)) * 2)))
    bins[0], bins[-1] = values[0], values[-1]
    ax.hist(values, bins=bins, color=LOOKS[0][0], edgecolor="white", linewidth=0.5)
    log(ax.xaxis, values)
    ax.set_xlabel("eigenvalue of K")
    ax.set_ylabel("how many")
    hidden = len(result.eigenvalues) - len(values)
    if hidden:
        ax.set_title(f"and {hidden} lost in rounding", fontsize="medium")
    return plain(ax)


def _density(result: Any, ax: Any) -> Any:
    ax.set_ylabel("eigenvalues per decade")
    return _intervals(result.density, "density", ax)


def _cumulative(result: Any, ax: Any) -> Any:
    ax.set_ylabel("eigenvalues up to it")
    if result.eigenvalues is not None:
        values, lost = _seen(result)
        hidden = len(result.eigenvalues) - len(values)
        number = np.arange(hidden, len(result.eigenvalues)) + 1
        label = (
            f"all but {hidden} up to {lost:.1e}, the resolution" if hidden else "all eigenvalues"
        )
        ax.step(values, number, LOOKS[1][0], where="post", label=label)
    return _intervals(result.density, "count", ax)


def _intervals(density: Any, name: str, ax: Any) -> Any:
    at, value, low, high = (
        [getattr(point, field) for point in density.points]
        for field in ("eigenvalue", name, f"{name}_low", f"{name}_high")
    )
    label = f"estimate, with {100 * density.level:g} % intervals"
    looks = {"color": LOOKS[0][0]}
    if name == "count":  # which only rises: between two points it is at most what it is at the next
        ax.fill_between(
            at, low, high[1:] + high[-1:], step="post", alpha=0.25, linewidth=0, **looks
        )
        ax.step(at, value, where="post", linewidth=2, label=label, **looks)
    else:
        ax.fill_between(at, low, high, alpha=0.25, linewidth=0, **looks)
        ax.plot(at, value, linewidth=2, label=label, **looks)
    log(ax.xaxis, at)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("eigenvalue of K")
    legend(plain(ax))
    return ax


def _blocks(result: Any, ax: Any) -> Any:
    number = np.arange(len(result.blocks))
    least = np.array([block.lambda_min for block in result.blocks])
    mean = np.array([block.trace for block in result.blocks]) / result.order
    for values, name, look in (
        (mean, "tr K_k / N, the mean eigenvalue", LOOKS[1]),
        (least, "lambda_min(K_k)", LOOKS[0]),
    ):
        shown = np.where(values > 0.0, values, np.nan)
        ax.plot(number, shown, look[1], color=look[0], markersize=8, label=formula(name))
    total = result.lambda_min
    if total > 0.0:
        label = formula("lambda_min(K)") + f" = {total:.4g}"
        ax.axhline(total, color=GREY, linestyle="--", linewidth=1, label=label)
    log(ax.yaxis, [*least, *mean, total])
    # 0 has no place on the axis.
    ax.set_xticks(
        number,
        [formula(f"K_{k}") + ("\nis singular" if least[k] == 0.0 else "") for k in number],
    )
    ax.margins(x=0.15)
    ax.set_ylabel("eigenvalue")
    legend(plain(ax))
    return ax


# ---- A training ----------------------------------------------------------------------------------


def training(result: Any, ax: Any = None, what: str = "loss") -> Any:
    """what: "loss", with (20) and the linearised model; "eigenvalues" of K along the way."""
    drawn = {"loss": _loss, "eigenvalues": _track}
    if what not in drawn:
        raise ValueError(f"what is {what!r}; accepted: {', '.join(drawn)}")
    ax = drawn[what](result, axes(ax))
    ax.set_xlabel("epoch")
    legend(plain(ax))
    return ax


def _loss(result: Any, ax: Any) -> Any:
    epochs, losses = np.arange(len(result.losses)), result.losses
    shown = losses[losses > 0.0]
    least = shown.min() / 10 if len(shown) else 0.0  # what is below must not pull the axis
    _series(ax, epochs, losses, 0.0, "loss", 0)
    if not math.isnan(result.rate_bound):
        bound = result.loss_initial * result.rate_bound**epochs
        c = result.convergence.c
        label = "bound (20)" + ("" if math.isnan(c) else f", c = {c:.3g}")
        _series(ax, epochs, bound, least, label, 1)
    at = [point.epoch for point in result.track]
    predicted = [point.prediction for point in result.track]
    _series(ax, at, predicted, least, "linearised", 2, line=False)
    log(ax.yaxis, shown)
    ax.set_ylabel("loss")
    return ax


def _track(result: Any, ax: Any) -> Any:
    if not result.track:
        raise ValueError("this training tracked no eigenvalues; accepted: one with track=")
    at = [point.epoch for point in result.track]
    both = [[getattr(p, name) for p in result.track] for name in ("lambda_max", "lambda_min")]
    for i, values in enumerate(both):
        _series(ax, at, values, 0.0, formula(("lambda_max", "lambda_min")[i]), i)
    log(ax.yaxis, [*both[0], *both[1]])
    ax.set_ylabel(formula("eigenvalues of K(θ_t)"))
    return ax


def _series(
    ax: Any, x: Any, y: Any, least: float, label: str, look: int, line: bool = True
) -> None:
    """A curve of what is above least; of many points without shapes."""
    x, y = np.asarray(x), np.asarray(y, dtype=float)
    kept = np.isfinite(y) & (y > least)
    if not kept.any():
        return
    colour, marker = LOOKS[look]
    if line:
        marker = marker if kept.sum() <= FEW else ""
        ax.plot(x[kept], y[kept], color=colour, marker=marker, linewidth=2, label=label)
    else:
        few = np.flatnonzero(kept)[:: max(1, int(kept.sum()) // FEW)]
        ax.plot(x[few], y[few], marker, color=colour, label=label)


# ---- A regression --------------------------------------------------------------------------------


def regression(result: Any, ax: Any = None) -> Any:
    """Errors over the ridges to choose from, or over times; 0 has no place on the axis."""
    points, times = result.points, not math.isnan(result.points[0].time)
    if len(points) < 2:
        raise ValueError(
            "this regression has one point, and no curve; accepted: one with several ridge= or time="
        )
    at = np.array([point.time if times else point.ridge for point in points])
    ax = axes(ax)
    drawn = []
    for i, (name, label) in enumerate(
        (("train_error", "training"), ("test_error", "test"), ("loo_error", "one left out"))
    ):
        error = np.array([getattr(point, name) for point in points])
        _series(ax, at[at > 0.0], error[at > 0.0], 0.0, label, i)
        drawn += error[at > 0.0].tolist()
    if not times and result.ridge > 0.0:
        label = f"chosen: {result.ridge:.4g}"
        ax.axvline(result.ridge, color=GREY, linestyle="--", linewidth=1, label=label)
    log(ax.xaxis, at)
    log(ax.yaxis, drawn)
    ax.set_xlabel("time, or steps" if times else "ridge")
    ax.set_ylabel(formula("||f - Y|| / ||Y||"))
    legend(plain(ax))
    return ax


# ---- A ledger ------------------------------------------------------------------------------------

# As in the program's pages: a colour and a shape for each verdict.
VERDICTS = {
    "fails": ("#8a2c00", "X"),
    "suspect": ("#E69F00", "v"),
    "outside": ("#333333", "D"),
    "holds": ("#0072B2", "o"),
    "consistent": ("#56B4E9", "s"),
    "unresolved": ("#888888", "P"),
    "measured": ("#888888", "o"),
}


def ledger(result: Any, ax: Any = None, what: str = "ratios") -> Any:
    """what: "ratios" of each measured to its predicted order; "spectra" of the proof's kernels."""
    drawn = {"ratios": _ratios, "spectra": _spectra}
    if what not in drawn:
        raise ValueError(f"what is {what!r}; accepted: {', '.join(drawn)}")
    return drawn[what](result, ax)


def _spectra(result: Any, ax: Any) -> Any:
    if not result.spectra:
        raise ValueError("this ledger has no spectra to draw; accepted: one of spectra=True")
    ax = axes(ax)
    largest = max(values[-1] for values in result.spectra.values())
    for i, (name, values) in enumerate(result.spectra.items()):
        # The last is black over a wide one; what rounding makes of 0 must not pull the axis.
        colour, width = (LOOKS[i][0], 5 if i == 2 else 2) if i < 3 else (LOOKS[-1][0], 1)
        shown = np.where(values > 1e-15 * largest, values, np.nan)
        number = np.arange(1, len(values) + 1)
        ax.plot(number, shown, color=colour, linewidth=width, label=formula(name))
    log(ax.yaxis, (v for values in result.spectra.values() for v in values if v > 1e-15 * largest))
    ax.set_xlabel("number of the eigenvalue, ascending")
    ax.set_ylabel("eigenvalue")
    legend(plain(ax))
    return ax


def _ratios(result: Any, ax: Any) -> Any:
    rows = [row for row in result.ledger if math.isfinite(row.ratio) and row.ratio > 0.0]
    if not rows:
        raise ValueError("no row of this ledger has a ratio above 0 to draw")
    ax = axes(ax, 7.0, 1.2 + 0.24 * len(rows))
    for verdict, (colour, marker) in VERDICTS.items():
        at = [i for i, row in enumerate(rows) if row.verdict == verdict]
        if not at:
            continue
        ratio = np.array([rows[i].ratio for i in at])
        error = np.array([_error(rows[i]) for i in at])
        low = np.minimum(error, 0.999 * ratio)  # the axis ends above 0
        ax.errorbar(
            ratio,
            at,
            xerr=np.array([low, error]),
            fmt=marker,
            color=colour,
            elinewidth=1.5,
            label=verdict,
        )
    log(ax.xaxis, [row.ratio for row in rows])
    ax.axvline(1.0, color=GREY, linewidth=1)
    ax.set_yticks(range(len(rows)), [_row_name(row) for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel("measured / predicted order")
    plain(ax)
    legend(ax, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _error(row: Any) -> float:
    """Over the weights, or of the measurement, as a part of the scale."""
    spread = row.spread if math.isfinite(row.spread) else row.error
    return abs(spread / row.scale) if math.isfinite(spread) and row.scale else 0.0


def _row_name(row: Any) -> str:
    return formula(row.name) + (f"  {row.equation}" if row.equation.startswith("(") else "")


# ---- Studies -------------------------------------------------------------------------------------


def curves(
    labels: Sequence[str],
    points: Sequence[Any],
    fits: Sequence[Any],
    x: str,
    y: str,
    band: str | None,
    ax: Any = None,
) -> Any:
    """Means with bands; with fits the power laws through them, and the slopes of (6) and (7)."""
    if len(labels) > 2 * len(LOOKS):
        raise ValueError(
            f"{len(labels)} curves, and {2 * len(LOOKS)} can be told apart; accepted: a group with "
            "fewer values, or where="
        )
    ax = axes(ax)
    for i, label in enumerate(labels):
        own = [p for p in points if p.curve == i and math.isfinite(p.mean)]
        if own:
            _curve(ax, i, formula(label), own, band, fits[i] if fits else None)
    if fits:
        _theory(ax, points, fits[0], y)
        log(ax.xaxis, [p.x for p in points])
        log(ax.yaxis, [p.mean for p in points])
    ax.set_xlabel(formula(x))
    ax.set_ylabel(quantity(y))
    legend(plain(ax))
    return ax


def _curve(ax: Any, i: int, label: str, points: Any, band: str | None, fit: Any) -> None:
    colour, marker = LOOKS[i % len(LOOKS)]
    at = np.array([p.x for p in points])
    mean = np.array([p.mean for p in points])
    if band == "sd":
        low, high = (mean + sign * np.array([p.deviation for p in points]) for sign in (-1, 1))
    else:
        low, high = (np.array([getattr(p, end) for p in points]) for end in ("low", "high"))
    if band is not None:
        if fit is not None:  # a logarithmic axis has no 0
            low = np.where(low > 0.0, low, mean.min() / 1e3)
        ax.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
    look = {"markerfacecolor": "white"} if i >= len(LOOKS) else {}
    if fit is None or math.isnan(fit.slope):
        ax.plot(at, mean, marker + "-", color=colour, linewidth=2, label=label, **look)
        return
    slope = f"slope {fit.slope:.2f} ({fit.interval[0]:.2f} .. {fit.interval[1]:.2f})"
    label = f"{label}: {slope}" if label else slope
    ax.plot(at, mean, marker, color=colour, **look)
    ends = np.array([at.min(), at.max()])
    ax.plot(ends, fit.constant * ends**fit.slope, color=colour, linewidth=2)
    ax.plot([], [], marker + "-", color=colour, linewidth=2, label=label, **look)


def _theory(ax: Any, points: Any, fit: Any, name: str) -> None:
    """What Theorem 3.1 says of lambda_min's slope, (7) of a block's, beside the first curve."""
    at = np.array([p.x for p in points if p.curve == 0])
    if math.isnan(fit.slope) or not len(at) or not name.startswith("lambda_min"):
        return
    ends, middle = np.array([at.min(), at.max()]), math.sqrt(at.min() * at.max())
    y = fit.constant * middle**fit.slope
    bounds = [("(6): slope ≥", fit.slope_lower, "--"), ("(7): slope ≤", fit.slope_upper, ":")]
    if re.fullmatch(r"lambda_min_\d+", name):
        bounds = bounds[1:]
    elif abs(fit.slope_lower - fit.slope_upper) < 0.005:
        bounds = [("(6) and (7): slope", fit.slope_lower, "--")]
    for words, slope, dash in bounds:
        if math.isfinite(slope):
            label = f"{words} {slope:.2f}"
            ax.plot(ends, y * (ends / middle) ** slope, dash, color=GREY, label=label)


def plane(made: Any, line: Any = None, ax: Any = None) -> Any:
    """A map: a rectangle for each cell, and a line y = constant x."""
    cells = [cell for cell in made.cells if math.isfinite(cell.mean)]
    if not cells:
        raise ValueError("no cell of this map has a mean to draw")
    ax = axes(ax)
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.patches import Rectangle

    across = _edges({cell.x for cell in cells})
    column = {x: _edges({cell.y for cell in cells if cell.x == x}) for x in across}
    boxes = []
    for cell in cells:
        (left, right), (low, high) = across[cell.x], column[cell.x][cell.y]
        boxes.append(Rectangle((left, low), right - left, high - low))
    drawn = PatchCollection(boxes, cmap="viridis", norm=(LogNorm if made.log else Normalize)())
    drawn.set_edgecolor("face")
    drawn.set_array(np.array([cell.mean for cell in cells]))
    ax.add_collection(drawn)
    corners = np.array([box.get_extents().get_points() for box in boxes])
    (left, low), (right, high) = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    if line is not None:
        ends = np.array([left, right])
        label = formula(f"{made.y} = {line.constant:.3g} {made.x}")
        ax.plot(ends, line.constant * ends, color="white", linewidth=7, scalex=False, scaley=False)
        ax.plot(ends, line.constant * ends, color=LOOKS[1][0], linewidth=3, label=label)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    ax.set_xlabel(formula(made.x))
    ax.set_ylabel(formula(made.y))
    name = quantity(made.quantity) + (" (geometric mean)" if made.log else "")
    ax.figure.colorbar(drawn, ax=ax, label=name)
    return ax


def _edges(places: set[float]) -> dict[float, tuple[float, float]]:
    """Half way to the neighbours; the ends as far out as in; one alone: half of it."""
    at = sorted(places)
    if len(at) == 1:
        half = abs(at[0]) / 2 or 0.5
        return {at[0]: (at[0] - half, at[0] + half)}
    middle = [(a + b) / 2 for a, b in zip(at, at[1:])]
    ends = [2 * at[0] - middle[0], *middle, 2 * at[-1] - middle[-1]]
    return {place: (ends[i], ends[i + 1]) for i, place in enumerate(at)}
