"""What `ntkit plan` expects beside what is then measured, phase by phase; for a machine at rest.

usage: python bench/plan.py PROGRAM [THREADS]    (0: every core)

A line each: seconds planned and measured, their ratio, and both of every phase. Training is run at a
step size of next to 0. Exit status 1 where one is off by more than a quarter.
"""

from __future__ import annotations

import json
import subprocess
import sys

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
    (2000, 784, "784,784", []),
    (4000, 784, "784,784", []),
    (6000, 784, "784,784", []),
    (12000, 784, "784,784", []),
    (6000, 784, "784,784", ["--precision", "mixed"]),
    (6000, 200, "300,300", ["--precision", "mixed"]),
    (2000, 50, "4000", []),
    (4000, 100, "100,100", []),
    (8000, 100, "100,200", []),
    (3000, 100, "300,300,300", ["--certify"]),
    (2000, 200, "200,200", ["--per-block"]),
    (2000, 100, "100,100", ["--full"]),
]
MEMORIZED = [(2000, 100, "200,400"), (4000, 784, "784,784"), (6000, 200, "300,600")]
# ... and epochs.
TRAINED = [
    (2000, 22, "22,22", 1000),
    (2400, 54, "54,54", 1000),
    (8000, 100, "100,100", 100),
    (9000, 100, "100,100", 100),
    (2000, 784, "784,784", 10),
]


class Bench:
    def __init__(self, program: str, threads: str) -> None:
        self.command, self.threads, self.worst = program, threads, 1.0

    def run(self, *words: str) -> dict:
        command = [self.command, *words, "--threads", self.threads, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

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
            f"{what:48s} {method['seconds']:8.2f} {seconds:8.2f} {ratio:6.2f}  {', '.join(parts)}"
        )

    def case(self, name: str, N: int, d: int, widths: str, plan: list, more: list) -> None:
        base = ["--samples", str(N), "--dim", str(d), "--widths", widths]
        mixed = "--precision" in more
        planned = self.run("plan", "--question", name, *base, *([] if mixed else plan))
        method = next(m for m in planned["methods"] if mixed == (m["name"] == "mixed"))
        double = ["--precision", "double"] if name == "spectrum" and not mixed else []
        found = self.run(name, *base, *more, *double)
        seconds, phases = found["seconds"], None
        if isinstance(seconds, dict):
            seconds, phases = seconds["total"], seconds
        self.show(f"{name} {N} {d} {widths} {' '.join(plan)}", method, seconds, phases)


def main() -> int:
    bench = Bench(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "0")
    bench.run("plan", "--samples", "10", "--dim", "2", "--widths", "9", "--calibrate")
    for N, d, widths, more in SPECTRA:
        bench.case("spectrum", N, d, widths, more, more)
    for N, d, widths in MEMORIZED:
        bench.case("memorize", N, d, widths, [], [])
    for N, d, widths, epochs in TRAINED:
        epoch = ["--epochs", str(epochs)]
        bench.case("train", N, d, widths, epoch, [*epoch, "--lr", "1e-12"])
    print(f"farthest off: a factor of {bench.worst:.2f}")
    return int(bench.worst > 1.25)


if __name__ == "__main__":
    sys.exit(main())
