"""The package's docstrings, which are plain text, as Sphinx wants them."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import textwrap

import ntkit

_FIELD = re.compile(r"(\w+)(?: \[(.*?)\])?: (.*)")


def reference() -> str:
    """Directives for every public name, a title for each module."""
    out = []
    modules: dict[str, list[str]] = {}
    for name, module in ntkit._WHERE.items():
        modules.setdefault(module, []).append(name)
    for module, names in modules.items():
        about = inspect.getdoc(importlib.import_module(f"ntkit.{module}")) or ""
        out += [_title(", ".join(names)), "", _escaped(about.split("\n\n")[0]), ""]
        for name in names:
            out += _directive(f"ntkit.{name}", getattr(ntkit, name))
    out += [_title("results"), "", ".. autoclass:: ntkit._result.Result", "   :members:", ""]
    out += [".. automodule:: ntkit.results", "   :members:", ""]
    return "\n".join(out)


def _title(text: str) -> str:
    return f"\n{text}\n{'-' * len(text)}"


def _directive(name: str, value: object) -> list[str]:
    if inspect.ismodule(value):
        return [f".. automodule:: {name}", "   :members:", ""]
    if inspect.isclass(value):
        special = "   :special-members: __call__, __matmul__, __iter__"
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
    for block in re.split(r"\n\s*\n", "\n".join(lines).strip()):
        if block.startswith("    ") or re.match(r"(with|for|>>>|import) ?.*\n? ", block):
            out += ["::", "", textwrap.indent(textwrap.dedent(block), "    "), ""]
            continue
        fields = [_FIELD.fullmatch(line) for line in re.sub(r"\n +", " ", block).split("\n")]
        if types and all(fields):
            for field in fields:
                assert field
                unit = f" ({field[2]})" if field[2] else ""
                out.append(f":ivar {field[1]}: {_escaped(field[3])}{unit}")
                out.append(f":vartype {field[1]}: {_type(types.get(field[1], ''))}")
            out.append("")
        else:
            out += [_bold(_escaped(block), names), ""]
    lines[:] = "\n".join(out).split("\n")


def _parameters(value: object) -> list[str]:
    try:
        return list(inspect.signature(value).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []


def _type(annotation: object) -> str:
    return str(annotation).replace("npt.NDArray[np.float64]", "array")


def _escaped(text: str) -> str:
    """What would be markup of reStructuredText, but for `code`."""
    parts = re.split(r"`([^`]+)`", text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([\\*|_])", r"\\\1", parts[i])
    return "".join(f"``{part}``" if i % 2 else part for i, part in enumerate(parts))


def _bold(text: str, names: list[str]) -> str:
    """Parameters where the text comes to them: at its beginning, or behind a full stop."""
    if not names:
        return text
    one = "(?:" + "|".join(re.escape(_escaped(name)) for name in names) + ")"
    return re.sub(rf"(^|[.;:]\s+)({one}(?:, {one})*):(?=\s)", r"\1**\2**:", text)
