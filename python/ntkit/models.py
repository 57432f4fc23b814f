"""Fitted networks in folders of the program's --save, with their classes and scaling, applied."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, copied, pointer
from ntkit._dataset import Data
from ntkit._files import COMMAND
from ntkit._library import Context, current, text
from ntkit._native import ffi, lib
from ntkit._options import Path, word
from ntkit._read import read
from ntkit.network import Network
from ntkit.results import FitError


class Model:
    """A fitted network, or one for each class, as the program's --save left it in a folder.

    networks: one, or one for each class. classes: their numbers or words, ascending; None: none.
    encoding: "signs" or "one-hot" where the classes are the outputs of one network. scaling: how
    the data were scaled, command: what fitted it, certificate: what was proved of the fit; None
    where the folder does not tell.
    """

    def __init__(self, context: Context, handle: Any) -> None:
        self._context = context
        self._handle = handle
        self.networks = tuple(
            Network._of(context, handle.networks[i])._copy() for i in range(handle.count)
        )
        self.classes = _classes(handle)
        self.encoding = text(handle.encoding) or None
        self.activation = self.networks[0].activation
        self.scaling = text(handle.scaling) or None
        self.command = text(handle.command) or None
        certificate = ffi.addressof(handle, "certificate")
        self.certificate: FitError | None = (
            read("ntk_fit_error", certificate) if handle.certified else None
        )

    @classmethod
    def load(
        cls,
        path: Path,
        activation: str | None = None,
        layout: str | None = None,
    ) -> Model:
        """The model in a folder; or weights alone, as Network.load reads them.

        activation: needed where no result.json tells it. OSError, ValueError.
        """
        context, memory = current(), ffi.new("ntk_model *")
        words = [
            ffi.NULL if w is None else ffi.new("char[]", word(w, name))
            for w, name in [(path, "path"), (activation, "activation"), (layout, "layout")]
        ]

        def load(out: Any) -> int:
            status = int(lib.ntk_model_load(context.pointer, *words, memory))
            if status == lib.NTK_OK:
                out[0] = memory
            return status

        clear = lib.ntk_model_clear
        return cls(context, context.make("ntk_model", clear, load, held=(memory, words)))

    def __repr__(self) -> str:
        classes = "" if self.classes is None else f", {len(self.classes)} classes"
        return f"<ntkit.Model of {len(self.networks)} x {self.networks[0]!r}{classes}>"

    def __call__(self, X: npt.ArrayLike, scale: str | None = None) -> Array:
        """Outputs at the rows of X, N x n_L, or N x count of a network for each class.

        scale: how X is scaled first: None: as the model's own data were, where the folder tells,
        but for rows that are in its X.npy and so are scaled already; "none": not at all, as of
        what Network.save left.
        """
        return self._apply(X, scale)[0]

    def predict(self, X: npt.ArrayLike, scale: str | None = None) -> npt.NDArray[Any]:
        """The classes that the outputs mean, N numbers or words; without classes the outputs."""
        outputs, chosen = self._apply(X, scale)
        if self.classes is None:
            return outputs
        found: npt.NDArray[Any] = self.classes[np.searchsorted(self._values(), chosen)]
        return found

    def _values(self) -> Array:
        return copied(self._handle.classes, self._handle.class_count)

    def _apply(self, X: npt.ArrayLike, scale: str | None) -> tuple[Array, Array]:
        data = Data(self._context, X, self.networks[0].widths[0])
        if scale is None and self.scaling is None and self.command == COMMAND:
            scale = "none"  # Network.save's: a Network is applied to what it is given
        given = ffi.NULL if scale is None else ffi.new("char[]", word(scale, "scale"))
        scaled, done = ffi.new("ntk_dataset **"), ffi.new("ntk_model_scaling *")
        count, one = len(self.networks), self.networks[0].outputs
        outputs = np.empty((count, data.samples) if count > 1 else (data.samples, one))
        chosen = np.empty(data.samples)
        call, model = self._context.call, self._handle
        try:
            call(lib.ntk_model_scale, model, data.handle, given, scaled, done)
            rows = data.handle if scaled[0] == ffi.NULL else scaled[0]
            call(lib.ntk_model_predict, model, rows, pointer(outputs), pointer(chosen))
        finally:
            lib.ntk_dataset_destroy(scaled[0])
        return (np.ascontiguousarray(outputs.T) if count > 1 else outputs), chosen


def _classes(handle: Any) -> npt.NDArray[Any] | None:
    if handle.class_count == 0:
        return None
    if handle.class_names != ffi.NULL:
        return np.array([text(handle.class_names[i]) for i in range(handle.class_count)])
    return copied(handle.classes, handle.class_count).astype(np.int64)


def predict(
    model: Model | Network | Path, X: npt.ArrayLike, scale: str | None = None
) -> npt.NDArray[Any]:
    """What a model says of the rows of X: its classes, or outputs, N x n_L, where it has none.

    model: a Network, a Model, or the folder of one. scale: as of a Model.
    """
    if isinstance(model, Network):
        if scale not in (None, "none"):
            raise ValueError(
                f"scale is {scale!r}; accepted: none of a Network, which tells of none"
            )
        return model(X)
    return (model if isinstance(model, Model) else Model.load(model)).predict(X, scale)
