"""The package's docstrings, which are plain text, as Sphinx wants them."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import textwrap

import ntkit
from ntkit import _result
from sphinx.util.inspect import TypeAliasForwardRef

_SPECIAL = ("__call__", "__matmul__", "__iter__", "__next__")
_ARRAYS = re.compile(r"npt\.ArrayLike|npt\.NDArray\[[\w.]+\]")
TypeAliasForwardRef.__repr__ = lambda self: self.name  # within tuple[...], say
_CODE = re.compile(r"(?:[\w., ]+ = )?[\w.]+\(.*\)$")
_FIELD = re.compile(r"(\w+)(?: \[(.*?)\])?: (.*)")


def reference() -> str:
    """Directives for every public name, a title for each module."""
    out = []
    modules: dict[str, list[str]] = {}
    for name in ntkit.__all__:
        modules.setdefault(ntkit._WHERE.get(name, name), []).append(name)
    for module, names in modules.items():
        about = inspect.getdoc(importlib.import_module(f"ntkit.{module}")) or ""
        out += [_title(", ".join(names)), ""]
        if names != [module]:
            out += [_escaped(about.split("\n\n")[0]), ""]
        values = [getattr(ntkit, name) for name in names]
        for name, value in zip(names, values):
            out += _directive(f"ntkit.{name}", value)
        for made in _made(values):
            out += _directive(f"{made.__module__}.{made.__name__}", made)
    out += [_title("results"), ""]
    for common in (_result.Result, _result.Rows):
        out += _directive(f"ntkit._result.{common.__name__}", common)
    out += [".. automodule:: ntkit.results", "   :members:", "   :show-inheritance:", ""]
    return "\n".join(out)


def _made(values: list[object]) -> list[type]:
    """Classes of the package that these give, with no name in ntkit and not in ntkit.results."""
    found = {id(getattr(ntkit, name)) for name in ntkit.__all__}
    found |= {id(value) for value in vars(_result).values()}
    out: list[type] = []
    waiting = list(values)
    for value in waiting:
        inner = [value]
        if inspect.isclass(value):
            inner = [m for n, m in vars(value).items() if n[0] != "_" or n in _SPECIAL]
            inner = [getattr(m, "fget", None) or getattr(m, "__func__", m) for m in inner]
        for function in filter(inspect.isfunction, inner):
            words = re.findall(r"\w+", str(function.__annotations__.get("return", "")))
            for made in (function.__globals__.get(word) for word in words):
                if (
                    inspect.isclass(made)
                    and made.__module__.startswith("ntkit.")
                    and made.__module__ != "ntkit.results"
                    and id(made) not in found
                ):
                    found.add(id(made))
                    out.append(made)
                    waiting.append(made)
    return out


def _title(text: str) -> str:
    return f"\n{text}\n{'-' * len(text)}"


def _directive(name: str, value: object) -> list[str]:
    if inspect.ismodule(value):
        return [f".. automodule:: {name}", "   :members:", ""]
    if inspect.isclass(value):
        special = "   :special-members: " + ", ".join(_SPECIAL)
        bases = [] if value.__base__ is object else ["   :show-inheritance:"]
        inner = "   :exclude-members: call, make"  # of a Context: for the package itself
        return [f".. autoclass:: {name}", "   :members:", special, inner, *bases, ""]
    return [f".. autofunction:: {name}", ""]


def as_rst(
    app: object, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    """Sphinx's event autodoc-process-docstring: lines are replaced in their place."""
    names = _parameters(value)
    types = inspect.get_annotations(value) if dataclasses.is_dataclass(value) else {}
    out: list[str] = []
    for block in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")):
        fields = [_FIELD.fullmatch(line) for line in re.sub(r"\n +", " ", block).split("\n")]
        if types and all(fields):
            for field in fields:
                assert field
                unit = f" ({field[2]})" if field[2] else ""
                out.append(f":ivar {field[1]}: {_escaped(field[3])}{unit}")
                out.append(f":vartype {field[1]}: {_type(types.get(field[1], ''))}")
            out.append("")
        elif re.search("^ ", block, re.MULTILINE) or all(map(_CODE.match, block.split("\n"))):
            out += ["::", "", textwrap.indent(textwrap.dedent(block), "    "), ""]
        else:
            out += [_bold(_escaped(block), names), ""]
    lines[:] = "\n".join(out).split("\n")


def signature(
    app: object,
    what: str,
    name: str,
    value: object,
    options: object,
    taken: str | None,
    given: str | None,
) -> tuple[str | None, str | None]:
    """Sphinx's event autodoc-process-signature: whatever is taken or given as an array is one.

    Results are not made by their users: their fields are listed, not the same again as arguments.
    """
    if dataclasses.is_dataclass(value):
        return "", None
    return tuple(text and _ARRAYS.sub("array", text) for text in (taken, given))


def _parameters(value: object) -> list[str]:
    try:
        return list(inspect.signature(value).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []


def _type(annotation: object) -> str:
    return _ARRAYS.sub("array", str(annotation))


def _escaped(text: str) -> str:
    """What would be markup of reStructuredText, but for `code`."""
    parts = re.split(r"`([^`]+)`", text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([\\*|_])", r"\\\1", parts[i])
        parts[i] = re.sub(r"(?<=\w):(?=\w)", r"\:", parts[i])  # FILE:KEY is no address
    return "".join(f"``{part}``" if i % 2 else part for i, part in enumerate(parts))


def _bold(text: str, names: list[str]) -> str:
    """Parameters where the text comes to them: at its beginning, or behind a full stop."""
    if not names:
        return text
    one = "(?:" + "|".join(re.escape(_escaped(name)) for name in names) + ")"
    return re.sub(rf"(^|[.;:]\s+)({one}(?:, {one})*):(?=\s)", r"\1**\2**:", text)
