#!/usr/bin/env python3
"""lambda_min of kernels that double precision does not hold, in arithmetic of 120 digits, for
tests/theory/test_scaled.c: writes tests/theory/recorded_scaled.h.

usage: record_scaled.py NTKIT > tests/theory/recorded_scaled.h    (mpmath, numpy; gmpy2 for speed)

NTKIT, the program, draws data and weights (spectrum --save); F and B of (1) and (9), K of (8) and its
eigenvalues are mpmath's. Of the exponents of two that are written the mantissa's is from 1 up to 2."""
import json
import subprocess
import sys
import tempfile

import numpy
from mpmath import mp, mpf

mp.dps = 120
ROOT2, ROOTPI = mp.sqrt(2), mp.sqrt(mp.pi)


def gelu(g):
    p = (1 + mp.erf(g / ROOT2)) / 2
    return g * p, p + g * mp.exp(-g * g / 2) / (ROOT2 * ROOTPI)


PHI = {
    "tanh": lambda g: (t := mp.tanh(g), 1 - t * t),
    "relu": lambda g: (g, mpf(1)) if g > 0 else (mpf(0), mpf(0)),
    "leaky_relu": lambda g: (g, mpf(1)) if g > 0 else (g * mpf(0.01), mpf(0.01)),
    "sigmoid": lambda g: (s := 1 / (1 + mp.exp(-g)), s * (1 - s)),
    "erf": lambda g: (mp.erf(g), 2 / ROOTPI * mp.exp(-g * g)),
    "elu": lambda g: (g, mpf(1)) if g > 0 else (mp.expm1(g), mp.exp(g)),
    "gelu": gelu,
    "quadratic": lambda g: (g * g, 2 * g),
}
# activation, N, d, hidden layers, width, outputs, init, beta, bias, parameterization of W_1 alone, output
CASES = [
    ("tanh", 6, 8, 1199, 8, 1, "he", 0.5, None, False, "trace"),
    ("relu", 6, 8, 1199, 32, 1, "he", 0.5, None, False, "trace"),
    ("relu", 6, 8, 1199, 32, 1, "he", 2.0, None, False, "trace"),
    ("leaky_relu", 8, 9, 400, 16, 3, "he", 1e3, 1.0, False, "trace"),
    ("sigmoid", 6, 9, 600, 8, 1, "he", 1.0, None, True, "trace"),
    ("sigmoid", 6, 9, 300, 8, 2, "he", 0.5, 0.5, True, "all"),
    ("sigmoid", 6, 9, 2, 8, 1, "he", 1e-90, None, True, "trace"),
    ("erf", 6, 8, 300, 12, 1, "he", 1e-2, None, False, "trace"),
    ("elu", 6, 8, 200, 16, 1, "he", 1e-3, None, False, "trace"),
    ("gelu", 5, 8, 150, 16, 2, "he", 1e-4, None, False, "all"),
    ("gelu", 5, 8, 100, 24, 2, "he", 1e7, None, False, "trace"),
    ("quadratic", 6, 8, 3, 12, 1, "he", 1e-40, None, False, "trace"),
    ("quadratic", 6, 8, 3, 12, 1, "he", 1e40, None, False, "trace"),
    ("relu", 6, 8, 300, 24, 1, "he", 0.8, None, False, "trace"),
]


def draw(case, seed, folder):
    activation, N, d, hidden, width, outputs, init, beta, bias, first, output = case
    command = [sys.argv[1], "spectrum", "--quiet", "--samples", N, "--dim", d, "--widths", ",".join([str(width)] * hidden),
               "--activation", activation, "--outputs", outputs, "--init", init, "--beta", beta, "--seed", seed, "--output",
               output, "--save", folder]
    command += ["--bias", bias] if bias is not None else []
    command += ["--parameterization", ",".join(["1"] + ["0"] * hidden)] if first else []
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL)

    def load(name):
        A = numpy.load(f"{folder}/{name}.npy")
        return [[mpf(float(a)) for a in row] for row in A.reshape(A.shape[0], -1)]

    L = hidden + 1
    b = [[r[0] for r in load(f"b{l}")] if bias is not None else None for l in range(1, L + 1)]
    return load("X"), [load(f"W{l}") for l in range(1, L + 1)], b


def dot(x, y):
    return mp.fdot(zip(x, y))


def kernel(case, X, W, b):
    """Of all outputs, sample by sample."""
    activation, first, L, N, C = case[0], case[9], len(W), len(X), len(W[-1][0])
    F, slope = [X], []
    for l in range(L - 1):
        columns = list(zip(*W[l]))
        G = [[dot(f, c) + (b[l][j] if b[l] else 0) for j, c in enumerate(columns)] for f in F[l]]
        pairs = [[PHI[activation](g) for g in row] for row in G]
        F.append([[p[0] for p in row] for row in pairs])
        slope.append([[p[1] for p in row] for row in pairs])
    rows = [(i, c) for i in range(N) for c in range(C)]
    B = [[mpf(1) if e == c else mpf(0) for e in range(C)] for _, c in rows]
    K = mp.zeros(len(rows))
    for k in range(L - 1, -1, -1):
        scale = 1 if k == 0 or not first else 0
        gram = [[scale * (dot(F[k][i], F[k][j]) + (1 if b[k] else 0)) for j in range(N)] for i in range(N)]
        for s, (i, _) in enumerate(rows):
            for t, (j, _) in enumerate(rows):
                if scale:
                    K[s, t] += gram[i][j] * dot(B[s], B[t])
        if k > 0:
            B = [[a * dot(x, w) for a, w in zip(slope[k - 1][i], W[k])] for (i, _), x in zip(rows, B)]
    return K


def mean(K, C):
    n = K.rows // C
    return mp.matrix(n, n) + mp.matrix([[sum(K[i * C + c, j * C + c] for c in range(C)) / C for j in range(n)] for i in range(n)])


def power_of_two(x):
    e = int(mp.floor(mp.log(x, 2)))
    m = x / mpf(2)**e
    return m, e


print("/* By tools/record_scaled.py: lambda_min and lambda_max of 120 digits, as mantissas and exponents of two. */")
print("typedef struct recorded_scaled {\n  const char *activation;\n  size_t N, d, hidden, width, outputs;\n  double beta, bias; /* bias: "
      "-1: none */\n  bool first, all; /* W_1's block alone; of all outputs */\n  double least;\n  int least_exponent;\n  double "
      "most;\n  int most_exponent;\n} recorded_scaled;")
print("static const recorded_scaled recorded_scaleds[] = {")
for case in CASES:
    activation, N, d, hidden, width, outputs, init, beta, bias, first, output = case
    with tempfile.TemporaryDirectory() as folder:
        K = kernel(case, *draw(case, 1, folder + "/s"))
    K = mean(K, outputs) if output == "trace" else K
    scale = mpf(2)**power_of_two(K[0, 0])[1]
    values = mp.eigsy(K / scale, eigvals_only=True)
    (m, e), (M, E) = power_of_two(min(values) * scale), power_of_two(max(values) * scale)
    print(f'    {{"{activation}", {N}, {d}, {hidden}, {width}, {outputs}, {beta}, {-1 if bias is None else bias}, '
          f'{json.dumps(first)}, {json.dumps(output == "all")}, {mp.nstr(m, 20)}, {e}, {mp.nstr(M, 20)}, {E}}}, '
          f'/* {mp.nstr(min(values) * scale, 5)} */', flush=True)
print("};")
