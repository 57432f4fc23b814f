"""How well K is conditioned: its smallest eigenvalue, found and proved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from ntkit._dataset import Data
from ntkit._features import choose
from ntkit._library import Progress, current
from ntkit._native import ffi, lib
from ntkit._options import Path, Struct, whole
from ntkit._read import read
from ntkit.network import Network
from ntkit.results import Certificate, SpectrumResult


def put_prefixes(options: Struct, prefixes: Sequence[int] | None) -> None:
    if prefixes is not None:
        first = [whole(m, "prefixes", 0, 2**64 - 1) for m in prefixes]
        options.array("prefixes", "size_t[]", first)
        options.c.prefix_count = len(first)


def spectrum(
    net: Network,
    X: npt.ArrayLike,
    *,
    output: int | str = "trace",
    full: bool = False,
    per_block: bool = False,
    certify: bool = False,
    vectors: int = 0,
    prefixes: Sequence[int] | None = None,
    density: bool = False,
    probes: int = 0,
    steps: int = 0,
    tolerance: float = 0.0,
    kernel_path: Path | None = None,
    block_path: Path | None = None,
    seed: int = 0,
    precision: str = "auto",
    method: str = "auto",
    resolve: bool = False,
    progress: Progress = False,
) -> SpectrumResult:
    """The ends of K's spectrum, with residuals, verdict and what Theorem 3.1 says.

    X: N x d, borrowed where it is float64 in C order. full: all eigenvalues (8 N^2 bytes more;
    LAPACK's part of it cannot be interrupted). per_block: lambda_min of every block K_k. certify:
    prove a lower bound. vectors: so many eigenpairs at each end, up to 64. prefixes: lambda_min
    of the first so many samples as well, ascending numbers, from the same factorisation. density: how
    all eigenvalues are distributed, with 95 % intervals, without finding each, from `probes` random
    vectors (0: 2 to 8, by N) and `steps` products and solves for each of them (0: 100). tolerance:
    wanted ||K v - lambda v|| / lambda; 0: 1e-6. kernel_path: a .npy file that K is written to;
    block_path: a folder for the blocks, block0.npy and so on. output: as in kernel. precision:
    "double"; "mixed", a factor in single precision corrected by products in double, to the same
    digits, and what it cannot do in double; "auto": the faster, or what fits. method: "factor" makes K
    and its Cholesky factor, "operator" needs products with K alone and memory for a few times the
    features (no K, so no full, per_block, certify, density or files), "auto" does that where K does
    not fit. resolve: lambda_min from the Jacobian, where rounding in K hides it, down to about 1e-26
    lambda_max, where N <= 512 1e-42: 2 N^2 P flops a round, usually one, and 12 N^2 bytes; with certify, of up to 4096
    rows, 16 N^2; without vectors, prefixes and density. Time 2 N^2 sum_k n_k + N^3 / 3 flops, memory 4 N^2 bytes (mixed: 2 N^2) and the
    features. ValueError, MemoryError (both numbers),
    OSError, NumericError.
    """
    context = current()
    chosen, which = choose(net, output)
    data = Data(context, X, net.widths[0])
    options = Struct(
        "ntk_spectrum_options",
        outputs=which,
        full=full,
        per_block=per_block,
        certify=certify,
        vectors=vectors,
        density=density,
        probes=probes,
        steps=steps,
        tolerance=tolerance,
        kernel_path=kernel_path,
        block_path=block_path,
        seed=seed,
        precision=precision,
        method=method,
        resolve=resolve,
    )
    put_prefixes(options, prefixes)
    result = ffi.new("ntk_spectrum_result *")
    try:
        context.call(
            lib.ntk_spectrum,
            context.pointer,
            chosen._in(context),
            data.handle,
            options.c,
            result,
            progress=progress,
        )
        found: SpectrumResult = read("ntk_spectrum_result", result)
    finally:
        lib.ntk_spectrum_clear(result)
    return found


def certify(
    net: Network,
    X: npt.ArrayLike,
    *,
    output: int | str = "trace",
    seed: int = 0,
    progress: Progress = False,
) -> Certificate:
    """What is proved of lambda_min(K): lower <= lambda_min <= upper, rounding errors included."""
    return spectrum(net, X, output=output, certify=True, seed=seed, progress=progress).certificate
