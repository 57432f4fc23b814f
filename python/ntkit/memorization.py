"""Memorisation (Corollary 4.1): weights for any labels, found without training."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import labels, pointer
from ntkit._dataset import Data
from ntkit._features import expect_network
from ntkit._library import Progress, check, current
from ntkit._native import ffi, lib
from ntkit._options import Struct, keywords_of
from ntkit._read import read
from ntkit.network import Network
from ntkit.results import FitError, MemorizeResult


@dataclass(frozen=True, eq=False, repr=False)
class Memorization(MemorizeResult):
    """A memorisation and the network that came of it.

    network: with the labels as its outputs, where reached; else the best that was found
    """

    network: Network


def memorize(
    net: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    eps: float = 0.0,
    absolute: bool = False,
    margin: float = 0.0,
    iterative: bool = False,
    precision: str = "auto",
    corrections: int = 0,
    seed: int = 0,
    progress: Progress = False,
) -> Memorization:
    """A network of net's widths and layers up to L - 2 with F_L(x_i) = y_i.

    X: N x d, y: N x n_L (of one output N). The last hidden width is a multiple of 2 n_L; of its
    units the first half comes of net's. eps: wanted ||F_L - Y|| / ||Y||; 0: 1e-10. absolute: eps is
    for ||F_L - Y|| itself (17). margin: y_i F_L(x_i) >= margin in place of
    equations, for labels 1 and -1: about twice as many samples; `separable` says whether there are
    such weights. iterative: conjugate gradients, without 4 N^2 bytes for a factor. precision: of the
    factor, as that of ntkit.spectrum; corrections: at most; 0: 30. seed: of the eigensolver's start
    vectors; of given weights that of the last layer's signs, too, which are else net's own.

    One kernel block and N^3 / 3 flops. Where eps, or the margin, was not reached it warns
    (RuntimeWarning) and says why. ValueError for equal samples with different labels, which are
    named; MemoryError.
    """
    options = dict(locals())
    net, X, y = options.pop("net"), options.pop("X"), options.pop("y")
    return _warned(_memorize(net, X, [y], **options))[0]


def memorize_each(
    net: Network, X: npt.ArrayLike, ys: Iterable[npt.ArrayLike], **options: Any
) -> tuple[Memorization, ...]:
    """memorize for several sets of labels at once, which share the kernel and its factor.

    ys: so many times N x n_L, as Classes.against_rest gives them. options: those of memorize.
    """
    keywords_of(memorize, "memorize_each", options)
    return _warned(_memorize(net, X, ys, **options))


def _memorize(
    net: Network,
    X: npt.ArrayLike,
    ys: Iterable[npt.ArrayLike],
    *,
    progress: Progress = False,
    **options: Any,
) -> tuple[Memorization, ...]:
    expect_network(net)
    context, spec = current(), net._spec()
    data = Data(context, X, net.widths[0])
    sets = [labels(y, data.samples, net.outputs) for y in ys]
    if not sets:
        raise ValueError("ys is empty; accepted: one set of labels or more")
    Y = np.concatenate(sets)
    made = Struct("ntk_memorize_options", **options)
    below = ffi.NULL
    if net._drawn is None:
        below, spec.c.seed = net._in(context), made.c.seed
    made.c.below = below
    forecast = ffi.new("size_t *")
    size = context.pointer, spec.c, data.samples, len(sets), made.c, forecast
    check(lib.ntk_memorize_memory(*size))  # what does not fit is refused before it takes time
    networks = ffi.new("ntk_network *[]", len(sets))
    results = ffi.new("ntk_memorize_result[]", len(sets))
    arguments = context.pointer, spec.c, data.handle, pointer(Y), len(sets), made.c
    destroy = lib.ntk_network_destroy
    found = []
    try:
        context.call(lib.ntk_memorize, *arguments, networks, results, progress=progress)
        for i in range(len(sets)):
            network = Network._of(
                context, context.make("ntk_network", destroy, _take, networks + i)
            )
            found.append(read("ntk_memorize_result", results + i, Memorization, network=network))
    finally:
        for i in range(len(sets)):
            destroy(networks[i])
    return tuple(found)


def _take(made: Any, out: Any) -> int:
    """Hands over what the library has made; from then on it is not made's."""
    out[0], made[0] = made[0], ffi.NULL
    return int(lib.NTK_OK)


def _warned(found: tuple[Memorization, ...]) -> tuple[Memorization, ...]:
    for one in found:
        if one.reason:
            what = "eps" if one.separable is None else "the margin"
            warnings.warn(f"{what} was not reached: {one.reason}", RuntimeWarning, stacklevel=3)
    return found


def fit_error(net: Network, X: npt.ArrayLike, y: npt.ArrayLike) -> FitError:
    """How well net fits labels y, N x n_L, of X: as computed, and in exact arithmetic at most."""
    expect_network(net)
    context = current()
    data = Data(context, X, net.widths[0])
    Y = labels(y, data.samples, net.outputs)
    error = ffi.new("ntk_fit_error *")
    context.call(lib.ntk_fit_measure, net._in(context), data.handle, pointer(Y), error)
    found: FitError = read("ntk_fit_error", error)
    return found
