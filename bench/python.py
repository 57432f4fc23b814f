"""The package beside the program: time and memory, in turns (beside other packages: peers.py).

usage: [OPENBLAS_CORETYPE unset] python bench/python.py [TURNS]     (default: 5)

Every measurement is a process of its own; the two of a pair take turns, and the medians are
compared. Growth of memory is that of the resident set's peak during the call.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time


def peak() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def measure(work, repeat: int = 1) -> dict[str, float]:
    before = peak()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    own = getattr(getattr(result, "seconds", None), "total", float("nan"))
    # The first call also wakes threads; of several the median is told.
    return {"seconds": statistics.median(seconds), "own": own, "bytes": peak() - before}


def ntkit_case(N: int, d: int):
    import ntkit

    X = ntkit.generate("gaussian", N, d, seed=1)
    return ntkit, ntkit.Network([d, d, d], seed=1), X


def spectrum(N: int, d: int, repeat: int = 1):
    ntkit, net, X = ntkit_case(N, d)
    ntkit.spectrum(net, X[:16])
    return measure(lambda: ntkit.spectrum(net, X), repeat)


def overhead(N: int, d: int, repeat: int):
    """What a call takes beyond the library's own seconds."""
    ntkit, net, X = ntkit_case(N, d)
    beyond = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = ntkit.spectrum(net, X)
        beyond.append(time.perf_counter() - start - result.seconds.total)
    return {"seconds": statistics.median(beyond), "own": 0.0, "bytes": 0}


def program(N: int, d: int):
    words = f"spectrum --samples {N} --dim {d} --widths {d},{d} --seed 1 --json".split()
    done = subprocess.run([sys.executable, "-m", "ntkit", *words], capture_output=True, check=True)
    out = json.loads(done.stdout)
    return {"seconds": out["seconds"]["total"], "own": 0.0, "bytes": out["memory_bytes"]}


CASES = {
    "spectrum 100": lambda: overhead(100, 30, 300),
    "spectrum 1000": lambda: spectrum(1000, 100),
    "program 1000": lambda: program(1000, 100),
    "spectrum 6000": lambda: spectrum(6000, 100),
    "program 6000": lambda: program(6000, 100),
}


def run(case: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, "case", case], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def pair(one: str, other: str, turns: int) -> None:
    found = [(run(one), run(other)) for _ in range(turns)]
    a, b = ([f[i]["seconds"] for f in found] for i in (0, 1))
    ratio = statistics.median(y / x for x, y in zip(a, b))
    bytes_ = [statistics.median(f[i]["bytes"] for f in found) / 1e6 for i in (0, 1)]
    print(
        f"{one:15} {statistics.median(a):8.4f} s {bytes_[0]:7.0f} MB   "
        f"{other:20} {statistics.median(b):8.4f} s {bytes_[1]:7.0f} MB   {ratio:6.3f} x"
    )


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    beyond = statistics.median(run("spectrum 100")["seconds"] for _ in range(turns))
    print(f"spectrum at N = 100 takes {1e3 * beyond:.3f} ms beyond the computation")
    pair("spectrum 1000", "program 1000", turns)
    pair("spectrum 6000", "program 6000", turns)


if __name__ == "__main__":
    if sys.argv[1:2] == ["case"]:
        print(json.dumps(CASES[sys.argv[2]]()))
    else:
        main()
