#!/usr/bin/env python3
"""lambda_min of kernels that double precision does not tell from singular ones, in ball arithmetic, for
tests/kernel/test_resolve.c: writes tests/kernel/recorded_resolve.h.

usage: record_resolve.py NTKIT > tests/kernel/recorded_resolve.h    (python-flint, numpy)

NTKIT, the program, draws data and weights (spectrum --save); F and B of (1) and (9), K of (8) and its
factor are then of BITS bits. A value is proved: K less (1 - TINY) of it is positive definite, and a
Rayleigh quotient is at most (1 + TINY) of it."""
import subprocess
import sys
import tempfile

import flint
import numpy
from flint import arb, arb_mat, fmpq

BITS = 1600
flint.ctx.prec = BITS
TINY = arb(fmpq(1, 10**20))
PHI = {
    "sigmoid": lambda g: (s := 1 / (1 + (-g).exp()), s * (1 - s)),
    "tanh": lambda g: (t := g.tanh(), 1 - t * t),
    "erf": lambda g: (g.erf(), 2 / arb.pi().sqrt() * (-g * g).exp()),
    "softplus": lambda g: ((1 + g.exp()).log(), 1 / (1 + (-g).exp())),
}
# activation, N, d, widths, init, beta
CASES = [
    ("sigmoid", 12, 2, [8, 8], "paper", 1.0),
    ("erf", 12, 2, [9, 9], "paper", 1.0),
    ("softplus", 14, 1, [12, 12], "paper", 1.0),
    ("sigmoid", 14, 1, [12, 12], "paper", 1.0),
    ("sigmoid", 12, 1, [14, 14], "paper", 1.0),
    ("sigmoid", 20, 2, [20, 20], "paper", 0.5),
    ("tanh", 16, 1, [10, 10], "paper", 1.0),
    ("sigmoid", 14, 1, [30, 30], "paper", 0.5),
    ("sigmoid", 10, 1, [10, 10], "paper", 0.25),
    ("sigmoid", 12, 1, [16, 16], "paper", 0.25),
    ("sigmoid", 14, 1, [16, 16], "paper", 0.25),
    ("tanh", 8, 40, [40] * 19, "standard", 4.0),
    ("tanh", 8, 40, [40] * 59, "standard", 4.0),
    ("tanh", 8, 40, [40] * 119, "standard", 4.0),
]


def columns_of(case, seed, folder):
    activation, N, d, widths, init, beta = case
    subprocess.run(
        [sys.argv[1], "spectrum", "--quiet", "--samples", str(N), "--dim", str(d), "--widths", ",".join(map(str, widths)),
         "--activation", activation, "--init", init, "--beta", str(beta), "--seed", str(seed), "--save", folder],
        check=True, stdout=subprocess.DEVNULL)
    def load(name):
        A = numpy.load(f"{folder}/{name}.npy")
        A = A.reshape(A.shape[0], -1)
        return arb_mat(A.shape[0], A.shape[1], [arb(float(a)) for a in A.ravel()])
    return load("X"), [None] + [load(f"W{l}") for l in range(1, len(widths) + 2)]


def kernel(activation, X, W):
    L, N, F, slope = len(W) - 1, X.nrows(), [X], [None]
    for l in range(1, L):
        G = F[l - 1] * W[l]
        pairs = [PHI[activation](g) for g in G.entries()]
        F.append(arb_mat(N, G.ncols(), [p[0] for p in pairs]))
        slope.append(arb_mat(N, G.ncols(), [p[1] for p in pairs]))
    K = F[L - 1] * F[L - 1].transpose()
    P = arb_mat(N, W[L].nrows(), [w for _ in range(N) for w in W[L].entries()])
    for k in range(L - 1, 0, -1):
        B = arb_mat(N, P.ncols(), [a * b for a, b in zip(P.entries(), slope[k].entries())])
        f, b = F[k - 1] * F[k - 1].transpose(), B * B.transpose()
        K += arb_mat(N, N, [x * y for x, y in zip(f.entries(), b.entries())])
        P = B * W[k].transpose()
    return K


def above(K, value):
    """Whether lambda_min > value (1 - TINY) is proved: a Cholesky factor, of midpoints, of K - value (1 - TINY / 2) leaves
    less than value TINY / 2 of it."""
    n, slack = K.nrows(), value * TINY / 2
    A = K - arb_mat(n, n, [value - slack if e % (n + 1) == 0 else 0 for e in range(n * n)])
    R = [[arb(0)] * n for _ in range(n)]
    for i, row in enumerate(R):
        for j, other in enumerate(R[: i + 1]):
            s = (A[i, j] - sum((a * b for a, b in zip(row[:j], other)), arb(0))).mid()
            if i == j and not s > 0:
                return False
            row[j] = (s.sqrt() if i == j else s / other[j]).mid()
    R = arb_mat(R)
    left = sum((a * a for a in (A - R * R.transpose()).entries()), arb(0))
    return bool(left < slack * slack)


def smallest(K, squarings=9):
    n = K.nrows()
    inverse = K.inv()
    power = inverse
    for _ in range(squarings):  # K^(-512)
        power = power * power
        size = power[0, 0].mid()
        power = arb_mat(n, n, [(a / size).mid() for a in power.entries()])
    v = power * arb_mat(n, 1, [arb(1 + i * i % 7) / 7 for i in range(n)])
    v = arb_mat(n, 1, [(inverse * v)[i, 0].mid() for i in range(n)])
    square = sum((a * a for a in v.entries()), arb(0))
    value = ((v.transpose() * K * v)[0, 0] / square).mid()
    assert above(K, value), "not proved: more bits, or more powers"
    trace = sum((K[i, i] for i in range(n)), arb(0))
    return value, (trace / value).mid()


def main():
    print("/* By tools/record_resolve.py: lambda_min in ball arithmetic. */")
    print("typedef struct recorded_resolve {\n  const char *activation, *init;\n  size_t N, d, hidden, width;\n  double beta;\n"
          "  uint64_t seed;\n  double lambda_min;\n} recorded_resolve;")
    print("static const recorded_resolve recorded_resolves[] = {")
    for case in CASES:
        for seed in range(2):
            with tempfile.TemporaryDirectory() as folder:
                value, condition = smallest(kernel(case[0], *columns_of(case, seed, folder + "/s")))
            activation, N, d, widths, init, beta = case
            print(f'    {{"{activation}", "{init}", {N}, {d}, {len(widths)}, {widths[0]}, {beta}, {seed}, '
                  f'{value.str(25, radius=False)}}}, /* trace over it {float(condition):.1e} */', flush=True)
    print("};")


if __name__ == "__main__":
    main()
