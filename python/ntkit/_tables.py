"""The library's tables of the fields of its structs (ntkit/describe.h)."""

from __future__ import annotations

import functools
from typing import Any

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
