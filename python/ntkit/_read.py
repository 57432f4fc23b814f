"""The library's results as Python's: every struct is read through the library's own table of its
fields (ntkit/describe.h), into the class of results.py of the same name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntkit import results
from ntkit._arrays import copied
from ntkit._library import text
from ntkit._native import ffi, lib
from ntkit._result import Rows
from ntkit._tables import Field, class_name, table


def read(struct: str, memory: Any, kind: type | None = None, **more: Any) -> Any:
    """The struct at memory as an object of its class, or of `kind`, which has `more` fields."""
    values = {f.attribute: _value(f, memory) for f in table(struct).fields}
    return (kind or getattr(results, class_name(struct)))(**values, **more)


def read_rows(struct: str, memory: Any, count: int) -> Rows[Any]:
    """count structs at memory."""
    return Rows(read(struct, memory + i) for i in range(count))


def _value(field: Field, memory: Any) -> Any:
    value = lib.ntk_field_read(field.row, memory)
    kind = field.type
    if kind == lib.NTK_TYPE_REAL:
        return value.real
    if kind in (lib.NTK_TYPE_WHOLE, lib.NTK_TYPE_INT):
        return int(value.whole) if value.known else None
    if kind == lib.NTK_TYPE_FLAG:
        return bool(value.flag) if value.known else None
    if kind in (lib.NTK_TYPE_TEXT, lib.NTK_TYPE_LINE):
        return text(value.text) if value.known else None
    if kind == lib.NTK_TYPE_OBJECT:
        return read(field.of, value.at) if value.known else None
    if kind == lib.NTK_TYPE_OBJECTS:
        start, size = ffi.cast("char *", value.at), table(field.of).size
        return Rows(read(field.of, start + i * size) for i in range(value.count))
    if kind == lib.NTK_TYPE_PAIR:
        return tuple(ffi.cast("double *", value.at)[0:2])
    if not value.known:
        return None
    if kind == lib.NTK_TYPE_WHOLES:
        return np.frombuffer(
            ffi.buffer(ffi.cast("size_t *", value.at), 8 * value.count), np.uintp
        ).copy()
    return copied(value.at, value.count)
