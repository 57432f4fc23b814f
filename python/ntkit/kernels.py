"""The kernel K = sum_k K_k (3), (8) as an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, pointer, room
from ntkit._features import Features
from ntkit._library import Progress
from ntkit._native import ffi, lib
from ntkit._options import whole
from ntkit._spec import sequence
from ntkit.network import Network


def kernel(
    net: Network,
    X: npt.ArrayLike,
    X2: npt.ArrayLike | None = None,
    blocks: Sequence[int] | None = None,
    output: int | str = "trace",
    *,
    progress: Progress = False,
) -> Array:
    """K(x_i, x_j) between the rows of X, or of X and X2: N x N, or N x N'.

    blocks: the k of the blocks K_k that are summed, 0..L-1; None: all. output: of several outputs
    "trace", their mean; "all", N n_L rows, row i n_L + c for output c of sample i; or the number
    of one. X and X2 are N x d and borrowed where they are float64 in C order. 2 N^2 sum_k n_k
    flops. ValueError for shapes, names and where K over- or underflows, MemoryError with both
    numbers.
    """
    features = Features(net, X, output)
    chosen = block_flags(blocks, net.depth)
    other = features if X2 is None else Features(net, X2, output, "X2")
    return values(features, other, chosen, progress)


def values(features: Features, other: Features, blocks: Any, progress: Progress) -> Array:
    """K between two sets of features, of one symmetric. ValueError where it overflows."""
    K = room(features.context, (features.rows, other.rows), "K")
    features.call(lib.ntk_kernel_cross, other.handle, blocks, pointer(K), progress=progress)
    with np.errstate(all="ignore"):  # |K_ij|^2 <= K_ii K_jj: the trace tells of all
        total = K.trace() if other is features else K.sum()
    if not np.isfinite(total) and not np.isfinite(K).all():
        raise ValueError(
            "the kernel overflows; accepted: data and weights whose kernel is below 1.8e308"
        )
    return K


def block_flags(blocks: Sequence[int] | None, depth: int) -> Any:
    """bool[L] of the library, or NULL for all."""
    if blocks is None:
        return ffi.NULL
    flags = [False] * depth
    for k in sequence(blocks, "blocks"):
        flags[whole(k, "an entry of blocks", 0, depth - 1)] = True
    return ffi.new("bool[]", flags)
