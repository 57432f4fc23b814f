"""What `ntkit plan` expects beside what is then measured, phase by phase.

usage: python bench/plan.py PROGRAM [THREADS [WORD...]]    (0: every core; cases that have each word)

On one thread seconds are of the processor, which others that compute at the same time disturb less;
on more the machine must be at rest. A line each: seconds planned and measured, their ratio, and both
of every phase. Training is run at a step size of next to 0. Exit status 1 where one is off by more
than a quarter.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

FIELDS = {
    "features": "forward",
    "kernel": "kernel",
    "copying the kernel": "factor",
    "factorisation": "factor",
    "largest eigenvalue": "eigen",
    "smallest eigenvalue": "eigen",
    "products with the Jacobian": "eigen",
    "certificate": "certify",
    "whole spectrum": "full",
}
# N, d, widths, and what else.
SPECTRA = [
    (2000, 100, "100,100", []),
    (2000, 784, "784,784", []),
    (4000, 784, "784,784", []),
    (6000, 784, "784,784", []),
    (12000, 784, "784,784", []),
    (4000, 100, "100,100", ["--precision", "mixed"]),
    (4000, 784, "784,784", ["--precision", "mixed"]),
    (8000, 100, "100,200", ["--precision", "mixed"]),
    (6000, 784, "784,784", ["--precision", "mixed"]),
    (6000, 200, "300,300", ["--precision", "mixed"]),
    (2000, 50, "4000", []),
    (4000, 100, "100,100", []),
    (8000, 100, "100,200", []),
    (3000, 100, "300,300,300", ["--certify"]),
    (2000, 200, "200,200", ["--per-block"]),
    (2000, 100, "100,100", ["--full"]),
    (4000, 100, "100,100", ["--density"]),
    (4000, 100, "100,100", ["--prefixes", "1000,2000,3000"]),
]
MEMORIZED = [
    (2000, 100, "200,400", []),
    (4000, 784, "784,784", []),
    (6000, 200, "300,600", []),
    (6000, 200, "300,600", ["--precision", "mixed"]),
]
TRAINED = [
    (2000, 22, "22,22", ["--epochs", "1000"]),
    (2400, 54, "54,54", ["--epochs", "1000"]),
    (8000, 100, "100,100", ["--epochs", "100"]),
    (8000, 100, "100,100", ["--epochs", "100", "--optimizer", "adam", "--precision", "float"]),
    (9000, 100, "100,100", ["--epochs", "100"]),
    (2000, 784, "784,784", ["--epochs", "10"]),
    (2000, 100, "100,100", ["--epochs", "40", "--clients", "10", "--local-steps", "5"]),
    (2000, 300, "300,300", ["--epochs", "20", "--clients", "2", "--local-steps", "5"]),
    (1000, 100, "100,100", ["--epochs", "20", "--clients", "4", "--track", "5"]),
    (4000, 100, "100,100", ["--epochs", "20", "--clients", "10", "--local-steps", "5"]),
    (4000, 100, "100,100", ["--epochs", "50", "--batch", "100"]),
    (2000, 300, "300,300", ["--epochs", "50", "--batch", "500"]),
    (2000, 100, "100,100", ["--epochs", "100", "--batch", "20"]),
    (2000, 100, "100,100", ["--epochs", "20", "--track", "5"]),
    (4000, 100, "100,100", ["--epochs", "20", "--track", "5", "--kernel-precision", "mixed"]),
]
# Of a choice of the command: what it takes by itself is the plan's to tell.
DOUBLE = {"spectrum": "--precision", "memorize": "--precision", "train": "--kernel-precision"}


class Bench:
    def __init__(self, program: str, threads: str, words: list[str]) -> None:
        self.command, self.threads, self.words, self.worst = program, threads, words, 1.0
        self.share = 1.0  # of the last run's time that it had a processor

    def run(self, *words: str) -> dict:
        command = [self.command, *words, "--threads", self.threads, "--json"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        told = subprocess.run(command, capture_output=True, check=True).stdout
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if self.threads == "1":
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            self.share = min(1.0, used / wall)
        return json.loads(told)

    def show(self, what: str, method: dict, seconds: float, phases: dict | None = None) -> None:
        ratio = method["seconds"] / seconds
        self.worst = max(self.worst, ratio, 1 / ratio)
        planned: dict[str, float] = {}
        for phase in method["phases"]:
            name = FIELDS.get(phase["name"], phase["name"])
            planned[name] = planned.get(name, 0.0) + phase["seconds"]
        known = phases or {}
        parts = [f"{n} {s:.2f}/{known[n]:.2f}" for n, s in planned.items() if n in known]
        print(
            f"{what:64s} {method['seconds']:8.2f} {seconds:8.2f} {ratio:6.2f}  {', '.join(parts)}"
        )

    def case(self, name: str, N: int, d: int, widths: str, options: list) -> None:
        what = f"{name} {N} {d} {widths} {' '.join(options)}"
        if not set(self.words) <= set(what.replace(",", " ").split()):
            return
        by = ["--samples", str(N), "--dim", str(d), "--widths", widths, *options]
        if DOUBLE[name] not in options:
            by += [DOUBLE[name], "double"]
        planned = self.run("plan", "--question", name, *by)
        method = next(m for m in planned["methods"] if m["name"] == planned["chosen"])
        found = self.run(name, *by, *(["--lr", "1e-12"] if name == "train" else []))
        seconds, phases = found["seconds"], None
        if isinstance(seconds, dict):
            seconds, phases = seconds["total"], seconds
            phases = {key: self.share * value for key, value in phases.items()}
        self.show(what, method, self.share * seconds, phases)


def main() -> int:
    words = sys.argv[1:]
    bench = Bench(words[0], words[1] if len(words) > 1 else "0", words[2:])
    bench.run("plan", "--samples", "10", "--dim", "2", "--widths", "9", "--calibrate")
    for name, cases in (("spectrum", SPECTRA), ("memorize", MEMORIZED), ("train", TRAINED)):
        for N, d, widths, options in cases:
            bench.case(name, N, d, widths, options)
    print(f"farthest off: a factor of {bench.worst:.2f}")
    return int(bench.worst > 1.25)


if __name__ == "__main__":
    sys.exit(main())
