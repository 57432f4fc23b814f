"""What the tests share."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

# A shell that starts this in the background has Ctrl-C ignored, and children inherit that: tests
# that interrupt a computation would wait for its end.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
