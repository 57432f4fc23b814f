"""Laws of large random matrices beside what is measured."""

from __future__ import annotations

import numpy.typing as npt

from ntkit._dataset import Data
from ntkit._features import choose
from ntkit._library import Progress, current
from ntkit._native import ffi, lib
from ntkit._options import Struct, word
from ntkit._read import read
from ntkit.network import Network
from ntkit.results import LawResult

OF_K = {"fan-wang": True, "montanari-zhong": False}  # what is measured of K: whether all of it


def law(
    net: Network,
    X: npt.ArrayLike,
    name: str,
    *,
    output: int | str = "trace",
    seed: int = 0,
    progress: Progress = False,
) -> LawResult:
    """The law of that name for net and X, its hypotheses checked, and what is measured beside it.

    X: N x d, borrowed where it is float64 in C order. name: "marchenko-pastur", of X X^T;
    "conjugate", of the last block K_{L-1}; "fan-wang", of K, whose eigenvalues are all found;
    "montanari-zhong", lambda_min(K) of two layers for d^l << N << d^{l+1}. output: as in kernel,
    but for "all". seed: of the eigensolver. Where the law says nothing, drawn is False, reason says
    why, and there are no points. Time and memory: of spectrum, with full=True for fan-wang, and 8
    min(N, d)^2 bytes. ValueError, MemoryError (both numbers), NumericError.
    """
    context = current()
    chosen, which = choose(net, output)
    data = Data(context, X, net.widths[0])
    found = ffi.new("ntk_law_result *")
    spectrum = ffi.new("ntk_spectrum_result *")
    network, handle, text = chosen._in(context), data.handle, ffi.new("char[]", word(name, "name"))
    try:
        if name in OF_K:
            options = Struct("ntk_spectrum_options", outputs=which, full=OF_K[name], seed=seed)
            arguments = context.pointer, network, handle, options.c, spectrum
            context.call(lib.ntk_spectrum, *arguments, progress=progress)
        measured = spectrum if name in OF_K else ffi.NULL
        context.call(
            lib.ntk_law, context.pointer, network, handle, text, measured, found, progress=progress
        )
        result: LawResult = read("ntk_law_result", found)
    finally:
        lib.ntk_law_clear(found)
        lib.ntk_spectrum_clear(spectrum)
    return result
