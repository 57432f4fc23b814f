"""The package keeps to its floors, and what is written from the library is up to date."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ntkit"

# From below. A module imports what stands on lower floors, in a function too.
FLOORS = [
    {"_native", "_addresses", "_progress", "_formula"},
    {"_options", "_figure"},
    {"_library"},
    {"_arrays", "_tables", "_spec", "_runner", "plot"},
    {"_html"},
    {"_result", "_dataset"},
    {"results"},
    {"_read"},
    {"convert", "data", "_features", "_files", "_layers", "_study_table", "_study_source"},
    {"network"},
    {"kernels", "spectra", "memorization", "laws", "ledger", "targets", "models", "study"},
    {"fit", "operators", "limits"},
    {"conventions", "plans", "regression"},
    {"__init__", "__main__"},
]


def floor(module: str) -> int:
    return next(i for i, names in enumerate(FLOORS) if module in names)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ntkit"):
            parts = node.module.split(".")
            names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return names


def test_modules_import_lower_floors_alone():
    wrong = [
        f"{path.name} imports {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in imported(path)
        for own in [path.relative_to(PACKAGE).parts[0].removesuffix(".py")]
        if name != own and floor(name) >= floor(own)
    ]
    assert wrong == []


def test_results_are_the_librarys_tables():
    """python/native/results.py writes results.py: after a change of a table it is run again."""
    script = ROOT / "native" / "results.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == (PACKAGE / "results.py").read_text()
