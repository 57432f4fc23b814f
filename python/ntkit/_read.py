"""The library's results as Python's: every struct is read through the library's own table of its
fields (ntkit/describe.h), into the class of results.py of the same name.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ntkit import results
from ntkit._arrays import copied
from ntkit._library import text
from ntkit._native import ffi, lib


class Field:
    """A row of a table; name: as JSON has it, with dots; attribute: as Python has it."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self.name = text(row.name)
        self.attribute = self.name.replace(".", "_")
        self.unit = text(row.unit)
        self.help = text(row.help)
        self.type = row.type
        self.apart = bool(row.apart)
        self.numbers = row.type in (lib.NTK_TYPE_REALS, lib.NTK_TYPE_WHOLES)
        self.of = text(row.of.name) if row.of != ffi.NULL else ""


class Table:
    """The table of a struct."""

    def __init__(self, description: Any) -> None:
        self.name = text(description.name)
        self.help = text(description.help)
        self.position = text(description.position)
        self.size = int(description.size)
        # A pointer to a row: what is indexed from it would be a copy that may end before its use.
        self.fields = [Field(description.field + i) for i in range(description.fields)]


@functools.cache
def table(struct: str) -> Table:
    """The table of a struct of that name, "ntk_spectrum_result"."""
    name = struct.encode()
    found = lib.ntk_describe(name)
    if found == ffi.NULL:
        found = lib.ntk_study_describe(name)
    if found == ffi.NULL:
        raise KeyError(struct)
    return Table(found)


def tables() -> list[Table]:
    """All of them, in the order of docs/results.md."""
    count = ffi.new("size_t *")
    found = []
    for each in (lib.ntk_description_list, lib.ntk_study_description_list):
        rows = each(count)
        found += [Table(rows[i]) for i in range(count[0])]
    return found


def class_name(struct: str) -> str:
    """SpectrumResult of ntk_spectrum_result."""
    return "".join(part.capitalize() for part in struct.split("_")[1:])


def read(struct: str, memory: Any, kind: type | None = None, **more: Any) -> Any:
    """The struct at memory as an object of its class, or of `kind`, which has `more` fields."""
    values = {f.attribute: _value(f, memory) for f in table(struct).fields}
    return (kind or getattr(results, class_name(struct)))(**values, **more)


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
        return tuple(read(field.of, start + i * size) for i in range(value.count))
    if kind == lib.NTK_TYPE_PAIR:
        return tuple(ffi.cast("double *", value.at)[0:2])
    if not value.known:
        return None
    if kind == lib.NTK_TYPE_WHOLES:
        return np.frombuffer(
            ffi.buffer(ffi.cast("size_t *", value.at), 8 * value.count), np.uintp
        ).copy()
    return copied(value.at, value.count)
