#!/usr/bin/env python3
"""Whether `spectrum --resolve` finds lambda_min far below what K shows, of more samples than ball arithmetic has time for.

usage: check_resolve.py NTKIT [N:SLOPE ...]      (python-flint, numpy; those of CASES unless said)

The samples are of 16 groups, x = (t, 1) in two coordinates of each, and a tanh unit sees one group's coordinates alone:
it is 0 on the others, so that K of two layers is of 16 blocks, each of which a small network has, but that phi'(0) = 1 of
all other units adds a constant. Ball arithmetic finds the smallest eigenvalue of each block, and proves it
(record_resolve.py). The program is shown none of that: coordinates are turned by a Hadamard matrix, samples and units are
permuted, and all numbers are so short that none of it rounds. The steeper the units (SLOPE) the larger lambda_min.
Ends with 1 where fewer digits are right than told, or lambda_min was not found."""
import json
import os
import subprocess
import sys
import tempfile
import time

import flint
import numpy
from flint import arb, arb_mat

from record_resolve import smallest

BITS, GROUPS = 900, 16
CASES = ["240:44", "240:30", "500:40", "500:35", "1000:85", "2000:105", "4000:140"]


def drawn(which, g, count):
    """Whole numbers from 0 to 65535, as tests/kernel/test_resolve.c draws them."""
    keys = (numpy.arange(count) * 104729 + g * 7919 + which * 1299709) % 2**32
    return (keys * 2654435761 % 2**32) >> 16


def group(g, N, slope):
    """t of the samples; the units' weights for (t, 1), and of the second layer."""
    m = N // GROUPS + (g < N % GROUPS)
    n = m * 9 // 20 + 2
    t = (131072 * numpy.arange(m) + drawn(0, g, m)) * 4 // m / 2.0**18 - 1
    steep = slope * m * (49152 + drawn(1, g, n) // 2) // 256000 / 2.0**8
    centre = (2253 * (65536 * numpy.arange(n) + drawn(2, g, n)) // (65536 * n) - 1126) / 2.0**10
    sign = 1.0 - 2.0 * (drawn(3, g, n) % 2)
    return t, numpy.stack([steep * sign, -steep * centre * sign]), (128 + drawn(4, g, n) // 256) / 2.0**8


def network(groups):
    """X, W_1, W_2 of all, turned and permuted."""
    H = numpy.ones((1, 1))
    while len(H) < GROUPS:
        H = numpy.kron([[1, 1], [1, -1]], H)
    turn = numpy.kron(H / 4, numpy.eye(2))
    X, W = [], []
    for g, (t, w, _) in enumerate(groups):
        place = numpy.zeros((len(t), 2 * GROUPS))
        place[:, 2 * g], place[:, 2 * g + 1] = t, 1.0
        X.append(place @ turn)
        place = numpy.zeros((2 * GROUPS, w.shape[1]))
        place[2 * g : 2 * g + 2] = w
        W.append(turn.T @ place)
    X, W_1, W_2 = numpy.vstack(X), numpy.hstack(W), numpy.concatenate([v for _, _, v in groups])
    rows, units = numpy.argsort(drawn(5, 0, len(X)), kind="stable"), numpy.argsort(drawn(6, 0, len(W_2)), kind="stable")
    return X[rows], W_1[:, units], W_2[units]


def truth(t, w, v, others):
    """lambda_min of a block, and its trace over it."""
    m, n = len(t), len(v)
    exact = lambda A: arb_mat(*A.shape, [arb(float(a)) for a in A.ravel()])
    X = exact(numpy.stack([t, numpy.ones(m)], axis=1))
    F = [g.tanh() for g in (X * exact(w)).entries()]
    B = arb_mat(m, n, [arb(float(v[e % n])) * (1 - f * f) for e, f in enumerate(F)])
    F = arb_mat(m, n, F)
    f, b = (X * X.transpose()).entries(), (B * B.transpose()).entries()
    K = F * F.transpose() + arb_mat(m, m, [x * (y + others) for x, y in zip(f, b)])
    return smallest(K)


def nearly(t, w, v, others):
    """lambda_min of a block in double, and what it may be off by."""
    X = numpy.stack([t, numpy.ones(len(t))], axis=1)
    F = numpy.tanh(X @ w)
    B = v * (1 - F * F)
    J = numpy.hstack([F, X[:, :1] * B, X[:, 1:] * B, X * float(others) ** 0.5])
    s = numpy.linalg.svd(J, compute_uv=False)
    return s[-1] ** 2, (1e-13 * s[0]) ** 2


def smallest_of(blocks):
    """Of those that may have it."""
    found = [nearly(*block) for block in blocks]
    bound = 2 * min(value for value, _ in found)
    return min((truth(*block)[0] for block, (value, off) in zip(blocks, found) if value <= bound + off), key=float)


def run(program, X, W_1, W_2):
    with tempfile.TemporaryDirectory() as folder:
        numpy.save(f"{folder}/X.npy", X)
        os.mkdir(f"{folder}/W")
        numpy.save(f"{folder}/W/W1.npy", W_1)
        numpy.save(f"{folder}/W/W2.npy", W_2.reshape(-1, 1))
        start = time.time()
        out = subprocess.run([program, "spectrum", "--quiet", "--json", "--resolve", "--data", f"{folder}/X.npy", "--load",
                              f"{folder}/W", "--activation", "tanh"], capture_output=True, text=True)
        if out.returncode != 0:
            sys.exit(out.stderr)
        return json.loads(out.stdout), time.time() - start


def check(program, N, slope):
    groups = [group(g, N, slope) for g in range(GROUPS)]
    squares = [sum((arb(float(a)) ** 2 for a in v), arb(0)) for _, _, v in groups]
    X, W_1, W_2 = network(groups)
    result, seconds = run(program, X, W_1, W_2)
    least = smallest_of([(*parts, sum(squares) - squares[g]) for g, parts in enumerate(groups)])
    found, digits = result["lambda_min"], result["digits"]
    wrong = float(abs(arb(found) / least - 1)) if found is not None else float("inf")
    print(f"N = {N}, P = {W_1.size + W_2.size}: lambda_min {least.str(20, radius=False)}, {float(least) / result['lambda_max']:.1e} of "
          f"lambda_max; verdict {result['verdict']}, {digits} digits told, error {wrong:.1e}, {result['precision']}, "
          f"{result['rounds']} rounds, {seconds:.0f} s", flush=True)
    return found is not None and wrong <= 10.0**-digits


def main():
    flint.ctx.prec = BITS
    good = [check(sys.argv[1], int(N), int(slope)) for N, slope in (case.split(":") for case in sys.argv[2:] or CASES)]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
