"""Writes python/ntkit/results.py from the library's tables of fields; a test holds them together.

usage: PYTHONPATH=python python python/native/results.py > python/ntkit/results.py
"""

from __future__ import annotations

import textwrap

from ntkit._native import lib
from ntkit._tables import Field, Table, class_name, tables

HEAD = '''"""Results, field by field as the library describes them. Written by python/native/results.py from
the library's tables: not to be edited. A number that is not known is nan, anything else None.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntkit._result import Result, Rows
'''


def annotation(field: Field) -> str:
    simple = {
        lib.NTK_TYPE_REAL: "float",
        lib.NTK_TYPE_WHOLE: "int",
        lib.NTK_TYPE_INT: "int",
        lib.NTK_TYPE_FLAG: "bool | None" if field.row.compute else "bool",
        lib.NTK_TYPE_TEXT: "str | None",
        lib.NTK_TYPE_LINE: "str",
        lib.NTK_TYPE_PAIR: "tuple[float, float]",
        lib.NTK_TYPE_REALS: "npt.NDArray[np.float64] | None",
        lib.NTK_TYPE_WHOLES: "npt.NDArray[np.uintp] | None",
        lib.NTK_TYPE_OBJECT: class_name(field.of),
        lib.NTK_TYPE_OBJECTS: f"Rows[{class_name(field.of)}]",
    }
    if field.type in (lib.NTK_TYPE_WHOLE, lib.NTK_TYPE_INT) and field.row.compute:
        return "int | None"
    return simple[field.type]


def text_of(field: Field) -> str:
    unit = f" [{field.unit}]" if field.unit else ""
    unknown = "nan" if field.type == lib.NTK_TYPE_REAL else "None"
    return f"{field.attribute}{unit}: {field.help.replace('null', unknown)}"


def lines_of(table: Table) -> list[str]:
    out = ["", "", "@dataclass(frozen=True, eq=False, repr=False)"]
    out += [f"class {class_name(table.name)}(Result):", f'    r"""{table.help}', ""]
    for field in table.fields:
        out += textwrap.wrap(text_of(field), 100, initial_indent=" " * 4, subsequent_indent=" " * 8)
    out += ['    """', "", f'    _struct = "{table.name}"']
    out += [f"    {field.attribute}: {annotation(field)}" for field in table.fields]
    return out


def main() -> None:
    out = HEAD.splitlines()
    for table in tables():
        out += lines_of(table)
    print("\n".join(out))


if __name__ == "__main__":
    main()
