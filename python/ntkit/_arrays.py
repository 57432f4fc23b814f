"""What is taken as an array of numbers: memory that is borrowed, converted once, or refused.

Borrowed, without a copy: float64 in native byte order, C-contiguous and aligned, of NumPy or of
whatever offers it by `__dlpack__` (PyTorch, JAX, ...). Such memory must not change during a call.
Converted once, exactly but for integers beyond 2^53 and longer floats: other real types, byte
orders and strides. Refused: complex numbers, objects, text, masked and sparse arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkit._library import Context, warn
from ntkit._native import ffi, lib

Array = npt.NDArray[np.float64]

_HOST = (1, 3)  # DLPack's kDLCPU and kDLCUDAHost
_SMALL = ("bfloat", "float", "int", "uint")  # of ml_dtypes: void to NumPy, which converts them
_ACCEPTED = "accepted: real numbers (float, int, bool)"


def _refuse(x: Any, name: str) -> None:
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise TypeError(
            f"{name} is a masked array; accepted: numbers without gaps, as {name}.filled(0) is"
        )
    if str(getattr(x, "layout", "")).startswith("torch.sparse"):
        raise TypeError(f"{name} is sparse; accepted: a dense tensor, as {name}.to_dense() is")
    if hasattr(x, "nnz") and (hasattr(x, "toarray") or hasattr(x, "todense")):
        raise TypeError(
            f"{name} is sparse; accepted: a dense array, as {name}.toarray() or .todense() is"
        )


def _on_host(x: Any) -> bool:
    try:
        return int(x.__dlpack_device__()[0]) in _HOST
    except AttributeError:
        return not hasattr(x, "__cuda_array_interface__")
    except (BufferError, RuntimeError, TypeError, ValueError):  # on no device that DLPack knows
        return False


def _from_device(x: Any, name: str) -> Any:
    for way in ("get", "cpu", "copy_to_host", "__array__"):  # CuPy, PyTorch, Numba, JAX
        if hasattr(x, way):
            break
    else:
        raise TypeError(f"{name} is on a device; accepted: memory of the host, a copy of it there")
    try:
        copy = np.asarray(getattr(x, way)())
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        line = str(error).split("\n")[0]
        raise TypeError(
            f"{name} cannot be copied to the host ({line}); accepted: its numbers"
        ) from None
    warn(f"{name} is copied from its device to the host")
    return copy


def _host(x: Any, name: str) -> Any:
    """x, or what it is on the host, as an array: x's own memory where that can be."""
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "__dlpack__") and hasattr(x, "detach"):
        x = x.detach()  # PyTorch refuses to export what it differentiates
        x = x.resolve_neg()  # and exports a view of the negative without its sign
    if not _on_host(x):
        return _from_device(x, name)
    try:
        if hasattr(x, "__dlpack__"):
            return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError):  # bfloat16, a conjugate view
        if hasattr(x, "double"):
            x = x.resolve_conj() if x.is_complex() else x.double()
    try:
        return np.asarray(x)
    except (TypeError, ValueError) as error:
        line = str(error).split("\n")[0]
        raise type(error)(f"{name} is no array ({line}); {_ACCEPTED}") from None


def numbers(x: Any, name: str) -> Array:
    """x as a float64 array in C order, aligned and native: itself where it is one already.

    TypeError for what holds no real numbers.
    """
    _refuse(x, name)
    array = _host(x, name)
    small = array.dtype.kind == "V" and array.dtype.name.startswith(_SMALL)
    if array.dtype.kind not in "fiub" and not small:
        way = f", as {name}.astype(float) makes them" if array.dtype == object else ""
        raise TypeError(f"{name} has entries of type {array.dtype}; {_ACCEPTED}{way}")
    with np.errstate(over="ignore"):  # beyond double's range: infinite, which the library refuses
        return np.require(array, np.float64, ["C_CONTIGUOUS", "ALIGNED"])


def matrix(
    x: Any, name: str, columns: int | None = None, wanted: str = "N x d, a sample a row"
) -> Array:
    """x as numbers, of two dimensions and so many columns. ValueError for another shape."""
    array = numbers(x, name)
    if array.ndim != 2 or (columns is not None and array.shape[1] != columns):
        wanted = wanted if columns is None else f"N x {columns}"
        if array.ndim > 2 and columns in (None, math.prod(array.shape[1:])):
            wanted += f", as {name}.reshape(len({name}), -1) is"
        raise ValueError(f"{name} has shape {array.shape}; accepted: {wanted}")
    return array


def vectors(x: Any, name: str, rows: int) -> tuple[Array, int]:
    """rows x m numbers, or so many (m = 1), each vector contiguous: as m x rows; and m."""
    array = numbers(x, name)
    if array.ndim not in (1, 2) or array.shape[0] != rows:
        raise ValueError(f"{name} has shape {array.shape}; accepted: ({rows},) or ({rows}, m)")
    if array.ndim == 1:
        return array, 1
    return np.ascontiguousarray(array.T), array.shape[1]


def labels(y: Any, rows: int, outputs: int, name: str = "y") -> Array:
    """Labels as rows x outputs; of one output a vector will do. ValueError for another shape."""
    try:
        array = numbers(y, name)
    except TypeError as error:
        raise TypeError(f"{error}; of classes ntkit.Classes({name}) makes them") from None
    if array.shape == (rows, outputs) or (outputs == 1 and array.shape == (rows,)):
        return array.reshape(rows, outputs)
    wanted = f"({rows},) or ({rows}, 1)" if outputs == 1 else f"({rows}, {outputs})"
    if outputs > 1 and array.shape in ((rows,), (rows, 1)):
        wanted += f"; of labels that are classes ntkit.Classes({name}).encode({outputs}) makes it"
    raise ValueError(f"{name} has shape {array.shape}; accepted: {wanted}")


def pointer(array: Array) -> Any:
    """double * to an array's memory, which lives as long as it."""
    return ffi.from_buffer("double[]", array)


def _amount(memory: float) -> str:
    """Bytes for people, as the library words them."""
    unit = "GB" if memory >= 999.5e6 else "MB" if memory >= 999.5e3 else "kB"
    value = memory / {"GB": 1e9, "MB": 1e6, "kB": 1e3}[unit]
    return f"{value:.0f} {unit}" if value >= 999.5 else f"{value:.3g} {unit}"


def room(context: Context, shape: tuple[int, ...], what: str) -> Array:
    """An array for a result, not yet filled. MemoryError, with both numbers, where it does not fit."""
    needed = 8 * math.prod(shape)
    if needed > 1 << 20:  # to ask the system takes longer than to have so little
        available = lib.ntk_memory_available(context.pointer)
        if needed > available:
            raise MemoryError(
                f"{what} {shape} needs {_amount(needed)} of memory, and "
                f"{_amount(available)} are available"
            )
    return np.empty(shape)


class _Lent:
    """Memory of an object of the library, which it keeps alive, as NumPy asks for it."""

    def __init__(self, address: int, shape: tuple[int, ...], owner: object, writable: bool) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "typestr": np.dtype(np.float64).str,
            "shape": shape,
            "data": (address, not writable),
        }


def view(memory: Any, shape: tuple[int, ...], owner: object, *, writable: bool = False) -> Array:
    """An array on the library's memory, which lives as long as the array does."""
    return np.asarray(_Lent(int(ffi.cast("uintptr_t", memory)), shape, owner, writable))


def copied(memory: Any, count: int) -> Array:
    """count doubles of the library's memory, in an array of its own."""
    return np.frombuffer(ffi.buffer(ffi.cast("double *", memory), 8 * count)).copy()
