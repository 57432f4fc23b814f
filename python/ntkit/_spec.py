"""What a network is to be, as the library takes it (ntk_network_spec)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from ntkit._native import ffi

Biases = Union[bool, Sequence[bool]]


class Spec:
    """An ntk_network_spec and the memory that it points to."""

    def __init__(
        self,
        widths: Sequence[int],
        activation: str | None = None,
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
        depth = len(widths)
        self.c = ffi.new("ntk_network_spec *")
        self._keep: list[Any] = []
        self.c.depth = depth
        self.c.width = self._array("size_t[]", [int(n) for n in widths])
        self.c.activation = self._text(activation)
        self.c.init = self._text(init)
        self.c.seed = seed
        self.c.outputs = outputs
        self.c.bias_deviation = bias_deviation
        self.c.gamma = gamma
        self.c.parameterization = self._text(parameterization)
        if bias is not False:
            each = [bias] * depth if isinstance(bias, bool) else [bool(b) for b in bias]
            self.c.bias = self._array("bool[]", of_length(each, depth, "bias"))
        if beta is not None:
            all_betas = [float(beta)] * depth if isinstance(beta, (int, float)) else list(beta)
            self.c.beta = self._array("double[]", of_length(all_betas, depth, "beta"))
        if scale is not None:
            self.c.scale = self._array("double[]", of_length(list(scale), 2 * depth, "scale"))

    def _array(self, kind: str, values: Sequence[Any]) -> Any:
        self._keep.append(ffi.new(kind, values))
        return self._keep[-1]

    def _text(self, word: str | None) -> Any:
        return ffi.NULL if word is None else self._array("char[]", word.encode())


def of_length(values: list[Any], length: int, name: str) -> list[Any]:
    if len(values) != length:
        raise ValueError(f"{name} has {len(values)} entries; accepted: {length}, or one for all")
    return values
