"""The limit kernel beside the same formulas in NumPy: three layers, relu in closed form and tanh by the
same Hermite series with the same nodes, one thread, seconds of processor time, the best of three.

usage: OMP_NUM_THREADS=1 python bench/limit.py [N [d]]    (NumPy and ntkit are installed)
"""

import sys
import time

import numpy as np

import ntkit

TERMS, NODES, END = 100, 129, 13.0  # what ntkit takes for tanh at variances to 1.25


def relu(S, a):
    """E phi phi and E phi' phi' from covariances S with the diagonal a."""
    size = np.sqrt(np.outer(a, a))
    rho = np.clip(S / size, -1.0, 1.0)
    t = np.arccos(rho)
    slopes = (np.pi - t) / (2.0 * np.pi)
    return size * (np.sqrt(1.0 - rho * rho) / (2.0 * np.pi) + slopes * rho), slopes


def tanh(S, a):
    """The same by odd Hermite coefficients, Horner's rule in rho^2."""
    z = np.linspace(-END, END, NODES)
    root = np.exp(-z * z / 4.0) / (2.0 * np.pi) ** 0.25
    before, now, odd = np.zeros(NODES), root.copy(), []
    for k in range(2 * TERMS):
        if k % 2 == 1:
            odd.append(now * root * (z[1] - z[0]))
        before, now = now, (z * now - np.sqrt(k) * before) / np.sqrt(k + 1.0)
    A = np.tanh(np.sqrt(a)[:, None] * z) @ np.array(odd).T  # N x TERMS
    size = np.sqrt(np.outer(a, a))
    rho = S / size
    x = rho * rho
    p, dp = np.zeros_like(S), np.zeros_like(S)
    for k in reversed(range(TERMS)):
        dp = dp * x + p
        p = p * x + np.outer(A[:, k], A[:, k])
    return rho * p, (p + 2.0 * x * dp) / size


def limit(X, n, dual):
    """The paper's law, beta = 1, widths n, n: blocks in one recursion."""
    S = X @ X.T
    K, S = S, S / X.shape[1]
    for factor in (1.0, float(n)):
        same, slopes = dual(S, np.diag(S).copy())
        K = K * slopes * factor + n * same
        S = same
    return K


def best(work):
    """The least of three times, and what came of it; the first has libraries and memory to fetch."""
    seconds, result = float("inf"), None
    for _ in range(3):
        result = None
        start = time.process_time()
        result = work()
        seconds = min(seconds, time.process_time() - start)
    return seconds, result


def main():
    N = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    d = int(sys.argv[2]) if len(sys.argv) > 2 else 784
    X = ntkit.generate("gaussian", N=N, d=d, seed=1)
    product, _ = best(lambda: X @ X.T)
    print(f"N = {N}, d = {d}: X X^T alone, in NumPy {product:.3f}")
    for name, dual in (("relu", relu), ("tanh", tanh)):
        net = ntkit.Network([d, d, d], activation=name)
        mine, ours = best(lambda net=net: ntkit.limit(net, X))
        other, theirs = best(lambda dual=dual: limit(X, d, dual))
        off = np.abs(ours - theirs).max() / ours.max()
        print(f"{name}: ntkit {mine:.3f}, NumPy {other:.3f}: {other / mine:.1f} x, {off:.1e} apart")


main()
