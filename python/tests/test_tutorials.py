"""The tutorials and the start page run, cell by cell, as the site runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [DOCS / "python.md", *sorted((DOCS / "tutorials").glob("*.md"))]


def cells(page: Path) -> list[str]:
    """The code that runs: of a tutorial its cells, of a plain page its blocks of Python."""
    kind = r"\{code-cell\} python" if page.parent.name == "tutorials" else "python"
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_cell_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(page.parent)
    found = cells(page)
    assert found, f"{page} has no code"
    names: dict[str, object] = {"__name__": "__main__"}
    for number, cell in enumerate(found, 1):
        exec(compile(cell, f"{page.name}, cell {number}", "exec"), names)  # noqa: S102
