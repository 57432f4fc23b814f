"""What every framework's network is turned into: `Layers`, from a chain of `Step`s.

A converter lists what its model does to a row, one `Step` after the other, each with its place in
the model; `assemble` makes layers of them or says which step ntkit has not.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """The model's own outputs for a few rows, which the layers give if they were understood.

    X: (rows, n_0); outputs: (rows, n_L); tolerance: relative to the largest output, the square
    root of the unit of the model's precision.
    """

    X: Array
    outputs: Array
    tolerance: float

    def check(self, outputs: Array) -> None:
        """Raises ValueError where outputs, of ntkit's network on X, are not the model's."""
        if self.outputs.size != outputs.size:
            raise ValueError(
                f"the model has {self.outputs.size // len(self.X)} outputs of a row, its last "
                f"layer {outputs.size // len(self.X)}; accepted: dense layers with activations "
                "between"
            )
        apart = float(np.abs(self.outputs.reshape(outputs.shape) - outputs).max(initial=0.0))
        size = float(np.abs(self.outputs).max(initial=0.0))
        if not apart <= self.tolerance * size:
            raise ValueError(
                f"the model is not the chain of its layers: its outputs, of size {size:.3g}, are "
                f"{apart:.3g} from theirs; accepted: what does nothing but these, one after another"
            )


@dataclass(frozen=True)
class Layers:
    """A trained network as ntkit takes it: f_l = phi_l(W_l^T f_{l-1} + b_l), eq. (1).

    weights: W_l, (n_{l-1}, n_l), float64, l = 1..L; biases: b_l, (n_l,), or None without one;
    activation: phi_1..phi_{L-1} in ntkit's spelling, one for all or by commas; dropped: what the
    model does to F_L and the layers do not ("softmax"), or ""; probe: None where the model says
    itself all that it does.
    """

    weights: list[Array]
    biases: list[Array | None]
    activation: str
    dropped: str = ""
    probe: Probe | None = None

    @property
    def widths(self) -> list[int]:
        """n_0, ..., n_L."""
        return [self.weights[0].shape[0]] + [W.shape[1] for W in self.weights]


@dataclass(frozen=True)
class Step:
    """One thing that a model does to a row: a dense layer (W), an activation (phi), or a reshape.

    place: its name as the user would write it, "model.features.3".
    """

    place: str
    W: Array | None = None
    b: Array | None = None
    phi: str = ""


def probe_rows(inputs: int) -> Array:
    """Four normal rows, to sixteenths, which every precision down to bfloat16 has exactly."""
    X = np.random.default_rng(0).standard_normal((4, inputs))
    return np.array(np.round(16 * X) / 16, dtype=np.float64)


def needs(module: str, who: str, package: str) -> Any:
    """The module; ImportError that names the package to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{who} needs {package}: pip install {package}") from error


def text_of(name: str, value: float, usual: float) -> str:
    """ "elu(0.5)", or "elu" where the parameter has its usual value."""
    return name if value == usual else f"{name}({float(value)!r})"


def exact(array: Any, place: str) -> Array:
    """A copy in float64, where every entry of the array's type is a float64 too."""
    host = np.asarray(array)
    kind = np.dtype(host.dtype)
    # ml_dtypes' bfloat16 and float8 are of kind "V" and know their way to float64.
    if kind.kind not in "fV" or kind.itemsize > 8 or kind.names is not None:
        raise TypeError(
            f"{place} is of type {kind}; accepted: real floating point, float64 or less"
        )
    return np.array(host, dtype=np.float64, order="C")


def refuse(place: str, what: str) -> ValueError:
    """The exception for a step that ntkit has not."""
    return ValueError(f"{place} is {what}: ntkit takes dense layers with activations between")


def _check_dense(step: Step, before: Step | None) -> None:
    assert step.W is not None
    if step.W.ndim != 2 or 0 in step.W.shape:
        raise refuse(step.place, f"a weight of shape {step.W.shape}")
    if step.b is not None and step.b.shape != step.W.shape[1:]:
        raise ValueError(
            f"{step.place} has {step.W.shape[1]} outputs and a bias of shape {step.b.shape}"
        )
    if before is not None and before.W is not None and before.W.shape[1] != step.W.shape[0]:
        raise ValueError(
            f"{step.place} takes {step.W.shape[0]} inputs, but {before.place} before it gives "
            f"{before.W.shape[1]}"
        )


def _activations(steps: Sequence[Step], dense: list[int]) -> list[str]:
    """phi after each dense layer but the last; identity where nothing stands between two."""
    found = []
    for first, second in zip(dense, dense[1:]):
        between = steps[first + 1 : second]
        for step in between:
            if step.phi == "":
                raise refuse(step.place, "a reshape between two of them")
        named = [step for step in between if step.phi != "identity"]
        if len(named) > 1:
            raise refuse(named[1].place, f"{named[1].phi} right after {named[0].phi}")
        found.append(named[0].phi if named else "identity")
    return found


def assemble(
    steps: Sequence[Step],
    model: str,
    activation: str | None = None,
    dropped: str = "",
    probe: Probe | None = None,
) -> Layers:
    """Layers of steps; activation, where given, stands in place of what the steps have.

    ValueError: fewer than two dense layers; shapes that do not follow; two activations in a row;
    one before the first layer or after the last.
    """
    dense = [i for i, step in enumerate(steps) if step.W is not None]
    if len(dense) < 2:
        raise ValueError(
            f"{model} has {len(dense) or 'no'} dense layer{'s' * (len(dense) != 1)}; accepted: two "
            "or more, with activations between"
        )
    for last, i in zip([-1] + dense, dense):
        _check_dense(steps[i], steps[last] if last >= 0 else None)
    for step in steps[: dense[0]]:
        if step.phi not in ("", "identity"):
            raise refuse(step.place, f"{step.phi} before the first of them; apply it to X instead")
    for step in steps[dense[-1] + 1 :]:
        if step.phi not in ("", "identity"):
            raise refuse(
                step.place,
                f"{step.phi} after the last of them (the kernel is of F_L, the layer's own "
                "output); remove it",
            )
    phi = _activations(steps, dense) if activation is None else [activation]
    taken = [steps[i] for i in dense]
    return Layers(
        weights=[step.W for step in taken if step.W is not None],
        biases=[step.b for step in taken],
        activation=phi[0] if len(set(phi)) == 1 else ",".join(phi),
        dropped=dropped,
        probe=probe,
    )
