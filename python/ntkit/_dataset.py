"""Users' arrays as the library's data sets."""

from __future__ import annotations

from typing import Any

from ntkit._arrays import matrix, pointer
from ntkit._library import Context
from ntkit._native import lib


class Data:
    """X as the library's data set, on the array's own memory."""

    def __init__(self, context: Context, X: Any, d: int | None = None, name: str = "X") -> None:
        self.array = matrix(X, name, d)
        self.samples, self.dim = self.array.shape
        self.handle = context.make(
            "ntk_dataset",
            lib.ntk_dataset_destroy,
            lib.ntk_dataset_borrow,
            context.pointer,
            pointer(self.array),
            self.samples,
            self.dim,
            held=self.array,
        )
