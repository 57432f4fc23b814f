"""Processes: forked, spawned and served; ends of the interpreter; leaks."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import ntkit
import numpy as np
import pytest
from ntkit._library import current

HEAD = """
import os, sys, threading, warnings
import numpy as np
import ntkit
X = ntkit.generate("gaussian", 400, 40, seed=1)
net = ntkit.Network([40, 60, 60], activation="tanh", seed=1)
def job(_=0):
    found = ntkit.spectrum(net, X)
    return found.lambda_min, found.lambda_max
def threads(_=0):
    return ntkit._library.current().threads
"""


def python(tmp_path, script, returns=0, **environment):
    """What a script of its own says; whatever happens it ends within two minutes."""
    path = tmp_path / "script.py"
    path.write_text(HEAD + script)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", path],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == returns, done.stderr
    assert "Fatal" not in done.stderr and "Traceback" not in done.stderr
    return done.stdout.splitlines(), done.stderr


FORK = """
alone = job()
features = ntkit._features.Features(net, X)
features.handle
with ntkit.Context(threads=2, memory_limit=10**9) as entered:
    job()
    child = os.fork()
    if child == 0:
        print(job() == alone, threads(), ntkit._library.current() is entered, flush=True)
        try:
            ntkit.Context(threads=2)
        except RuntimeError as error:
            print(error, flush=True)
        try:
            features.call(ntkit._native.lib.ntk_features_output, ntkit._native.ffi.NULL)
        except RuntimeError as error:
            print(error, flush=True)
        del features
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    child = os.fork()
    if child == 0:
        print(job() == alone, [w.filename == __file__ for w in caught if "ntkit" in str(w.message)],
              flush=True)
        os._exit(0)
os.waitpid(child, 0)
print(job() == alone)
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_a_forked_process_has_one_thread_or_says_so(tmp_path):
    said, _ = python(tmp_path, FORK)
    assert said[0] == "True 1 False"
    assert "forked" in said[1] and "use Context(threads=1) here" in said[1]
    assert said[2].startswith("this object was made before the process was forked")
    assert said[3:] == ["0", "True [True]", "True"]


BUSY = """
job()  # all modules are loaded: a fork within an import leaves its lock behind
inside = threading.Event()
worker = threading.Thread(daemon=True, target=lambda: ntkit.spectrum(
    ntkit.Network([40, 500, 500]), ntkit.generate("gaussian", 4000, 40),
    progress=lambda *_: inside.set()))
worker.start()
inside.wait()
child = os.fork()
if child == 0:
    try:
        job()
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1], flush=True)
worker.join()
child = os.fork()
if child == 0:
    job()
    os._exit(0)
print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_a_fork_while_another_thread_computes(tmp_path):
    """What that thread has locked in the BLAS stays so in the child, where nobody gives it back."""
    refused, *ends = python(tmp_path, BUSY)[0]
    assert "forked while another thread computed" in refused and "'spawn'" in refused
    assert ends == ["0", "0"]


POOL = """
if __name__ == "__main__":
    import multiprocessing
    alone = job()
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        print(pool.map(job, [0, 1]) == [alone] * 2, set(pool.map(threads, [0, 1])))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools_of_processes(method, tmp_path):
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("not on this system")
    said, _ = python(tmp_path, POOL.format(method=method))
    assert said == [f"True {{{1 if method == 'fork' else current().threads}}}"]


JOBLIB = """
if __name__ == "__main__":
    import joblib
    alone = job()
    for where in ("loky", "multiprocessing", "threading"):
        run = joblib.Parallel(n_jobs=2, backend=where)
        found = run(joblib.delayed(ntkit.spectrum)(net, X) for _ in range(2))
        print([(f.lambda_min, f.lambda_max) == alone for f in found])
"""


def test_joblib(tmp_path):
    pytest.importorskip("joblib")
    assert python(tmp_path, JOBLIB)[0] == ["[True, True]"] * 3


CYCLES = """
import gc
for i in range(100):
    with ntkit.Context(threads=1) as context:
        nets = [ntkit.Network([40, 6, 7]) for _ in range(3)]
        cycle = [context, *nets, ntkit._features.Features(nets[0], X).handle, ntkit.Kernel(nets[1], X)]
        cycle[-1].factor(-1)
    cycle.append(cycle)
    if i % 2:
        cycle.reverse()
    del context, nets, cycle
    gc.collect()
"""


def test_the_collectors_order(tmp_path):
    """It may take a context before what was made in it: memory that is freed is overwritten here."""
    pytest.importorskip("scipy")
    python(tmp_path, CYCLES, MALLOC_PERTURB_="165")


LEAVES = """
ntkit._library._INTERVAL = 0.0  # it is asked for sure
def leave(*_):
    sys.exit(7)
ntkit.spectrum(net, X, progress=leave)
"""
COMPUTES = """
import atexit
inside = threading.Event()
big = ntkit.generate("gaussian", 4000, 40)
def work():
    try:
        ntkit.spectrum(ntkit.Network([40, 500, 500]), big, progress=lambda *_: inside.set())
    except SystemExit:
        print("ended", flush=True)
        raise
thread = threading.Thread(target=work, daemon=True)
ends = ntkit._library._ends
atexit.unregister(ends)
atexit.register(thread.join, 60)  # after it, the first that is called
atexit.register(ends)
thread.start()
inside.wait()
"""
WAITED_FOR = """
threading.Thread(target=lambda: ntkit.spectrum(net, X, progress=lambda *_: None)).start()
"""
AT_THE_END = """
import atexit
atexit.register(job)
class Late:
    kept = [net, X, ntkit._features.Features(net, X).handle, ntkit.Context()]
    def __del__(self):
        assert self.kept[0].depth == 3
late = Late()
"""


@pytest.mark.parametrize("script", [LEAVES, COMPUTES, WAITED_FOR, AT_THE_END])
def test_the_interpreters_end(script, tmp_path):
    said, complaints = python(tmp_path, script, returns=7 if script is LEAVES else 0)
    assert complaints == ""
    assert said == (["ended"] if script is COMPUTES else [])


SUBINTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inner = '''
import sys
sys.path[:] = {path!r}
try:
    import ntkit
    ntkit.generate("gaussian", 3, 2)
except ImportError:
    print("raises", flush=True)
else:
    print("works", flush=True)
'''.format(path=sys.path)
interpreters.run_string(interpreters.create(), inner)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="subinterpreters share all before 3.12")
def test_another_interpreter_works_or_raises(tmp_path):
    assert python(tmp_path, SUBINTERPRETER)[0] in (["raises"], ["works"])


def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


def calls_of_all_kinds(net, X, y):
    made = ntkit.Network([3, 4, 5], seed=1, bias=True)
    for work in (
        lambda: ntkit.spectrum(net, X, certify=True, vectors=1),
        lambda: ntkit.kernel(net, X, X),
        lambda: net.jvp(X, made.theta),  # wrong sizes: an error
        lambda: ntkit.kernel(net, X[:, :2]),
        lambda: ntkit.kernel(net, y),
        lambda: ntkit.spectrum(net, X, tolerance=-1),
        lambda: ntkit.spectrum(net, X, progress=lambda *_: 1 / 0),
        lambda: net(X.astype(np.float32)),
        lambda: ntkit.Network.from_weights(net.weights),
    ):
        try:
            work()
        except (ValueError, ArithmeticError):
            pass


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_ten_thousand_calls_leave_nothing():
    net = ntkit.Network([3, 4, 5], seed=1)
    X, y = ntkit.generate("gaussian", 6, 3, seed=1), np.full((6, 3), np.nan)

    def counts():
        gc.collect()
        held = [sys.getrefcount(a) for a in (X, y, net)]
        return current().memory_in_use, held

    for _ in range(300):
        calls_of_all_kinds(net, X, y)
    before, resident_before = counts(), resident()
    for _ in range(10_000 // 9):
        calls_of_all_kinds(net, X, y)
    assert counts() == before
    assert resident() - resident_before < 2 << 20  # 200 bytes a call would show
