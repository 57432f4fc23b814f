"""Data sets: section 2's distributions, and users' files of any format that the library reads."""

from __future__ import annotations

import os

from ntkit._arrays import Array, view
from ntkit._library import check, current
from ntkit._native import ffi, lib


def generate(distribution: str, N: int, d: int, seed: int = 0) -> Array:
    """N samples in R^d of "gaussian", "sphere", "cube", "binary" or "gan": N x d.

    Row i depends on (distribution, seed, d, i) alone. ValueError for another name, MemoryError.
    """
    context = current()
    make, destroy = lib.ntk_dataset_generate, lib.ntk_dataset_destroy
    handle = context.make(
        "ntk_dataset", destroy, make, context.pointer, distribution.encode(), N, d, seed
    )
    return view(lib.ntk_dataset_values(handle), (N, d), handle).copy()


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
    rows = ffi.new("ntk_rows *")
    rows.skip, rows.limit, rows.subsample, rows.shuffle, rows.seed = (
        skip,
        limit,
        subsample,
        shuffle,
        seed,
    )
    column = ffi.NULL if label_column is None else ffi.new("char[]", label_column.encode())
    rows.label_column = column
    scaling = ffi.new("ntk_scaling *")
    check(lib.ntk_scaling_parse(scale.encode(), scaling))
    make, destroy = lib.ntk_dataset_select, lib.ntk_dataset_destroy
    name = os.fsencode(path)
    handle = context.make("ntk_dataset", destroy, make, context.pointer, name, rows, 0, scaling[0])
    shape = (lib.ntk_dataset_samples(handle), lib.ntk_dataset_dim(handle))
    return view(lib.ntk_dataset_values(handle), shape, handle).copy()
