"""The kernel K as an operator of scipy.sparse.linalg: products without K, solutions by its factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, pointer, room, vectors
from ntkit._features import Features
from ntkit._library import Progress
from ntkit._native import lib
from ntkit._options import real
from ntkit.kernels import block_flags, values
from ntkit.network import Network

if TYPE_CHECKING:
    from typing_extensions import Self

try:
    from scipy.sparse.linalg import LinearOperator
except ImportError:
    raise ImportError("ntkit.Kernel is an operator of SciPy: pip install scipy") from None


class Kernel(LinearOperator):
    """K of a network on X as a scipy.sparse.linalg.LinearOperator, symmetric, of float64.

    K = ntkit.Kernel(net, X)
    scipy.sparse.linalg.eigsh(K, 10)            # products alone: K is never made
    K.factor().solve(y)                         # K^{-1} y
    inverse = LinearOperator(K.shape, K.factor().solve, dtype=float)
    scipy.sparse.linalg.eigsh(K, 1, sigma=0, OPinv=inverse)    # the smallest eigenvalue

    blocks and output: as of ntkit.kernel; of output="all" K has N n_L rows. Holds the features,
    8 N (sum_l 2 n_l) bytes; X is borrowed where it is float64 in C order. A product costs
    4 N sum_l n_{l-1} n_l flops for each vector. np.asarray(K) is ntkit.kernel's array. The object
    belongs to the context it was made in. ValueError for shapes and names, MemoryError.
    """

    def __init__(
        self,
        net: Network,
        X: npt.ArrayLike,
        blocks: Sequence[int] | None = None,
        output: int | str = "trace",
    ) -> None:
        self._blocks = block_flags(blocks, net.depth)
        self._features = Features(net, X, output)
        self._factor: Any = None
        self._part = net, blocks, output
        super().__init__(np.dtype(np.float64), (self._features.rows, self._features.rows))

    def _matmat(self, V: npt.ArrayLike) -> Array:
        columns, m = vectors(V, "V", self.shape[0])
        U = room(self._features.context, (m, self.shape[0]), "K V")
        call, apply = self._features.call, lib.ntk_kernel_apply
        call(apply, self._blocks, pointer(columns), m, pointer(U))
        return U.T

    def _matvec(self, v: npt.ArrayLike) -> Array:
        return self._matmat(v).reshape(np.shape(v))

    def _adjoint(self) -> Self:
        return self

    _transpose = _adjoint

    def factor(self, shift: float = 0.0, *, progress: Progress = False) -> Self:
        """Factorises K - shift I, for solve; in place of an earlier factor. Gives itself.

        N^3 / 3 flops and 4 N^2 bytes. NumericError, and no factor, where K - shift I is not
        positive definite in double precision; ValueError where K overflows, MemoryError.
        """
        moved = real(shift, "shift")
        context, self._factor = self._features.context, None
        make, destroy = lib.ntk_kernel_create, lib.ntk_kernel_destroy
        made = context.make(
            "ntk_kernel", destroy, make, self._features.handle, self._blocks, progress=progress
        )
        context.call(lib.ntk_kernel_factor, made, moved, progress=progress)
        self._factor = made
        return self

    def solve(self, B: npt.ArrayLike) -> Array:
        """(K - shift I)^{-1} B, for B of N entries or N x m; 2 N^2 m flops.

        ValueError before factor(), for another number of rows and for what is not finite.
        """
        if self._factor is None:
            raise ValueError("K is not factorised yet; accepted: solve after factor()")
        columns, m = vectors(B, "B", self.shape[0])
        if not np.isfinite(columns).all():
            raise ValueError("B has entries that are not finite; accepted: finite numbers")
        U = room(self._features.context, (m, self.shape[0]), "the solution")
        U[...] = columns
        self._features.context.call(lib.ntk_kernel_solve, self._factor, pointer(U), m)
        return U[0] if np.ndim(B) == 1 else U.T

    def to_array(self, *, progress: Progress = False) -> Array:
        """K itself, N x N, as ntkit.kernel gives it; 8 N^2 bytes. MemoryError with both numbers."""
        return values(self._features, self._features, self._blocks, progress)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("K is made when it is asked for; accepted: copy=None or True")
        return self.to_array().astype(dtype or np.float64, copy=False)

    def diagonal(self) -> Array:
        """K_ii, N entries, some rows of X at a time; 2 N (P + 64 sum_k n_k) flops."""
        net, blocks, output = self._part
        X, step = self._features.data.array, 64
        parts = (Kernel(net, X[i : i + step], blocks, output) for i in range(0, len(X), step))
        return np.concatenate([part.to_array().diagonal() for part in parts])

    def trace(self) -> float:
        """The sum of the diagonal."""
        return float(self.diagonal().sum())
