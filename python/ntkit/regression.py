"""Regression by a kernel: that of a network linearised at its weights, or its limit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Union

import numpy as np
import numpy.typing as npt

from ntkit._arrays import labels, pointer
from ntkit._dataset import Data
from ntkit._features import expect_network
from ntkit._library import Progress, check, current
from ntkit._native import ffi, lib
from ntkit._options import Struct, real
from ntkit._read import read
from ntkit.limits import law_of
from ntkit.network import Network
from ntkit.results import RegressionResult

Numbers = Union[float, Sequence[float]]


def _list(options: Struct, keyword: str, member: str, value: Numbers) -> int:
    """How many numbers that member of options has then."""
    several = np.atleast_1d(np.asarray(value, dtype=object)).tolist()
    if not several:
        raise ValueError(f"{keyword} is empty; accepted: a number from 0, or several")
    options.array(member, "double[]", [real(each, keyword) for each in several])
    return len(several)


def kernel_regression(
    net: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    X_test: npt.ArrayLike,
    *,
    kernel: str = "ntk",
    y_test: npt.ArrayLike | None = None,
    ridge: Numbers = 0.0,
    time: Numbers | None = None,
    lr: float = 0.0,
    loss: str | None = None,
    centered: bool = False,
    seed: int = 0,
    progress: Progress = False,
) -> RegressionResult:
    """f(x) = f0(x) + k(x, X) (K + ridge I)^{-1} (y - f0(X)) at X_test.

    kernel: "ntk", K of net, and f0 its outputs: the network linearised at its weights; "limit", what
    K tends to at infinite width, of a net that is drawn, and f0 = 0. centered: f0 = 0 of "ntk" too.
    ridge: one, or several to choose from: points have loo_error, that of each sample of X when the
    others are fitted, and the one of the least is chosen. time: instead of the end of gradient flow the flow at this time, or at these; with lr so many steps
    of gradient descent, in train's units and its loss. y_test: for the errors there.

    The result has prediction, at X_test, fitted, at X, and coefficient (in scikit-learn's KernelRidge
    dual_coef_, ridge its alpha), each shaped as y, of the chosen ridge or the last time; chosen with
    its losses, errors and accuracies, and points, those of every ridge or time. ntkit.NumericError where K is singular and there is no ridge;
    ValueError, MemoryError. docs/predict.md.
    """
    expect_network(net)
    context = current()
    if kernel not in ("ntk", "limit"):
        raise ValueError(f"kernel is {kernel!r}; accepted: 'ntk', 'limit'")
    limit = kernel == "limit"
    spec, data = law_of(net) if limit else net._spec(), Data(context, X, net.widths[0])
    test = Data(context, X_test, net.widths[0], "X_test")
    Y = labels(y, data.samples, net.outputs)
    alone = np.ndim(ridge) == 0
    options = Struct(
        "ntk_regression_options",
        ridge=ridge if alone else 0.0,
        lr=lr,
        loss=loss,
        centered=centered,
        seed=seed,
    )
    if not alone:
        options.c.ridges = _list(options, "ridge", "ridge_list", ridge)
    if limit:
        options.c.limit = spec.c
    if time is not None:
        options.c.times = _list(options, "time", "time", time)
    if y_test is not None:
        Y_test = labels(y_test, test.samples, net.outputs, "y_test")
        options.c.test_labels = pointer(Y_test)
    forecast = context.pointer, spec.c, data.samples, test.samples, options.c, ffi.new("size_t *")
    check(lib.ntk_regression_memory(*forecast))  # what does not fit is refused before it takes time
    result = ffi.new("ntk_regression_result *")
    try:
        context.call(
            lib.ntk_regression,
            context.pointer,
            ffi.NULL if limit else net._in(context),
            data.handle,
            pointer(Y),
            test.handle,
            options.c,
            result,
            progress=progress,
        )
        found: RegressionResult = read("ntk_regression_result", result)
    finally:
        lib.ntk_regression_clear(result)
    tail = () if np.ndim(y) == 1 else (net.outputs,)
    shaped = {
        name: getattr(found, name).reshape(rows, *tail)
        for name, rows in (
            ("prediction", test.samples),
            ("fitted", data.samples),
            ("coefficient", data.samples),
        )
    }
    return dataclasses.replace(found, **shaped)
