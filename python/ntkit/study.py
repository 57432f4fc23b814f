"""Studies: quantities over a grid of points with many trials each, in worker processes, kept in a
database that survives any interruption. What a study can ask: docs/studies.md."""

from __future__ import annotations

import html
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit import _html, _runner, plot
from ntkit._library import Progress, check, exception, reporter, text
from ntkit._native import ffi, lib
from ntkit._options import Struct, word
from ntkit._read import read
from ntkit._result import Rows, frame
from ntkit._study_source import PathLike, listed, read_source
from ntkit._study_table import Choice, Table, warn_missing
from ntkit.results import (
    Assumption,
    Boundary,
    MapCell,
    PowerLaw,
    StudyStatus,
    SummaryPoint,
)

Where = Mapping[str, Any]
_OPTIONS = ("workers", "memory_limit", "shard", "shards", "retry", "other_code")


class Study:
    """A study, and the database that its trials are kept in.

    study = ntkit.Study({
        "name": "width", "quantity": ["lambda_min", "condition"], "trials": 10,
        "network": {"widths": ["d", "d"], "activation": "tanh"},
        "grid": {"d": range(80, 241, 40), "N": "floor(d^2/16)"},
    })
    study.run("width.db", progress=True)      # again: goes on where it was
    study.fit(x="d")

    source: a dictionary with the keys of a study file (values: numbers, texts with expressions,
    lists, ranges and arrays of these), the text of one (YAML), or the path of one. database: where
    its trials are, or will be; run takes it too. changes: keys that are replaced, as
    {"trials": 3, "grid.N": [500, 1000]}. ValueError with its line for what a study cannot be.
    """

    def __init__(
        self,
        source: Mapping[str, Any] | PathLike,
        database: PathLike | None = None,
        *,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        self._text, self._name = read_source(source)
        self._changes = [f"{key}={listed(value)}" for key, value in (changes or {}).items()]
        self.database = None if database is None else os.fspath(database)
        self._c  # noqa: B018  what it cannot be is said now

    @classmethod
    def open(cls, database: PathLike) -> Study:
        """The study that a database holds. OSError, ValueError."""
        self = cls.__new__(cls)
        self._name, self._changes = os.fspath(database), []
        self.database = self._name
        self._text = self.status().spec or ""
        return self

    @cached_property
    def _c(self) -> Any:
        made = ffi.new("ntk_study **")
        status = _runner.parse(self._text, self._name, self._changes, made)
        if status != lib.NTK_OK:  # of one line, as dictionaries are, its number says nothing
            line = text(lib.ntk_error_message())
            first, short = f"{self._name}:1: ", f"{self._name}: "
            raise exception(status, line if "\n" in self._text else line.replace(first, short))
        return ffi.gc(made[0], lib.ntk_study_destroy)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_c"}

    def __repr__(self) -> str:
        return (
            f"ntkit.Study({self.name!r}: {self.points} points, {self.trials} trials each, "
            f"database {self.database!r})"
        )

    def _repr_html_(self) -> str:
        there = self.database is not None and os.path.exists(self.database)
        status = self.status()._repr_html_() if there else ""
        return _html.lines([], [], html.escape(repr(self))) + status

    @property
    def name(self) -> str:
        """As the study file has it."""
        return text(lib.ntk_study_name(self._c))

    @property
    def points(self) -> int:
        """Of the grid."""
        return int(lib.ntk_study_points(self._c))

    @property
    def trials(self) -> int:
        """Of each point."""
        return int(lib.ntk_study_trials(self._c))

    @property
    def flops(self) -> float:
        """Of all trials, predicted: the order of magnitude."""
        out = ffi.new("double *")
        check(lib.ntk_study_flops(self._c, out))
        return float(out[0])

    # ---- Running it ------------------------------------------------------------------------------

    def run(
        self,
        database: PathLike | None = None,
        *,
        workers: int = 0,
        memory_limit: int = 0,
        shard: tuple[int, int] | None = None,
        retry: bool = False,
        allow_other_build: bool = False,
        progress: Progress = False,
    ) -> StudyStatus:
        """Computes what the database does not hold yet, and makes it if need be.

        It runs in processes of its own, which are started anew, so that this one may have threads,
        be a notebook or have no file; they end with it. Results have the same bits for any number
        of workers, shards and interruptions. Ctrl-C: KeyboardInterrupt once what has finished is
        written; run() again goes on there.

        workers: processes with one thread each; 0: one per core. memory_limit: bytes for all of
        them; 0: what the machine has available. shard: (i, n), part i of n, each into a database
        of its own, for `merge`; no array job of a scheduler is looked for. retry: trials that
        failed before as well. allow_other_build: go on although trials are of another build of
        ntkit. Trials that fail are recorded, and said by a RuntimeWarning.

        ValueError for a database of another study or a damaged one, MemoryError where a point
        cannot fit, OSError where another run has the database or it cannot be written,
        RuntimeError where no Python can be started, or it was killed.
        """
        self.database = self._where(database)
        part, parts = (0, 0) if shard is None else shard
        options = Struct(
            "ntk_study_options", workers=workers, memory_limit=memory_limit, retry=retry
        )
        options.put("shard", part, "shard")
        options.put("shards", parts, "the number of shards")
        options.put("other_code", allow_other_build, "allow_other_build")
        request = {
            "text": self._text,
            "name": self._name,
            "changes": self._changes,
            "database": self.database,
            "options": {name: getattr(options.c, name) for name in _OPTIONS},
        }
        with reporter(progress) as report:
            _runner.run(request, lambda fraction: report and report("trials", fraction))
        status = self.status()
        if status.failed > 0:
            warnings.warn(
                f"{status.failed} trials failed, the last one: {status.last_error}; "
                "run(retry=True) computes them again",
                RuntimeWarning,
                stacklevel=2,
            )
        return status

    def _where(self, database: PathLike | None = None) -> str:
        chosen = self.database if database is None else os.fspath(database)
        if chosen is None:
            raise ValueError(
                "a study keeps its trials in a file, which any interruption leaves whole; "
                'accepted: a name for it, as run("NAME.db")'
            )
        return chosen

    def status(self) -> StudyStatus:
        """How far its database is, also while it is run from elsewhere. OSError, ValueError."""
        found = ffi.new("ntk_study_status *")
        check(lib.ntk_study_status_read(word(self._where(), "database"), found))
        try:
            status: StudyStatus = read("ntk_study_status", found)
        finally:
            lib.ntk_study_status_clear(found)
        return status

    @staticmethod
    def merge(
        databases: Iterable[PathLike], output: PathLike, *, allow_other_build: bool = False
    ) -> Study:
        """The study of several databases: shards, other values of the grid, trials, quantities.

        output: a new database. ValueError where they are not parts of one study, OSError.
        """
        words = [ffi.new("char[]", word(database, "databases")) for database in databases]
        names, made = ffi.new("char *[]", words), word(output, "output")
        check(lib.ntk_study_merge(names, len(words), bool(allow_other_build), made))
        return Study.open(output)

    # ---- Its results -----------------------------------------------------------------------------

    def _table(self, where: Where | None) -> Table:
        return Table(self._where(), where)

    def _curves(
        self, x: str, group: str | None, quantity: str | None, where: Where | None, seed: int
    ) -> tuple[Table, Choice]:
        table = Table(self._where(), where)
        table.warn_pooled([x], group, 4)
        return table, Choice(quantity, x, group, seed)

    def rows(self, where: Where | None = None) -> npt.NDArray[np.void]:
        """What has been computed: a structured array with a row for each quantity of each trial.

        Columns: the grid's variables, trial, seed, quantity, value (nan unless verdict is ok or
        rank_deficient), verdict, seconds, error, lower_scale, n_{L-2} n_{L-1} of (6), upper_scale,
        d n_{L-1} of (7), and d of a data file; as `ntkit study export` has them. where: variables'
        values, as {"N": 1000, "phi": "tanh"}, of the trials that are kept.
        """
        return self._table(where).rows()

    def to_pandas(self, where: Where | None = None) -> Any:
        """The same as a pandas.DataFrame. ImportError without pandas."""
        rows = self._table(where).rows()
        return frame({name: rows[name] for name in rows.dtype.names or ()})

    def summarise(
        self,
        x: str,
        group: str | None = None,
        *,
        quantity: str | None = None,
        where: Where | None = None,
        seed: int = 0,
    ) -> Curves:
        """Means of a quantity over x, with standard deviations and 95 % bootstrap intervals.

        x: an expression of the variables, as "d^2", and of quantities, as "condition", which stand
        for their mean over a point's trials. group: a variable; a curve for each of its values;
        None: one curve. quantity: None: the study's first. seed: of the bootstrap.
        ValueError for names that the study does not have. Warns where trials that differ in another
        variable are taken together.
        """
        table, chosen = self._curves(x, group, quantity, where, seed)
        labels, points = table.summarise(chosen)
        return Curves(labels, points)

    def fit(
        self,
        x: str,
        group: str | None = None,
        *,
        quantity: str | None = None,
        where: Where | None = None,
        seed: int = 0,
    ) -> Rows[PowerLaw]:
        """y = c x^slope along each curve, beside the slopes of Theorem 3.1's (6) and (7).

        Least squares on logarithms, every trial counting once. Arguments: as of summarise.
        """
        table, chosen = self._curves(x, group, quantity, where, seed)
        return table.fit(chosen)

    def assumptions(
        self, x: str, group: str | None = None, *, where: Where | None = None
    ) -> Rows[Assumption]:
        """At how many points each assumption of Theorem 3.1 is not met along these curves."""
        return self._table(where).assumptions(Choice(None, x, group, 0))

    def map(
        self,
        x: str,
        y: str,
        *,
        quantity: str | None = None,
        log: bool = False,
        where: Where | None = None,
        seed: int = 0,
    ) -> StudyMap:
        """Means of a quantity over a plane; log: geometric means.

        x, y: expressions of the variables. seed: of the boundary's bootstrap.
        """
        options = Struct("ntk_map_options", quantity=quantity, x=x, y=y, log=log, seed=seed)
        table = self._table(where)
        table.warn_pooled([x, y], None, 3)
        name = quantity or table.quantities[0]
        return StudyMap(x, y, name, log, table.map(options.c), (table, options))

    def plot(
        self,
        x: str,
        group: str | None = None,
        *,
        quantity: str | None = None,
        band: str | None = "ci",
        fit: bool = True,
        where: Where | None = None,
        seed: int = 0,
        ax: Any = None,
    ) -> Any:
        """Means over x by matplotlib, each curve with its power law, beside (6) and (7).

        band: "ci", the 95 % bootstrap interval of the mean, "sd", one standard deviation, or None.
        fit: with power laws, on logarithmic axes; left out where an x or a mean is not above 0. ax:
        Axes to draw into, which are returned; None: of a new figure, which is not pyplot's.
        Other arguments: as of summarise. ImportError without matplotlib.
        """
        if band not in ("ci", "sd", None):
            raise ValueError(f"band is {band!r}; accepted: 'ci', 'sd', None")
        table, chosen = self._curves(x, group, quantity, where, seed)
        labels, points = table.summarise(chosen)
        warn_missing(points, 3)
        laws = fit and all(p.x > 0 and not p.mean <= 0 for p in points)
        fits = table.fit(chosen) if laws else ()
        return plot.curves(labels, points, fits, x, quantity or table.quantities[0], band, ax)


@dataclass(frozen=True)
class Curves:
    """Means over x; labels: of the curves, "N = 1000" or "" of one; points: of all, by curve."""

    labels: tuple[str, ...]
    points: Rows[SummaryPoint] = field(repr=False)

    def _repr_html_(self) -> str:
        return _html.lines([], [], html.escape(repr(self))) + self.points._repr_html_()

    def to_pandas(self) -> Any:
        """The points as a pandas.DataFrame, with their curves' labels. ImportError without it."""
        return frame({"label": self.labels[p.curve], **p.to_row()} for p in self.points)


@dataclass(frozen=True)
class StudyMap:
    """Means over a plane; x, y: expressions; cells: by x, then y."""

    x: str
    y: str
    quantity: str
    log: bool
    cells: Rows[MapCell] = field(repr=False)
    _made: Any = field(repr=False, compare=False)

    def _repr_html_(self) -> str:
        return _html.lines([], [], html.escape(repr(self))) + self.cells._repr_html_()

    def boundary(self, level: float = 0.0) -> Boundary:
        """The line y = constant x at which the means cross a level, with a 95 % interval.

        level 0: half way between the smallest and the largest mean, of log maps in logarithms.
        ntkit.NumericError where no x crosses it.
        """
        table, options = self._made
        found: Boundary = table.boundary(options.c, level)
        return found

    def plot(self, *, boundary: bool | float = False, ax: Any = None) -> Any:
        """The map by matplotlib; boundary: with that line, True: half way, or at this level.

        ax: Axes to draw into, which are returned; None: of a new figure, which is not pyplot's.
        ImportError without matplotlib.
        """
        warn_missing(self.cells, 3)
        line = None if boundary is False else self.boundary(0.0 if boundary is True else boundary)
        return plot.plane(self, line, ax)

    def to_pandas(self) -> Any:
        """The cells as a pandas.DataFrame. ImportError without it."""
        return self.cells.to_pandas()
