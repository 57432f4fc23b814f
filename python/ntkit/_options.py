"""Numbers, words and options as the library's C takes them. What C's type cannot hold is refused here
by its name, with what is accepted; what the library does not accept it refuses itself.
"""

from __future__ import annotations

import inspect
import numbers
import operator
import os
import reprlib
from typing import Any, Callable, Union

from ntkit._native import ffi

Path = Union[str, "os.PathLike[str]"]

_PATHS = ("path", "checkpoint", "database", "databases", "kernel_path", "block_path")


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # an integer of thousands of digits, say
        return f"of type {type(value).__name__}"


def _wrong(name: str, value: Any, accepted: str) -> str:
    return f"{name} is {_shown(value)}; accepted: {accepted}"


def whole(value: Any, name: str, least: int = 0, most: int = 2**64 - 1) -> int:
    """A whole number within least..most. TypeError for what is none, True too, ValueError outside."""
    accepted = f"a whole number from {least} to {most}"
    if most >= 2**63 - 1:  # as many as there are
        accepted = "a whole number" if least < -1 else f"a whole number, {least} or more"
    elif most == least:
        accepted = str(least)
    if isinstance(value, bool):
        raise TypeError(_wrong(name, value, accepted))
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(_wrong(name, value, accepted)) from None
    if not least <= number <= most:
        raise ValueError(_wrong(name, number, accepted))
    return number


def real(value: Any, name: str) -> float:
    """A real number. TypeError for what is none, ValueError for what a double cannot hold."""
    complex_number = isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real)
    if isinstance(value, (str, bytes, bytearray)) or complex_number:
        raise TypeError(_wrong(name, value, "a real number"))
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(_wrong(name, value, "a real number")) from None
    except OverflowError:
        raise ValueError(_wrong(name, value, "a real number up to 1.8e308")) from None


def flag(value: Any, name: str, also: str = "") -> bool:
    """True or False, NumPy's too, or 1 or 0. TypeError for anything else."""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return bool(value)
    try:
        if operator.index(value) in (0, 1):
            return bool(value)
    except TypeError:
        if getattr(value, "dtype", None) == bool and getattr(value, "ndim", 1) == 0:
            return bool(value)
    raise TypeError(_wrong(name, value, "True or False" + also))


def word(value: Any, name: str) -> bytes:
    """A text or a path as C has it. TypeError for what is none, ValueError where C cannot have it."""
    try:
        encoded = os.fsencode(value)
    except TypeError:
        accepted = "a file's path" if name in _PATHS else "text"
        raise TypeError(_wrong(name, value, accepted)) from None
    except UnicodeEncodeError:
        raise ValueError(_wrong(name, value, "text that UTF-8 can write")) from None
    if b"\0" in encoded:
        raise ValueError(_wrong(name, value, "text without a NUL character"))
    return encoded


def keywords_of(function: Callable[..., Any], caller: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options of a function with their defaults. TypeError where `given`, which a caller passes
    on to it, has another."""
    names = inspect.signature(function).parameters
    for name in given:
        if name not in names:
            raise TypeError(f"{caller} got an unexpected keyword argument {name!r}")
    return {name: p.default for name, p in names.items() if p.kind is p.KEYWORD_ONLY}


class Struct:
    """A struct of options, `c`, and the memory that it points to.

    Struct("ntk_spectrum_options", full=True, seed=3): members by their names in the header. A
    member that C has under another name than the user is set by `put`.
    """

    def __init__(self, struct: str, **values: Any) -> None:
        self.c = ffi.new(struct + " *")
        self._types = dict(ffi.typeof(struct).fields)
        self._keep: list[Any] = []
        for member, value in values.items():
            self.put(member, value, member)

    def put(self, member: str, value: Any, name: str) -> None:
        """Sets a member to what the user gave as `name`; None: C's own default, 0 or NULL."""
        if value is not None:
            setattr(self.c, member, self._as(self._types[member].type, value, name))

    def array(self, member: str, kind: str, values: Any) -> None:
        """Sets a pointer to an array of its own, of C's type `kind`, "double[]"."""
        self._keep.append(ffi.new(kind, values))
        setattr(self.c, member, self._keep[-1])

    def _as(self, ctype: Any, value: Any, name: str) -> Any:
        if ctype.kind == "enum":
            return whole(value, name, 0, max(ctype.elements))
        if ctype.kind == "pointer" and ctype.item.cname == "char" and not _is_c(value):
            self._keep.append(ffi.new("char[]", word(value, name)))
            return self._keep[-1]
        if ctype.kind != "primitive":
            return value
        if ctype.cname == "_Bool":
            return flag(value, name)
        if ctype.cname in ("double", "float"):
            return real(value, name)
        bits = 8 * ffi.sizeof(ctype)
        if int(ffi.cast(ctype, -1)) < 0:
            return whole(value, name, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return whole(value, name, 0, 2**bits - 1)


def _is_c(value: Any) -> bool:
    return isinstance(value, ffi.CData)
