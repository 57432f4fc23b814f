"""What networks are fitted to: labels that are drawn, and classes as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, numbers, pointer
from ntkit._dataset import Data
from ntkit._features import expect_network
from ntkit._library import NumericError, check, current
from ntkit._native import ffi, lib
from ntkit._options import whole, word
from ntkit.network import Network


def labels(kind: str, X: npt.ArrayLike, net: Network | None = None, *, seed: int = 0) -> Array:
    """Labels of the rows of X for net: "gaussian", "sign" (-1 or 1) or "teacher": N x n_L.

    teacher: the outputs of another network of net's architecture, of mean square 1. Without net,
    and of one output, N. Label (i, c) depends on (kind, seed, i, c) alone, a teacher's on X and
    net's architecture as well. ValueError for another kind and for a teacher without net.
    """
    if net is not None:
        expect_network(net)
    context = current()
    data = Data(context, X, None if net is None else net.widths[0])
    outputs = 1 if net is None else net.outputs
    Y = np.empty((data.samples, outputs) if outputs > 1 else data.samples)
    spec = None if net is None else net._spec()
    context.call(
        lib.ntk_labels_generate,
        context.pointer,
        word(kind, "kind"),
        ffi.NULL if spec is None else spec.c,
        data.handle,
        whole(seed, "seed"),
        pointer(Y),
    )
    return Y


class Classes:
    """Labels that are classes, whole numbers or words, as numbers that networks put out.

    classes = ntkit.Classes(y)
    fit = ntkit.train(net, X, classes.encode(net.outputs))
    classes.decode(fit.network(X))

    y: N of them, or N x 1. names: the different ones, ascending; count: how many. ValueError for
    another shape, for a number that is not whole, and for one class alone.
    """

    def __init__(self, y: npt.ArrayLike) -> None:
        given = np.asarray(y)
        if given.size == 0 or given.ndim == 0 or given.shape[1:] not in ((), (1,)):
            raise ValueError(f"y has shape {given.shape}; accepted: (N,) or (N, 1), N from 1 on")
        given = given.reshape(-1)
        words = given.dtype.kind in "US" or all(isinstance(label, str) for label in given)
        self.names: npt.NDArray[Any]
        self.names, codes = np.unique(given, return_inverse=True) if words else (given, given)
        self._codes = numbers(codes, "y").copy()  # as they are now, whatever becomes of y
        if words and len(self.names) == 1:
            raise ValueError(
                f"every label is {str(self.names[0])!r}; accepted: two classes or more"
            )
        count, value = ffi.new("size_t *"), np.empty(self._codes.size)
        check(lib.ntk_classes_find(pointer(self._codes), self._codes.size, count, pointer(value)))
        self.count: int = count[0]
        self._values = value[: self.count].copy()
        if not words:
            self.names = self._values.astype(given.dtype)

    def __repr__(self) -> str:
        names = ", ".join(map(str, self.names[:5])) + (", ..." if self.count > 5 else "")
        return f"<ntkit.Classes of {self._codes.size} labels: {self.count}, {names}>"

    def encode(self, outputs: int | None = None, other: float = -1.0) -> Array:
        """N x outputs: 1 at the output of a sample's class, `other` elsewhere (0: one-hot).

        outputs: as many as classes (None); of two classes one will do, 1 for the second.
        """
        outputs = self.count if outputs is None else whole(outputs, "outputs", 1)
        Z = np.empty((self._codes.size, outputs))
        check(lib.ntk_classes_encode(*self._all(), outputs, other, pointer(Z)))
        return Z

    def decode(self, F: npt.ArrayLike, other: float = -1.0) -> npt.NDArray[Any]:
        """The classes that outputs F, N x n_L, mean: of the largest, or of one output the nearer.

        NumericError for outputs that are not finite.
        """
        out = numbers(F, "F")
        out = out.reshape(-1, 1) if out.ndim == 1 else out
        if out.ndim != 2 or out.shape[1] != self.count and (out.shape[1], self.count) != (1, 2):
            raise ValueError(f"F has shape {out.shape}; accepted: (N, {self.count})")
        chosen = np.empty(len(out))
        arguments = len(out), self.count, pointer(self._values), out.shape[1], other
        lib.ntk_classes_decode(pointer(out), *arguments, pointer(chosen))
        return self._named(chosen)

    def against_rest(self) -> Array:
        """count x N: row c is 1 at class c and -1 elsewhere: labels of a network for each class."""
        Z = np.empty((self.count, self._codes.size))
        lib.ntk_classes_targets(*self._all(), pointer(Z))
        return Z

    def choose(self, F: npt.ArrayLike) -> npt.NDArray[Any]:
        """The classes that outputs of a network for each mean: F is count x N, or so many N x 1.

        NumericError for outputs that are not finite.
        """
        out = numbers(F, "F")
        if out.shape[:1] != (self.count,) or out.shape[2:] not in ((), (1,)) or out.ndim < 2:
            raise ValueError(f"F has shape {out.shape}; accepted: ({self.count}, N)")
        chosen = np.empty(out.shape[1])
        values = pointer(self._values)
        lib.ntk_classes_choose(pointer(out), len(chosen), self.count, values, pointer(chosen))
        return self._named(chosen)

    def _all(self) -> tuple[Any, ...]:
        return pointer(self._codes), self._codes.size, self.count, pointer(self._values)

    def _named(self, chosen: Array) -> npt.NDArray[Any]:
        if np.isnan(chosen).any():
            raise NumericError(f"the outputs of sample {np.isnan(chosen).argmax()} are not finite")
        found: npt.NDArray[Any] = self.names[np.searchsorted(self._values, chosen)]
        return found
