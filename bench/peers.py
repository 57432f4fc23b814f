"""One question, several packages, on the same weights and data: docs/peers.md.

    make bench-peers                                   makes build/peers, then runs what is below
    build/peers/new/bin/python bench/peers.py          the tasks of TASKS, all tools
        lambda_min:4000:784,784,784 kernel:500:100,50:1    these tasks: question, N, d and widths, and
                                                       on how many processors (default: all)
        --tools numpy,ntkit --turns 5                  these tools; how often each is asked (3)
        --seconds 600 --gigabytes 16                   limits of every process (300, 3/4 of what is free)
        --largest                                      lambda_min for larger and larger N instead
        --json FILE                                    as well (build/peers/peers.json)

The questions are `kernel` and `lambda_min`. Every measurement is a process of its own, with limits of
time and memory, that asks twice: seconds of the first call and of the second, processor seconds of
the second, by how much the peak of the resident set grew. Tools take turns; medians are told. A tool
that fails, in whatever way, has a row that says how, and is not asked again. `apart`: the largest
difference from ntkit's answer in double over the largest number of that answer (of a kernel: of K z
for a vector z of signs); digits are -log10 of it. Nobody's BLAS is told what processor this is.
"""

import argparse
import json
import math
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from peer_tools import TOOLS

ROOT = pathlib.Path(__file__).resolve().parent.parent
TASKS = (
    "lambda_min:1000:100,300,200",
    "lambda_min:4000:784,784,784",
    "lambda_min:8000:784,784,784",
    "lambda_min:2000:50,4000:1",
    "kernel:4000:784,784,784",
)
ASKED = {
    "lambda_min": "ntkit ntkit:mixed certified numpy numpy:float32 eigsh eigsh_inverse primme"
    " nngeometry torch_func torch_func:float32 nt_structured nt_structured:float32 nt_products"
    " nt_jacobian",
    "kernel": "ntkit numpy numpy:float32 nngeometry torch_func nt_structured nt_products nt_jacobian",
}
LEAVE_ALONE = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
HEAD = "| | digits | first s | then s | processor s | MB |\n|---|---|---|---|---|---|"


class Task:
    def __init__(self, text):
        try:
            self.text, (self.question, N, widths, *processors) = text, text.split(":")
            self.N, self.widths = int(N), [int(n) for n in widths.split(",")]
            self.processors = int(*processors) if processors else 0
            assert self.question in ASKED and self.N > 0 and len(self.widths) > 1
        except (ValueError, TypeError, AssertionError):
            sys.exit(
                f"{text!r} is no task; accepted: kernel or lambda_min:N:d,n_1,n_2,...[:PROCESSORS]"
            )

    def prepare(self, file):
        """A network of PyTorch's, a little trained (so that biases and columns differ), and N samples."""
        import torch
        from torch import nn

        torch.manual_seed(1)
        pairs = zip(self.widths, [*self.widths[1:], 1])
        layers = [f(*p) for p in pairs for f in (nn.Linear, lambda *_: nn.Tanh())][:-1]
        model, X = nn.Sequential(*layers), torch.randn(self.N, self.widths[0])
        Y, optimizer = torch.sign(X[:, :1]), torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(min(100, 10**5 // self.N)):
            optimizer.zero_grad()
            (model(X) - Y).square().mean().backward()
            optimizer.step()
        arrays = {"X": X.double().numpy()}
        for l, layer in enumerate(layers[::2]):
            arrays[f"W{l}"] = layer.weight.detach().double().numpy().T
            arrays[f"b{l}"] = layer.bias.detach().double().numpy()
        np.savez(file, **arrays)


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def measure(tool, task, folder):
    """In a process of its own: what it tells is the last line it prints; its answer is a file."""
    name, _, variant = tool.partition(":")
    file = np.load(f"{folder}/task.npz")
    layers = range(len(task.widths))
    W, b = ([np.ascontiguousarray(file[f"{key}{l}"]) for l in layers] for key in "Wb")
    asked = TOOLS[name](file["X"], W, b, *([variant] if variant else []))
    work = asked[0] if task.question == "kernel" else asked[1]
    before, seconds = peak(), []
    for _ in range(2):
        answer = None  # the first kernel is gone before the second is made
        start, processor = time.perf_counter(), sum(os.times()[:2])
        answer = work()
        seconds.append(time.perf_counter() - start)
        processor = sum(os.times()[:2]) - processor
    grown = peak() - before
    if task.question == "kernel":
        z = np.random.default_rng(1).choice([-1.0, 1.0], task.N)
        answer = np.asarray(answer).astype(float) @ z
    np.save(f"{folder}/answer.npy", np.atleast_1d(answer))
    print(json.dumps([*seconds, processor, grown]))


def resident(process):
    try:
        with open(f"/proc/{process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def watch(process, seconds, size):
    """Waits for it to end; what ended it too early, if anything did."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        if resident(process) > size:
            why = f"more than {size / 1e9:.0f} GB"
        elif time.monotonic() > end:
            why = f"more than {seconds:.0f} s"
        else:
            time.sleep(0.02)
            continue
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return why
    if process.returncode < 0:
        return f"died of {signal.Signals(-process.returncode).name}"
    return "" if process.returncode == 0 else "failed"


def ask(tool, task, folder, limits):
    """([first s, then s, processor s, bytes], answer), or why there are none."""
    environment = "nt" if tool.startswith("nt_") else "new"
    python = ROOT / f"build/peers/{environment}/bin/python"
    variables = {key: value for key, value in os.environ.items() if key not in LEAVE_ALONE}
    variables["JAX_PLATFORMS"] = "cpu"
    processors = sorted(os.sched_getaffinity(0))[-task.processors :]
    answer = pathlib.Path(folder, "answer.npy")
    answer.unlink(missing_ok=True)
    with open(f"{folder}/out", "w+") as out, open(f"{folder}/err", "w+") as err:
        command = ["taskset", "-c", ",".join(map(str, processors)), python, __file__]
        process = subprocess.Popen(
            [*command, "measure", tool, task.text, folder],
            env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
        try:
            why = watch(process, *limits)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        for file in (out, err):
            file.seek(0)
        if why == "failed":
            why = (err.read().strip() or "failed, silently").splitlines()[-1][:100]
        return why or (json.loads(out.read().splitlines()[-1]), np.load(answer))


def apart(answer, reference):
    if reference is None:
        return math.nan
    return float(abs(answer - reference).max() / abs(reference).max())


def rows(task, tools, turns, folder, limits):
    """Of every tool: {tool, failed or medians}, printed as they are known."""
    task.prepare(f"{folder}/task.npz")
    found, failed, reference = {tool: [] for tool in tools}, {}, None
    for _ in range(turns):
        for tool in tools:
            if tool in failed:
                continue
            got = ask(tool, task, folder, limits)
            if isinstance(got, str):
                failed[tool] = got
                continue
            if tool == "ntkit" and reference is None:
                reference = got[1]
            found[tool].append((*got[0], apart(got[1], reference)))
    for tool in tools:
        row = {"task": task.text, "tool": tool}
        if tool in failed:
            row["failed"] = failed[tool]
        else:
            names = ("first", "then", "processor", "bytes", "apart")
            row.update(zip(names, map(statistics.median, zip(*found[tool]))), turns=found[tool])
        yield row


def cells(row):
    if "failed" in row:
        return f"| {row['tool']} | {row['failed']} | | | | |"
    digits = "" if not row["apart"] >= 0 else f"{-math.log10(max(row['apart'], 1e-16)):.1f}"
    times = " | ".join(f"{row[name]:.3g}" for name in ("first", "then", "processor"))
    return f"| {row['tool']} | {digits} | {times} | {row['bytes'] / 1e6:.0f} |"


def largest(tool, folder, limits, widths="784,784,784"):
    """The largest N = 1000, 1400, 2000, 2800, ... of which it tells lambda_min within the limits."""
    row = {"task": f"largest:{widths}", "tool": tool, "N": 0}
    for step in range(100):
        N = round(1000 * 2 ** (step / 2), -2)
        task = Task(f"lambda_min:{N:.0f}:{widths}")
        task.prepare(f"{folder}/task.npz")
        got = ask(tool, task, folder, limits)
        if isinstance(got, str):
            return {**row, "N_failed": task.N, "failed": got}
        row.update(N=task.N, then=got[0][1], bytes=got[0][3])
    return row


def free_memory():
    with open("/proc/meminfo") as info:
        return next(int(line.split()[1]) for line in info if line.startswith("MemAvailable")) * 1024


def about():
    """The machine, both environments, and what the BLAS of ntkit and NumPy take its processor for."""
    import threadpoolctl

    def said(environment, *words):
        command = [ROOT / f"build/peers/{environment}/bin/python", "-m", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return {
        "ntkit": json.loads(said("new", "ntkit", "info", "--json")),
        "blas": [blas for blas in threadpoolctl.threadpool_info() if blas["user_api"] == "blas"],
        **{
            environment: said(environment, "pip", "freeze").split() for environment in ("new", "nt")
        },
    }


def main():
    if sys.argv[1:2] == ["measure"]:
        return measure(sys.argv[2], Task(sys.argv[3]), sys.argv[4])
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # so that the process it waits for ends too
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tasks", nargs="*", default=TASKS)
    parser.add_argument("--tools", help="names, by commas")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--gigabytes", type=float, default=0.75e-9 * free_memory())
    parser.add_argument("--largest", action="store_true")
    parser.add_argument("--json", default=ROOT / "build/peers/peers.json")
    options = parser.parse_args()
    tasks = [Task(text) for text in options.tasks]
    unknown = [t for t in (options.tools or "ntkit").split(",") if t.split(":")[0] not in TOOLS]
    if unknown:
        sys.exit(
            f"{unknown[0]!r} is no tool; accepted: {', '.join(TOOLS)}, with :VARIANT (:float32)"
        )
    limits = options.seconds, 1e9 * options.gigabytes
    told = {"about": about(), "limits": limits, "rows": []}
    with tempfile.TemporaryDirectory() as folder:

        def tell(row):
            told["rows"].append(row)
            pathlib.Path(options.json).write_text(json.dumps(told, indent=1))

        for task in [] if options.largest else tasks:
            tools = options.tools.split(",") if options.tools else ASKED[task.question].split()
            print(f"\n{task.text}, medians of {options.turns} turns\n\n{HEAD}", flush=True)
            for row in rows(task, tools, options.turns, folder, limits):
                print(cells(row), flush=True)
                tell(row)
        if options.largest:
            tools = options.tools or ASKED["lambda_min"].replace(" ", ",")
            print(f"\nlargest N in {options.seconds:.0f} s and {options.gigabytes:.1f} GB\n")
            print("| | N | then s | MB | the next |\n|---|---|---|---|---|")
            for tool in tools.split(","):
                row = largest(tool, folder, limits)
                tell(row)
                time_and_size = f"{row.get('then', 0):.3g} | {row.get('bytes', 0) / 1e6:.0f}"
                print(f"| {tool} | {row['N']} | {time_and_size} | {row['failed']} |", flush=True)


if __name__ == "__main__":
    main()
