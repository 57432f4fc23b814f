"""Results as notebooks show them: HTML that needs nothing from elsewhere, on light and on dark."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from ntkit._formula import for_pages
from ntkit._native import lib
from ntkit._tables import Field, table

_MOST, _FIRST, _LAST = 60, 40, 10  # rows of a table that are shown
_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = f"padding:.15em .6em;border-bottom:{_LINE};vertical-align:baseline;"
_NUMBER = _CELL + "text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;"
_TEXT = _CELL + "text-align:left;"
_HEAD = "font-weight:600;border-bottom:2px solid rgba(128,128,128,.6);"
_MUTED = "opacity:.65;"
_TABLE = "border-collapse:collapse;border:0;margin:.2em 0;"

# A sign and a word, as in the program's pages: never colour alone.
_GOOD, _DOUBT = "background:#e3f0fa;color:#004b78;", "background:#fdebd0;color:#6b3b00;"
_BAD, _GREY = "background:#8a2c00;color:#fff;font-weight:600;", "background:#eee;color:#444;"
_VERDICTS = {
    "ok": ("✓", _GOOD), "holds": ("✓", _GOOD), "reached": ("✓", _GOOD), "yes": ("✓", _GOOD),
    "consistent": ("≈", _GOOD), "suspect": ("!", _DOUBT), "rank_deficient": ("!", _DOUBT),
    "inaccurate": ("!", _DOUBT), "below_resolution": ("?", _GREY),
    "unresolved": ("?", _GREY), "open": ("?", _GREY),
    "outside": ("∉", "background:#fff;color:#333;border:1px dashed #555;"),
    "fails": ("✗", _BAD), "failed": ("✗", _BAD), "diverged": ("✗", _BAD), "no": ("✗", _BAD),
    "not_reached": ("✗", _BAD), "measured": ("", ""),
}  # fmt: skip


def number(value: float, digits: int = 6) -> str:
    """Up to so many digits, with a real minus; what is not known is empty."""
    if math.isnan(value):
        return ""
    text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
    return _signed(text)


def _signed(text: str) -> str:
    return text.replace("-", "−").replace("inf", "∞")


def verdict(word: str) -> str:
    """A word with its sign, on the colour that it has in the program's pages."""
    sign, look = _VERDICTS.get(word, ("", _GREY))
    style = f"white-space:nowrap;border-radius:3px;padding:.05em .4em;{look}"
    return f'<span style="{style}">{sign} {html.escape(word)}</span>'


def _content(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in ("verdict", "answer"):
        return verdict(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, tuple):
        return " .. ".join(number(each) for each in value)
    return html.escape(str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def cell(content: str, right: bool = False, more: str = "", attributes: str = "") -> str:
    """A cell, of numbers at the right."""
    return f'<td style="{_NUMBER if right else _TEXT}{more}"{attributes}>{content}</td>'


def lines(head: Sequence[str], rows: Iterable[str], caption: str = "") -> str:
    """A table of lines that are made of cells."""
    first = f"<thead><tr>{''.join(head)}</tr></thead>" if head else ""
    title = f'<caption style="text-align:left;font-weight:600">{caption}</caption>'
    return (
        f'<div style="overflow-x:auto"><table style="{_TABLE}">{title if caption else ""}{first}'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(cells: Iterable[str]) -> str:
    return f'<tr style="background:none">{"".join(cells)}</tr>'


# ---- Lists of results ----------------------------------------------------------------------------


def rows(results: Sequence[Any]) -> str:
    """A table of results of one kind: a line for each, a column for what any of them knows."""
    if not results:
        return "<i>no rows</i>"
    if results[0]._struct == "ntk_ledger_row":
        return _ledger(results)
    described = table(results[0]._struct)
    fields = [f for f in described.fields if _is_shown(f) and _any_known(results, f)]
    head = [cell("", more=_HEAD)] + [_title(f, getattr(results[0], f.attribute)) for f in fields]
    out = []
    for i, result in enumerate(results):
        if len(results) > _MOST and _FIRST <= i < len(results) - _LAST:
            if i == _FIRST:
                hidden = len(results) - _FIRST - _LAST
                words = f"… {hidden} more …"
                out.append(_row([cell(words, attributes=f' colspan="{len(head)}"')]))
            continue
        values = [(f.name, getattr(result, f.attribute)) for f in fields]
        cells = [cell(str(i), True, _MUTED)]
        cells += [cell(_content(n, v), _is_number(v) or isinstance(v, tuple)) for n, v in values]
        out.append(_row(cells))
    return lines(head, out)


def _is_shown(field: Field) -> bool:
    return not (field.numbers or field.of)


def _any_known(results: Sequence[Any], field: Field) -> bool:
    return any(_known(getattr(result, field.attribute)) for result in results)


def _known(value: Any) -> bool:
    return (
        value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))
    )


def _title(field: Field, value: Any) -> str:
    unit = f" [{html.escape(field.unit)}]" if field.unit else ""
    right = _is_number(value) or isinstance(value, tuple)
    about = f' title="{html.escape(field.help)}"'
    return cell(html.escape(field.attribute) + unit, right, _HEAD, about)


def _ledger(results: Sequence[Any]) -> str:
    """The proof's ledger as the page of `ntkit verify --report` has it."""
    titles = ("quantity", "equation", "value", "predicted order", "ratio", "± over weights")
    numbers = {"value", "ratio", "± over weights"}
    head = [cell(title, title in numbers, _HEAD) for title in (*titles, "verdict")]
    out, section = [], None
    for row in results:
        if row.section != section:
            section = row.section
            words = f"<b>{html.escape(section)}</b>"
            out.append(_row([cell(words, more="padding-top:.9em;", attributes=' colspan="7"')]))
        error = f" <small>± {number(row.error, 2)}</small>" if math.isfinite(row.error) else ""
        note = f'<br><small style="{_MUTED}">{for_pages(row.note)}</small>' if row.note else ""
        out.append(
            _row(
                [
                    cell(for_pages(row.name) + note),
                    cell(html.escape(row.equation)),
                    cell(
                        (number(row.value, 5) or "–") + (error if _known(row.value) else ""), True
                    ),
                    cell(_order(row)),
                    cell(number(row.ratio, 3), True),
                    cell(number(row.spread, 2), True),
                    cell(verdict(row.verdict or "")),
                ]
            )
        )
    return lines(head, out)


def _order(row: Any) -> str:
    if row.claim in (">=", "<="):
        return for_pages(row.claim) + " " + number(row.scale, 4) if _known(row.scale) else ""
    order = for_pages(row.order)
    return f"{for_pages(row.claim)}({order})" if row.claim and order else order


# ---- One result ----------------------------------------------------------------------------------


def result(found: Any) -> str:
    """What it knows, a line each with its meaning; lists of rows below."""
    main: list[str] = []
    below: list[str] = []
    _collect(found, "", main, below)
    return lines([], main, html.escape(type(found).__name__)) + "".join(below)


def _collect(found: Any, prefix: str, main: list[str], below: list[str]) -> None:
    proved = found._ends()
    for field in table(found._struct).fields:
        value = getattr(found, field.attribute)
        name = prefix + field.attribute
        if field.of and isinstance(value, tuple):
            if value:
                closed = len(value) > 20 and found._struct != "ntk_ledger"
                words = f"{html.escape(name)}: {len(value)}, {_about(field)}"
                below.append(_fold(words, rows(value), closed))
        elif field.of and value is not None:
            _collect(value, name + ".", main, below)
        elif field.numbers:
            if value is not None:
                _line(main, name, f"array of {len(value)}", field)
        elif isinstance(value, str) and "\n" in value:
            words = f"{html.escape(name)}: {_about(field)}"
            below.append(_fold(words, f"<pre>{html.escape(value)}</pre>", True))
        elif _known(value):
            digits = proved.get(field.attribute)
            content = _content(field.name, value) if digits is None else _signed(digits)
            _line(main, name, content, field, isinstance(value, tuple) or _is_number(value))


def _fold(title: str, content: str, closed: bool) -> str:
    opened = "" if closed else ' open="open"'
    return f"<details{opened}><summary>{title}</summary>{content}</details>"


def _about(field: Field) -> str:
    return html.escape(
        field.help.replace("null", "nan" if field.type == lib.NTK_TYPE_REAL else "None")
    )


def _line(main: list[str], name: str, content: str, field: Field, right: bool = False) -> None:
    unit, about = f" {html.escape(field.unit)}" if field.unit else "", _about(field)
    if not right and len(content) > 40 and "<" not in content:  # it would hold numbers apart
        both = f'{content} <span style="{_MUTED}">({about})</span>'
        cells = [cell(both, attributes=' colspan="2"')]
    else:
        cells = [cell(content + unit, right), cell(about, more=_MUTED)]
    main.append(_row([cell(html.escape(name)), *cells]))
