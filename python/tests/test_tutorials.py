"""The tutorials and the start page run, cell by cell, as the site runs them."""

from __future__ import annotations

import re
from pathlib import Path

import ntkit
import numpy as np
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
START = DOCS / "python.md"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))


def cells(page: Path, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def run(page: Path, found: list[str]) -> None:
    assert found, f"{page} has no code"
    names: dict[str, object] = {"__name__": "__main__"}
    for number, cell in enumerate(found, 1):
        exec(compile(cell, f"{page.name}, cell {number}", "exec"), names)  # noqa: S102


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_every_cell_of_a_tutorial_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(page.parent)
    run(page, cells(page, r"\{code-cell\} python"))


def test_the_code_of_the_start_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    run(START, cells(START, "python"))


def test_pytorch_trains_the_network_that_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the tutorial shows as PyTorch's part leaves the files beside it, but for rounding."""
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    page = DOCS / "tutorials" / "pytorch.md"
    (tmp_path / "docs" / "tutorials").mkdir(parents=True)
    (tmp_path / "examples").symlink_to(DOCS.parent / "examples")
    monkeypatch.chdir(tmp_path / "docs" / "tutorials")
    run(page, cells(page, "python"))
    for name in ("digits_before.safetensors", "digits_trained.safetensors"):
        ours, recorded = (ntkit.Network.load(d / name, "tanh") for d in (Path(), page.parent))
        for a, b in zip(ours.weights, recorded.weights):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-3)
