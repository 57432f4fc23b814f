"""neural-tangents' stax: parameters are lists of (w, b), which the layers scale as they apply."""

from __future__ import annotations

import math
from typing import Any

from ntkit.convert.layers import Layers, Step, assemble, exact


def _pairs(params: Any) -> list[Any]:
    """The (w, b) of the dense layers: stax has () for an activation and lists within lists."""
    if isinstance(params, tuple) and len(params) == 2 and hasattr(params[0], "dtype"):
        return [params]
    if not isinstance(params, (list, tuple)):
        raise TypeError(
            f"params has {type(params).__name__}; accepted: what init_fn of stax.serial gives, "
            "lists of (w, b) and ()"
        )
    return [pair for below in params for pair in _pairs(below)]


def from_stax(
    params: Any,
    activation: str,
    *,
    W_std: float = 1.0,
    b_std: float | None = None,
    parameterization: str = "ntk",
) -> Layers:
    """Layers of neural-tangents' stax.serial(Dense, Erf, Dense, ...): what the layers multiply by.

    params: of init_fn, or trained. activation: ntkit's; stax.Erf is "erf", stax.Gelu "gelu",
    stax.Sin "sin", stax.Relu "relu". W_std, b_std, parameterization: as given to each stax.Dense;
    under "ntk" a layer applies W = W_std / sqrt(n_in) w and b = b_std beta, under "standard" w and
    beta themselves. Copied, exactly to float64 but for the rounding of W.

    ValueError: another parameterization, shapes that do not follow. TypeError: no such lists.
    """
    if parameterization not in ("ntk", "standard"):
        raise ValueError(f"parameterization {parameterization!r}; accepted: 'ntk', 'standard'")
    scaled = parameterization == "ntk"
    steps = []
    for i, (w, b) in enumerate(_pairs(params)):
        W = exact(w, f"params: w of layer {i + 1}")
        bias = None if b is None else exact(b, f"params: b of layer {i + 1}").reshape(-1)
        if bias is not None and scaled:
            bias *= 0.0 if b_std is None else b_std
        if W.ndim == 2 and scaled:
            W *= W_std / math.sqrt(W.shape[0])
        steps.append(Step(f"layer {i + 1} of params", W=W, b=bias))
    return assemble(steps, "params", activation)
