"""What importing and using ntkit does to the process it is imported into: nothing that shows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

# Run in a process of its own, where nothing else has been imported.
SETUP = """
import json, os, sys
import numpy
import ctypes
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OMP_WAIT_POLICY",
         "OPENBLAS_MAIN_FREE", "GOTO_NUM_THREADS", "OMP_PROC_BIND", "OMP_NESTED", "LC_ALL")
def environment():
    return dict(os.environ), [str(getenv(name.encode())) for name in NAMES]
def threads():
    return len(os.listdir("/proc/self/task"))
def answer():
    X = ntkit.generate("gaussian", N=300, d=30, seed=1)
    net = ntkit.Network([30, 60, 40], activation="tanh", seed=1)
    return ntkit.spectrum(net, X, certify=True).lambda_min.hex()
"""


def alone(script: str, setup: str = SETUP) -> Any:
    """What the script prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", setup + script],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def test_import_loads_nothing_else():
    loaded = alone(
        "before = set(sys.modules); import ntkit; loaded = set(sys.modules) - before\n"
        "import json; print(json.dumps(sorted(loaded)))",
        setup="import sys, numpy\n",
    )
    own = {"ntkit", "ntkit._addresses"}  # "resource" is for that: the limit on addresses
    assert set(loaded) <= own | {"__future__", "importlib", "typing", "resource"}


def test_computing_loads_no_heavy_module():
    loaded = alone("import ntkit; answer(); print(json.dumps(sorted(sys.modules)))")
    tops = {name.split(".")[0] for name in loaded}
    heavy = {"scipy", "pandas", "matplotlib", "tqdm", "torch", "jax", "multiprocessing", "asyncio"}
    assert "ntkit" in tops
    assert not tops & heavy


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_no_thread_before_a_computation():
    before, after = alone(
        "before = threads()\n"
        "import ntkit; ntkit.Network([5, 6, 4], seed=1); ntkit.spectrum; ntkit.Study\n"
        "print(json.dumps([before, threads()]))"
    )
    assert before == after


def test_environment_is_left_alone():
    before, imported, computed = alone(
        "before = environment(); import ntkit; imported = environment(); answer()\n"
        "print(json.dumps([before, imported, environment()]))"
    )
    assert before == imported == computed


def test_nothing_inside_is_seen_from_outside():
    seen = alone(
        "import ntkit._native\n"
        "module = ctypes.CDLL(ntkit._native.__file__)\n"
        "names = ['cblas_dgemm', 'dpotrf_', 'openblas_set_num_threads', 'ntk_version', 'main']\n"
        "print(json.dumps([name for name in names if hasattr(module, name)]))"
    )
    assert seen == []


def test_signals_and_floating_point_are_left_alone():
    before, after = alone(
        "import signal, locale\n"
        "def state():\n"
        "    handlers = [str(signal.getsignal(n)) for n in signal.valid_signals()]\n"
        "    with numpy.errstate(all='ignore'):\n"
        "        tiny = (numpy.float64(2.0**-1074) * 1.0).hex()  # 0 where denormals are flushed\n"
        "    return handlers, tiny, locale.setlocale(locale.LC_ALL), os.umask(os.umask(0o22))\n"
        "before = state(); import ntkit; answer(); print(json.dumps([before, state()]))"
    )
    assert before == after
