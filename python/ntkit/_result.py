"""What all results have in common: a dictionary as the program's JSON, a line, a table for notebooks."""

from __future__ import annotations

import decimal
import json
import math
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

import numpy as np

from ntkit._tables import table

T_co = TypeVar("T_co", bound="Result", covariant=True)


class Rows(tuple[T_co, ...]):
    """Results of one kind: a tuple, and a table where one is wanted."""

    __slots__ = ()

    def to_pandas(self) -> Any:
        """As a pandas.DataFrame: a row for each, a column for each number, word or flag.

        A pair, as an interval, is two columns. ImportError without pandas.
        """
        return frame(row.to_row() for row in self)

    def _repr_html_(self) -> str:
        from ntkit import _html

        return _html.rows(self)


def frame(rows: Iterable[dict[str, Any]] | dict[str, Any]) -> Any:
    """Dictionaries, or one of columns, as a pandas.DataFrame."""
    try:
        import pandas
    except ImportError:
        raise ImportError("to_pandas needs pandas: pip install pandas") from None
    return pandas.DataFrame(rows if isinstance(rows, dict) else list(rows))


def ends(lower: float, upper: float) -> tuple[str, str]:
    """Both ends of an interval, rounded outwards, with a digit more than tells them apart."""
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return f"{lower:.6g}", f"{upper:.6g}"
    digits = 6
    while digits < 17 and f"{lower:.{digits}g}" == f"{upper:.{digits}g}":
        digits += 1
    floor, ceiling = (
        decimal.Context(min(digits + 1, 17), rounding).create_decimal(end).normalize()
        for end, rounding in ((lower, decimal.ROUND_FLOOR), (upper, decimal.ROUND_CEILING))
    )
    return f"{floor:g}", f"{ceiling:g}"


class Result:
    """A result of the library. Its fields are its attributes; it cannot be changed."""

    _struct: ClassVar[str]

    def to_dict(self, arrays: bool = False) -> dict[str, Any]:
        """Fields as the program's --json has them: "a.b" within an object a, nan as None.

        arrays: also what JSON leaves out, large arrays among it. (Units and meanings: docs/results.md.)
        """
        out: dict[str, Any] = {}
        for field in table(self._struct).fields:
            if field.apart and not arrays:
                continue
            value = getattr(self, field.attribute)
            if value is None and field.numbers:  # not asked for
                continue
            *objects, place = field.name.split(".")
            at = out
            for part in objects:
                at = at.setdefault(part, {})
            at[place] = _plain(value, field.of, arrays)
        return out

    def to_json(self, arrays: bool = False, indent: int = 2) -> str:
        """The same as JSON's text."""
        return json.dumps(self.to_dict(arrays), indent=indent)

    def to_row(self) -> dict[str, Any]:
        """Its numbers, words and flags, those of objects within it as a_b; no arrays, no lists."""
        row: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, Result):
                row.update((f"{name}_{key}", each) for key, each in value.to_row().items())
            elif isinstance(value, tuple) and not isinstance(value, Rows):
                row.update(zip((f"{name}_low", f"{name}_high"), value))
            elif value is None or isinstance(value, (bool, int, float, str)):
                row[name] = value
        return row

    def plot(self, ax: Any = None, **how: Any) -> Any:
        """Draws it into matplotlib's Axes, or into those of a new figure, and returns them.

        SpectrumResult: what="eigenvalues" (of full=True), "histogram", "density" and "cumulative"
        (of density=True), "blocks" (of per_block=True). TrainResult: what="loss", with (20) and the linearised model, or
        "eigenvalues". Ledger: what="ratios" to what is predicted, or "spectra" of the proof's
        kernels (of spectra=True). RegressionResult: errors over several ridges or times. A new figure is not pyplot's: a
        notebook shows it, and plot().figure.savefig("a.png") saves it. ImportError without
        matplotlib, TypeError for what has no figure.
        """
        from ntkit import plot

        draw = {
            "ntk_spectrum_result": plot.spectrum,
            "ntk_train_result": plot.training,
            "ntk_ledger": plot.ledger,
            "ntk_regression_result": plot.regression,
        }.get(self._struct)
        if draw is None:
            raise TypeError(
                f"{type(self).__name__} has no figure; accepted: SpectrumResult, TrainResult, "
                "Ledger, RegressionResult, studies and their maps"
            )
        return draw(self, ax, **how)

    def __repr__(self) -> str:
        shown, proved = [], self._ends()
        for name, value in self._simple():
            number = proved.get(name) or (f"{value:.6g}" if isinstance(value, float) else "")
            shown.append(f"{name}={number or repr(value)}")
        for name, value in vars(self).items():
            within = isinstance(value, Result) and not value._struct.endswith("_seconds")
            if within and any(isinstance(each, float) for _, each in value._simple()):
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __str__(self) -> str:
        if self._struct != "ntk_plan":
            return repr(self)
        return _plan_text(self)

    def _ends(self) -> dict[str, str]:
        """The ends of what is proved, whose few last digits are what was asked for."""
        shown: dict[str, str] = {}
        for lower, upper in (
            ("lower", "upper"),
            ("kernel_estimate_lower", "kernel_estimate_upper"),
        ):
            if lower in vars(self):
                shown.update(zip((lower, upper), ends(getattr(self, lower), getattr(self, upper))))
        return shown

    def _simple(self) -> list[tuple[str, Any]]:
        return [
            (name, value)
            for name, value in vars(self).items()
            if isinstance(value, (bool, int))
            or (isinstance(value, str) and "\n" not in value)  # a study's file
            or (isinstance(value, float) and not math.isnan(value))
        ]

    def _repr_html_(self) -> str:
        from ntkit import _html

        return _html.result(self)


def _plain(value: Any, of: str, arrays: bool) -> Any:
    if isinstance(value, Result):
        return value.to_dict(arrays)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple) and of:
        position = table(of).position
        return [
            {**({position: i} if position else {}), **item.to_dict(arrays)}
            for i, item in enumerate(value)
        ]
    if isinstance(value, tuple):
        return [_plain(item, "", arrays) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _plan_text(found: Any) -> str:
    """The main lines of a plan's table, for print."""
    lines = [
        f"N = {found.samples}, P = {found.parameters}, K has {found.order} rows",
        f"{'method':12} {'flops':>9} {'bytes':>9} {'seconds':>9} {'memory':>9}  fits  largest N",
    ]
    for method in found.methods:
        numbers = method.flops, method.bytes, method.seconds, float(method.memory)
        cells = " ".join(f"{number:9.3g}" for number in numbers)
        fits = "yes" if method.fits else "no"
        lines.append(f"{method.name:12} {cells}  {fits:4}  {method.largest}")
    answer = "; ".join(part for part in (found.chosen, found.reason) if part)
    return "\n".join([*lines, f"answer: {answer}"])
