"""What the tests share."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(scope="session")
def program() -> Any:
    """program("spectrum --samples 100 ..."): what the program in the package prints as JSON."""

    def run(words: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "ntkit", *words.split(), "--json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        out: dict[str, Any] = json.loads(done.stdout)
        return out

    return run
