"""Weights and biases as a user gives them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from ntkit._arrays import Array, matrix, numbers
from ntkit._spec import of_length


def layers(
    weights: Sequence[npt.ArrayLike], biases: Sequence[npt.ArrayLike | None] | None
) -> tuple[list[Array], list[Array | None]]:
    """W_1, ..., W_L and b_1, ..., b_L as numbers. ValueError where shapes do not go together."""
    wanted = "n_(l-1) x n_l, two dimensions"
    W = [matrix(w, f"weights[{i}]", wanted=wanted) for i, w in enumerate(weights)]
    if len(W) < 2:
        raise ValueError(f"weights has {len(W)} matrices; accepted: 2 or more, W_1, ..., W_L")
    for i in range(1, len(W)):
        if W[i].shape[0] != W[i - 1].shape[1]:
            raise ValueError(
                f"weights[{i}] has shape {W[i].shape} after {W[i - 1].shape}; accepted: "
                f"({W[i - 1].shape[1]}, n), W_l being n_(l-1) x n_l"
            )
    return W, _biases(biases, W)


def _biases(biases: Sequence[npt.ArrayLike | None] | None, W: list[Array]) -> list[Array | None]:
    if biases is None:
        return [None] * len(W)
    b = [None if v is None else numbers(v, f"biases[{i}]") for i, v in enumerate(biases)]
    of_length(b, len(W), "biases")
    for i, v in enumerate(b):
        if v is not None and v.shape != (W[i].shape[1],):
            raise ValueError(f"biases[{i}] has shape {v.shape}; accepted: ({W[i].shape[1]},)")
    return b
