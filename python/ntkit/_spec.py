"""What a network is to be, as the library takes it (ntk_network_spec)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from ntkit._options import Struct, flag, real, whole

Biases = Union[bool, Sequence[bool]]
Activation = Union[str, Sequence[str]]

_DEVIATION = "; bias=True, bias_deviation=0.1 draws them with that deviation"


class Spec(Struct):
    """An ntk_network_spec and the memory that it points to."""

    def __init__(
        self,
        widths: Sequence[int],
        activation: Activation | None = None,
        init: str | None = None,
        *,
        seed: int = 0,
        outputs: int = 1,
        bias: Biases = False,
        bias_deviation: float = 0.0,
        beta: float | Sequence[float] | None = None,
        gamma: float = 0.0,
        parameterization: str | None = None,
        scale: Sequence[float] | None = None,
    ) -> None:
        super().__init__(
            "ntk_network_spec",
            activation=by_commas(activation),
            init=init,
            seed=seed,
            outputs=whole(outputs, "outputs", 1),
            bias_deviation=bias_deviation,
            gamma=gamma,
            parameterization=parameterization,
        )
        each = [whole(n, f"widths[{i}]") for i, n in enumerate(sequence(widths, "widths"))]
        depth = len(each)
        self.c.depth = depth
        self.array("width", "size_t[]", each)
        if bias is not False:
            biases = each_of(bias, depth, "bias")
            self.array(
                "bias", "bool[]", [flag(b, f"bias[{i}]", _DEVIATION) for i, b in enumerate(biases)]
            )
        if beta is not None:
            betas = each_of(beta, depth, "beta")
            self.array("beta", "double[]", [real(b, f"beta[{i}]") for i, b in enumerate(betas)])
        if scale is not None and parameterization is not None:
            raise ValueError(
                "scale and parameterization are given, which both are the scales of K's blocks; "
                "accepted: one of them"
            )
        if scale is not None:
            scales = of_length(sequence(scale, "scale"), 2 * depth, "scale")
            self.array("scale", "double[]", [real(a, f"scale[{i}]") for i, a in enumerate(scales)])


def sequence(values: Any, name: str) -> list[Any]:
    """values as a list. TypeError for one number, and for text."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} is of type {type(values).__name__}; accepted: a list of numbers")
    return list(values)


def by_commas(names: Any) -> Any:
    """Names in a list as the library has them; one text as it is."""
    listed = isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
    return ",".join(names) if listed else names


def kept(value: Any) -> Any:
    """A list as it is now, whatever becomes of it; one number as it is."""
    listed = hasattr(value, "__iter__") and getattr(value, "ndim", None) != 0
    return tuple(value) if listed and not isinstance(value, str) else value


def each_of(value: Any, length: int, name: str) -> list[Any]:
    """So many values: those given, or one for all."""
    if hasattr(value, "__iter__") and getattr(value, "ndim", None) != 0:
        return of_length(sequence(value, name), length, name)
    return [value] * length


def of_length(values: list[Any], length: int, name: str) -> list[Any]:
    if len(values) != length:
        raise ValueError(f"{name} has {len(values)} entries; accepted: {length}, or one for all")
    return values
