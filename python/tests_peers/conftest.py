"""Prints, after the tests, what was compared with what and the largest difference of each file."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import support

PACKAGES = "torch nngeometry curvlinops-for-pytorch scikit-learn jax flax dm-haiku keras neural-tangents numpy"


def pytest_terminal_summary(terminalreporter):
    found = []
    for name in PACKAGES.split():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    terminalreporter.write_line("with " + ", ".join(found))
    for name, (size, count) in sorted(support.largest.items()):
        terminalreporter.write_line(f"{name}: {count} comparisons, at most {size:.1e} apart")
