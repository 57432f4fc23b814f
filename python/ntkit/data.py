"""Data sets: section 2's distributions, and users' files of any format that the library reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, pointer, view
from ntkit._library import Context, Progress, check, current, text
from ntkit._native import ffi, lib
from ntkit._options import Path, Struct, whole, word
from ntkit._read import read
from ntkit.results import InspectResult


def generate(distribution: str, N: int, d: int, seed: int = 0) -> Array:
    """N samples in R^d of "gaussian", "sphere", "cube", "binary" or "gan": N x d.

    Row i depends on (distribution, seed, d, i) alone. ValueError for another name, MemoryError.
    """
    context = current()
    handle = context.make(
        "ntk_dataset",
        lib.ntk_dataset_destroy,
        lib.ntk_dataset_generate,
        context.pointer,
        word(distribution, "distribution"),
        whole(N, "N"),
        whole(d, "d"),
        whole(seed, "seed"),
    )
    return _values(handle)


def load(
    path: Path,
    *,
    skip: int = 0,
    limit: int = 0,
    subsample: int = 0,
    shuffle: bool = False,
    label_column: str | int | None = None,
    scale: str = "none",
    seed: int = 0,
) -> Array:
    """The rows of a file of numbers (docs/data.md: .npy, .npz, CSV, IDX, libsvm, HDF5, ...): N x d.

    "FILE:KEY" is an array of a file that has several. After the first `skip` rows at most `limit`
    (0: all), of which `subsample` are drawn (0: all), in the file's order or shuffled; label_column
    (a name, or a number from 1, -1: the last) is left out; the columns scaled by "center",
    "standardize" or "sphere". OSError, ValueError by row and column.
    """
    rows = _rows(skip, limit, subsample, shuffle, label_column, seed)
    return _values(_select(current(), path, rows, scale))


def load_labelled(
    path: Path,
    labels: Path | None = None,
    *,
    skip: int = 0,
    limit: int = 0,
    subsample: int = 0,
    shuffle: bool = False,
    label_column: str | int | None = None,
    scale: str = "none",
    seed: int = 0,
) -> tuple[Array, npt.NDArray[Any]]:
    """The rows of a file as load has them, and the label of each, a number or a word: N x d and N.

    labels: the file of them; None: that of the data (libsvm, CIFAR, or a text's label_column, of
    whichever file has the labels). OSError, ValueError by row and column.
    """
    context = current()
    rows = _rows(skip, limit, subsample, shuffle, label_column if labels is None else None, seed)
    data = _select(context, path, rows, scale)
    names = ffi.new("ntk_class_names *")
    y = np.empty(lib.ntk_dataset_samples(data))
    column = Struct("ntk_rows", label_column=_column(label_column))
    source = word(path if labels is None else labels, "labels")
    try:
        context.call(
            lib.ntk_labels_load_classes,
            context.pointer,
            source,
            column.c.label_column,
            data,
            pointer(y),
            names,
        )
        words = [text(names.name[i]) for i in range(names.count)]
    finally:
        lib.ntk_class_names_clear(names)
    return _values(data), np.array(words)[y.astype(np.intp)] if words else y


def inspect(
    path: Path,
    labels: Path | None = None,
    *,
    skip: int = 0,
    limit: int = 0,
    subsample: int = 0,
    label_column: str | int | None = None,
    scale: str = "none",
    seed: int = 0,
    progress: Progress = False,
) -> InspectResult:
    """What is in a file of data: ranges, Assumption 2.1's moments, rows that are alike, labels.

    labels: a file of them; None: those in the file itself, if any. scale: what the moments would be
    after it. The rest as of load; docs/inspect.md explains the result. OSError, ValueError.
    """
    context = current()
    rows = _rows(skip, limit, subsample, False, label_column if labels is None else None, seed)
    options = Struct("ntk_inspect_options", labels=labels, scaling=_scaling(scale))
    options.c.rows = rows.c[0]
    if labels is not None:
        options.put("label_column", _column(label_column), "label_column")
    result = ffi.new("ntk_inspect_result *")
    name = word(path, "path")
    try:
        context.call(
            lib.ntk_data_inspect, context.pointer, name, options.c, result, progress=progress
        )
        found: InspectResult = read("ntk_inspect_result", result)
    finally:
        if result.context != ffi.NULL:
            lib.ntk_inspect_clear(result)
    return found


def _column(label_column: str | int | None) -> str | None:
    return None if label_column is None else str(label_column)


def _rows(
    skip: int = 0,
    limit: int = 0,
    subsample: int = 0,
    shuffle: bool = False,
    label_column: str | int | None = None,
    seed: int = 0,
) -> Struct:
    return Struct(
        "ntk_rows",
        skip=skip,
        limit=limit,
        subsample=subsample,
        shuffle=shuffle,
        label_column=_column(label_column),
        seed=seed,
    )


def _scaling(scale: str) -> int:
    scaling = ffi.new("ntk_scaling *")
    check(lib.ntk_scaling_parse(word(scale, "scale"), scaling))
    return int(scaling[0])


def _select(context: Context, path: Path, rows: Struct, scale: str) -> Any:
    make, destroy = lib.ntk_dataset_select, lib.ntk_dataset_destroy
    where = word(path, "path")
    scaling = _scaling(scale)
    return context.make(
        "ntk_dataset", destroy, make, context.pointer, where, rows.c, 0, scaling, held=rows
    )


def _values(handle: Any) -> Array:
    """The library's own memory, which nobody else has."""
    shape = (lib.ntk_dataset_samples(handle), lib.ntk_dataset_dim(handle))
    return view(lib.ntk_dataset_values(handle), shape, handle, writable=True)
