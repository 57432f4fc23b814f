"""A study's table in the library's memory: its rows as arrays, and what is computed from them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._library import check, text
from ntkit._native import ffi, lib
from ntkit._options import Struct, real, word
from ntkit._read import read, read_rows
from ntkit._result import Rows
from ntkit._tables import Field, table
from ntkit.results import Assumption, Boundary, MapCell, PowerLaw, SummaryPoint

_ROW = "ntk_study_row"


class Table:
    """What a database holds, of where={"N": 1000} the trials with these values alone."""

    def __init__(self, database: str, where: Mapping[str, Any] | None = None) -> None:
        made = ffi.new("ntk_study_table *")
        check(lib.ntk_study_table_read(word(database, "database"), made))
        self.c = ffi.gc(made, lib.ntk_study_table_clear)
        if made.rows == 0:
            raise ValueError(f"{database}: no trial has finished yet; Study.run computes them")
        for variable, value in (where or {}).items():
            check(lib.ntk_study_table_keep(made, word(variable, "where"), _value(value)))
        if made.missing > 0:
            warnings.warn(
                f"{made.missing} of the study's {made.trials} trials are not computed yet: this is "
                "of what is there; run() goes on",
                stacklevel=4,
            )
        self.name = text(made.name)
        self.variables = [text(made.variable[i]) for i in range(made.variables)]
        self.quantities = [text(made.quantity[i]) for i in range(made.quantities)]

    def rows(self) -> npt.NDArray[np.void]:
        """A structured array with the columns of `ntkit study export`, in its order."""
        columns = {**self._variables(), **self._fields()}
        if "d" not in columns and self.c.dim > 0:
            columns["d"] = np.full(self.c.rows, float(self.c.dim))
        out = np.empty(self.c.rows, [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            out[name] = column
        return out

    def _member(self, offset: int, kind: str) -> npt.NDArray[Any]:
        # One member of every row, on the library's memory.
        size = ffi.sizeof(_ROW)
        memory = ffi.buffer(self.c.row, self.c.rows * size)
        dtype = np.dtype({"names": ["a"], "formats": [kind], "offsets": [offset], "itemsize": size})
        found: npt.NDArray[Any] = np.frombuffer(memory, dtype)["a"]
        return found

    def _fields(self) -> dict[str, npt.NDArray[Any]]:
        kinds = {lib.NTK_TYPE_REAL: "f8", lib.NTK_TYPE_WHOLE: "u8", lib.NTK_TYPE_TEXT: "u8"}
        columns = {}
        for field in table(_ROW).fields:
            if not field.apart:
                column = self._member(field.row.offset, kinds[field.type])
                columns[field.name] = _texts(column) if _is_text(field) else column
        return columns

    def _points(self) -> tuple[Any, Any, dict[str, npt.NDArray[Any]]]:
        # A row of each point, each row's point, and the variables' values at the points.
        place = ffi.offsetof(_ROW, "point")
        _, first, which = np.unique(
            self._member(place, "u8"), return_index=True, return_inverse=True
        )
        rows = [self.c.row[int(i)] for i in first]
        values = {}
        for v, name in enumerate(self.variables):
            if self.c.is_text[v]:
                values[name] = np.array([text(row.text[v]) for row in rows])
            else:
                values[name] = np.array([row.variable[v] for row in rows])
        return first, which, values

    def _variables(self) -> dict[str, npt.NDArray[Any]]:
        taken = {name for f in table(_ROW).fields for name in (f.name, text(f.row.former))}
        _, which, values = self._points()
        return {f"grid.{n}" if n in taken else n: column[which] for n, column in values.items()}

    def column(self, expression: str) -> npt.NDArray[np.float64]:
        """An expression of the variables, for every row."""
        out = np.empty(self.c.rows)
        memory = ffi.from_buffer("double[]", out)
        check(lib.ntk_study_table_column(self.c, word(expression, "x"), memory))
        return out

    def warn_pooled(self, expressions: Sequence[str], group: str | None, level: int) -> None:
        """Warns where trials are taken together that differ in a variable."""
        first, _, values = self._points()
        told = [self.column(expression)[first] for expression in expressions]
        told += [values[group]] if group in values else []
        kinds = np.zeros(len(first), np.int64)
        for column in told:
            kinds = _refined(kinds, column)
        for name, column in values.items():
            if _refined(kinds, column).max() > kinds.max():
                warnings.warn(
                    f"trials that differ in {name} are taken together; where= keeps one value of "
                    "it apart",
                    stacklevel=level,
                )
                return

    # ---- What is computed ------------------------------------------------------------------------

    def summarise(self, choice: Choice) -> tuple[tuple[str, ...], Rows[SummaryPoint]]:
        """Labels of the curves, and their points."""
        summary = choice.summary(self)
        labels = tuple(text(summary.label[i]) for i in range(summary.curves))
        return labels, read_rows("ntk_summary_point", summary.point, summary.points)

    def fit(self, choice: Choice) -> Rows[PowerLaw]:
        """A power law for each curve."""
        summary = choice.summary(self)
        fits = ffi.new("ntk_power_law[]", max(1, summary.curves))
        check(lib.ntk_study_fit(self.c, choice.c, summary, fits))
        return read_rows("ntk_power_law", fits + 0, summary.curves)

    def assumptions(self, choice: Choice) -> Rows[Assumption]:
        """Those of Theorem 3.1, at the curves' points."""
        counts = ffi.new("ntk_assumption[]", lib.NTK_ASSUMPTIONS)
        check(lib.ntk_study_assumptions(self.c, choice.c, counts))
        return read_rows("ntk_assumption", counts + 0, lib.NTK_ASSUMPTIONS)

    def map(self, options: Any) -> Rows[MapCell]:
        """Means over a plane; options: ntk_map_options."""
        made = ffi.new("ntk_map *")
        check(lib.ntk_study_map(self.c, options, made))
        made = ffi.gc(made, lib.ntk_map_clear)
        return read_rows("ntk_map_cell", made.cell, made.cells)

    def boundary(self, options: Any, level: float) -> Boundary:
        """Where they cross a level."""
        found = ffi.new("ntk_boundary *")
        check(lib.ntk_study_boundary(self.c, options, level, found))
        result: Boundary = read("ntk_boundary", found)
        return result


class Choice(Struct):
    """ntk_summary_options."""

    def __init__(self, quantity: str | None, x: str, group: str | None, seed: int) -> None:
        super().__init__("ntk_summary_options", quantity=quantity, x=x, group=group, seed=seed)

    def summary(self, table: Table) -> Any:
        """ntk_summary, which is cleared with its last reference."""
        made = ffi.new("ntk_summary *")
        check(lib.ntk_study_summarise(table.c, self.c, made))
        return ffi.gc(made, lib.ntk_summary_clear)


def warn_missing(points: Sequence[SummaryPoint] | Sequence[MapCell], level: int) -> None:
    """Warns where the means of a figure leave trials out."""
    missing = sum(p.missing for p in points)
    left_out = sum(p.left_out for p in points if isinstance(p, MapCell))
    trials = sum(p.trials for p in points) + missing + left_out
    if missing:
        warnings.warn(
            f"{missing} of {trials} trials have no value: the means leave them out; their verdicts "
            "in rows() tell why",
            stacklevel=level,
        )
    if left_out:
        warnings.warn(
            f"{left_out} of {trials} trials are 0 or below: the logarithmic means leave them out",
            stacklevel=level,
        )


def _refined(kinds: npt.NDArray[Any], column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Kinds, from 0, split further by a column."""
    _, within = np.unique(column, return_inverse=True)
    found: npt.NDArray[Any] = np.unique(
        kinds * (within.max() + 1) + within.reshape(-1), return_inverse=True
    )[1]
    return found.reshape(-1)


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return word(value, "where")
    return format(real(value, "a value of where"), ".17g").encode()


def _is_text(field: Field) -> bool:
    return bool(field.type == lib.NTK_TYPE_TEXT)


def _texts(pointers: npt.NDArray[Any]) -> npt.NDArray[np.str_]:
    # A few different words stand in very many rows.
    different, which = np.unique(pointers, return_inverse=True)
    words = np.array([text(ffi.cast("char *", int(p))) for p in different])
    found: npt.NDArray[np.str_] = words[which]
    return found
