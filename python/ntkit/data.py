"""Data sets: section 2's distributions, and users' files of any format that the library reads."""

from __future__ import annotations

import os
from typing import Any

from ntkit._arrays import Array, view
from ntkit._library import check, current
from ntkit._native import ffi, lib
from ntkit._options import Struct, whole, word


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
    path: str | os.PathLike[str],
    *,
    skip: int = 0,
    limit: int = 0,
    subsample: int = 0,
    shuffle: bool = False,
    label_column: str | None = None,
    scale: str = "none",
    seed: int = 0,
) -> Array:
    """The rows of a file of numbers (docs/data.md: .npy, .npz, CSV, IDX, libsvm, HDF5, ...): N x d.

    "FILE:KEY" is an array of a file that has several. After the first `skip` rows at most `limit`
    (0: all), of which `subsample` are drawn (0: all), in the file's order or shuffled; the columns
    scaled by "center", "standardize" or "sphere". OSError, ValueError by row and column.
    """
    context = current()
    rows = Struct(
        "ntk_rows",
        skip=skip,
        limit=limit,
        subsample=subsample,
        shuffle=shuffle,
        label_column=label_column,
        seed=seed,
    )
    scaling = ffi.new("ntk_scaling *")
    check(lib.ntk_scaling_parse(word(scale, "scale"), scaling))
    make, destroy = lib.ntk_dataset_select, lib.ntk_dataset_destroy
    name = word(path, "path")
    handle = context.make(
        "ntk_dataset", destroy, make, context.pointer, name, rows.c, 0, scaling[0]
    )
    return _values(handle)


def _values(handle: Any) -> Array:
    """The library's own memory, which nobody else has."""
    shape = (lib.ntk_dataset_samples(handle), lib.ntk_dataset_dim(handle))
    return view(lib.ntk_dataset_values(handle), shape, handle, writable=True)
