#!/usr/bin/env python3
"""Reading CSV against pandas.read_csv (C engine, its defaults, no index, no heading), in turn: a file of
the size of MNIST (60,000 x 784 whole numbers, one in five not 0) and one of 12,000 x 784 normal numbers
of 17 digits. Prints medians and least of wall and processor seconds and their ratios.
usage: peer_csv.py [PROGRAM [REPEATS]]    (PROGRAM: build/release/ntkit_bench_csv; needs pandas)"""
import os, statistics, subprocess, sys, tempfile, time

import numpy as np
import pandas as pd

program = sys.argv[1] if len(sys.argv) > 1 else "build/release/ntkit_bench_csv"
repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5


def pandas_read(path):
    wall, processor = time.perf_counter(), time.process_time()
    frame = pd.read_csv(path, header=None, engine="c")
    frame.to_numpy(dtype=np.float64, copy=False)
    return time.perf_counter() - wall, time.process_time() - processor


def measure(name, path):
    ours, theirs, memory = [], [], 0.0
    for _ in range(repeats):
        out = subprocess.run([program, path], capture_output=True, text=True, check=True).stdout
        wall, processor, beyond = (float(x) for x in out.split())
        ours.append((wall, processor))
        memory = max(memory, beyond)
        theirs.append(pandas_read(path))
    for k, clock in enumerate(("wall", "processor")):
        a, b = [x[k] for x in ours], [x[k] for x in theirs]
        print(f"{name:8} {clock:9} median {statistics.median(a):.3f} against {statistics.median(b):.3f} s, "
              f"{statistics.median(b) / statistics.median(a):.1f} times; least {min(a):.3f} against "
              f"{min(b):.3f}, {min(b) / min(a):.1f} times; {memory:.1f} MB beyond the matrix")


random = np.random.default_rng(1)
print(f"pandas {pd.__version__}, numpy {np.__version__}")
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "whole.csv")
    whole = random.integers(0, 256, (60000, 784), dtype=np.uint8)
    pd.DataFrame(whole * (random.random((60000, 784)) < 0.19)).astype(np.uint8).to_csv(path, index=False, header=False)
    measure("whole", path)
    path = os.path.join(folder, "normal.csv")
    np.savetxt(path, random.standard_normal((12000, 784)), fmt="%.17g", delimiter=",")
    measure("normal", path)
