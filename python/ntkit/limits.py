"""Kernels of infinite width: what K tends to as the hidden layers grow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from ntkit._arrays import Array, pointer, room
from ntkit._dataset import Data
from ntkit._library import Progress, current
from ntkit._native import ffi, lib
from ntkit._options import Path, Struct
from ntkit._read import read
from ntkit._spec import Spec
from ntkit.kernels import block_flags
from ntkit.network import Network
from ntkit.results import LimitResult


def limit(
    net: Network,
    X: npt.ArrayLike,
    blocks: Sequence[int] | None = None,
    *,
    covariance: bool = False,
    progress: Progress = False,
) -> Array:
    """The limit of K at infinite width, times what K grows by at net's widths: N x N.

    net: drawn, not of given weights, for the limit is of the law that it was drawn by; one output,
    or the mean over several. blocks: as in kernel. covariance: E F_L F_L^T / n_L over weights and
    biases (NNGP) instead. Entries are within 1e-12 sqrt(K_ii K_jj), but in
    chaotic networks, whose layers amplify rounding. ValueError, MemoryError.
    """
    context = current()
    spec, data = law_of(net), Data(context, X, net.widths[0])
    given = [context.pointer, spec.c, data.handle]
    if covariance:
        if blocks is not None:
            raise ValueError("blocks are of the NTK; accepted: blocks or covariance")
        make, arguments = lib.ntk_limit_covariance, given
    else:
        make, arguments = lib.ntk_limit_kernel, [*given, block_flags(blocks, net.depth)]
    made = context.make(
        "ntk_kernel", lib.ntk_kernel_destroy, make, *arguments, held=data, progress=progress
    )
    K = room(context, (data.samples, data.samples), "K")
    context.call(lib.ntk_kernel_values, made, pointer(K), progress=progress)
    return K


def limit_spectrum(
    net: Network,
    X: npt.ArrayLike,
    *,
    covariance: bool = False,
    per_block: bool = False,
    certify: bool = False,
    tolerance: float = 0.0,
    seed: int = 0,
    kernel_path: Path | None = None,
    block_path: Path | None = None,
    distance: bool = False,
    progress: Progress = False,
) -> LimitResult:
    """The ends of the limit's spectrum, as spectrum has those of K.

    net, covariance: as in limit. distance: how far net's K, and each block, is from it,
    ||K - limit|| / ||limit|| in Frobenius norm. kernel_path: a .npy file for the limit; block_path:
    a folder for limit_block0.npy, .... The rest: as in spectrum. ValueError, MemoryError, OSError.
    """
    context = current()
    spec, data = law_of(net), Data(context, X, net.widths[0])
    options = Struct(
        "ntk_limit_options",
        covariance=covariance,
        per_block=per_block,
        certify=certify,
        tolerance=tolerance,
        seed=seed,
        kernel_path=kernel_path,
        block_path=block_path,
    )
    if distance:
        options.c.network = net._in(context)
    result = ffi.new("ntk_limit_result *")
    try:
        context.call(
            lib.ntk_limit_spectrum,
            context.pointer,
            spec.c,
            data.handle,
            options.c,
            result,
            progress=progress,
        )
        found: LimitResult = read("ntk_limit_result", result)
    finally:
        lib.ntk_limit_clear(result)
    return found


def law_of(net: Network) -> Spec:
    """The spec that net was drawn by. ValueError for given weights."""
    if net._drawn is None:
        raise ValueError(
            "the network has given weights, whose law is not known; accepted: ntkit.Network(widths, "
            "...), which is drawn"
        )
    return net._spec()
