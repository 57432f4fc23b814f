"""What figures have in common: Axes, the program's looks, formulas, scales."""

from __future__ import annotations

import functools
import io
import math
import re
from collections.abc import Iterable
from typing import Any

from ntkit._formula import for_figures as formula

# Okabe and Ito's colours, which colour-blind readers tell apart too, and a shape for each.
LOOKS = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#E69F00", "v"),
    ("#56B4E9", "p"),
    ("#000000", "x"),
)
GREY = "#555555"
FEW = 30  # as many points can have a shape each


def _matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("plot needs matplotlib: pip install matplotlib") from None


@functools.cache
def _shown() -> Any:
    """A class of Axes that a notebook shows as their figure."""
    from matplotlib.axes import Axes

    class ShownAxes(Axes):
        def _repr_png_(self) -> Any:
            figure: Any = self.figure
            out = io.BytesIO()
            figure.savefig(out, format="png", dpi=2 * figure.dpi, facecolor="white")
            return out.getvalue(), {"width": int(figure.get_figwidth() * figure.dpi)}

    return ShownAxes


def axes(ax: Any, width: float = 6.4, height: float = 4.5) -> Any:
    if ax is not None:
        return ax
    _matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot(axes_class=_shown())


# ---- Words and scales ----------------------------------------------------------------------------


def quantity(name: str) -> str:
    """What a study's quantity is called on an axis."""
    if match := re.fullmatch(r"lambda_(min|max)(?:_(\d+))?", name):
        return formula(f"lambda_{match[1]}(K" + (f"_{match[2]})" if match[2] else ")"))
    if name == "condition":
        return formula("lambda_max/lambda_min")
    return name.replace("_", " ")


def plain(ax: Any) -> Any:
    """Axes to the left and below, a grid behind."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="#dddddd", linewidth=0.8)
    ax.set_axisbelow(True)
    return ax


def log(axis: Any, values: Iterable[float]) -> None:
    """A logarithmic scale, of a short range with numbers as 20, 50, 100."""
    from matplotlib import ticker

    shown = [v for v in values if v > 0.0 and math.isfinite(v)]
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    ratio = max(shown) / min(shown) if shown else 1.0
    if ratio >= 1e3:
        return
    locator = ticker.LogLocator(subs=(1.0, 2.0, 5.0))
    if ratio < 8.0:
        locator = ticker.MaxNLocator(6, steps=[1, 2, 5, 10])  # type: ignore[assignment]
    axis.set_major_locator(locator)
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:.10g}"))
    axis.set_minor_locator(ticker.NullLocator())


def legend(ax: Any, **words: Any) -> None:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(framealpha=0.85, edgecolor="none", **words)
