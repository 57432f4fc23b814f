#!/usr/bin/env python3
"""Whether what `spectrum --certify` proves for the kernel in exact arithmetic is true: random small networks against
ball arithmetic.

usage: check_proof.py NTKIT [COUNT [SEED [--resolve]]]      (python-flint, numpy; 300 networks in about a minute)
       check_proof.py NTKIT --record > tests/kernel/recorded/recorded_proof.h

Case by case: the interval against lambda_min of the files that --save leaves, F and B of (1) and (9) and K of (8)
with BITS bits, enclosed to TINY (record_resolve.py's way). Says how many intervals hold it, and how many of those at
a condition below 1e7, with --resolve below 1e9, are narrower than 1e-6 of it. Ends with 1 where one is wrong."""
import json
import random
import subprocess
import sys
import tempfile

import flint
import numpy
from flint import arb, arb_mat

from record_resolve import TINY, smallest

BITS, RECORDED = 500, 40
RESOLVE = "--resolve" in sys.argv
WELL = 1e9 if RESOLVE else 1e7  # a condition


def gate(g, z, dz):
    s = 1 / (1 + (-z).exp())
    return g * s, s + g * dz * s * (1 - s)


def kinked(g, above, below):
    """phi and phi' of either side; at 0 that of below."""
    if g > 0:
        return above
    if g <= 0:
        return below
    raise ValueError("the sign of a pre-activation is not known: more bits")


def selu(g):
    scale, alpha = arb("1.0507009873554804934193349852946"), arb("1.6732632423543772848170429916717")
    return kinked(g, (scale * g, scale), (scale * alpha * g.expm1(), scale * alpha * g.exp()))


def gelu_tanh(g):
    c, cubic = (2 / arb.pi()).sqrt(), arb("0.044715")
    return gate(g, 2 * c * (g + cubic * g**3), 2 * c * (1 + 3 * cubic * g * g))


def normal(g):
    return (1 + (g / arb(2).sqrt()).erf()) / 2, (-g * g / 2).exp() / (2 * arb.pi()).sqrt()


PHI = {
    "sigmoid": lambda g: (s := 1 / (1 + (-g).exp()), s * (1 - s)),
    "tanh": lambda g: (t := g.tanh(), 1 - t * t),
    "softplus": lambda g: ((1 + g.exp()).log(), 1 / (1 + (-g).exp())),
    "erf": lambda g: (g.erf(), 2 / arb.pi().sqrt() * (-g * g).exp()),
    "gelu": lambda g: (g * normal(g)[0], normal(g)[0] + g * normal(g)[1]),
    "sin": lambda g: (g.sin(), g.cos()),
    "relu": lambda g: kinked(g, (g, arb(1)), (arb(0), arb(0))),
    "identity": lambda g: (g, arb(1)),
    "silu": lambda g: gate(g, g, arb(1)),
    "gelu_tanh": gelu_tanh,
    "elu": lambda g: kinked(g, (g, arb(1)), (g.expm1(), g.exp())),
    "elu(0.5)": lambda g: kinked(g, (g, arb(1)), (g.expm1() / 2, g.exp() / 2)),
    "selu": selu,
    "softsign": lambda g: (g / (1 + abs(g)), 1 / (1 + abs(g)) ** 2),
    "atan": lambda g: (g.atan(), 1 / (1 + g * g)),
    "gaussian": lambda g: (f := (-g * g).exp(), -2 * g * f),
    "leaky_relu": lambda g: kinked(g, (g, arb(1)), (arb(0.01) * g, arb(0.01))),
    "celu(2)": lambda g: kinked(g, (g, arb(1)), (2 * (g / 2).expm1(), (g / 2).exp())),
    "quadratic": lambda g: (g * g, 2 * g),
}


def drawn(seed):
    """Options of a network and its data."""
    r = random.Random(seed)
    depth, tight = r.choice([2, 3, 3, 3, 4, 5, 6, 8]), seed % 3 > 0  # tight: few parameters for many samples
    d, widths = r.randint(*((1, 4) if tight else (3, 16))), [r.randint(*((4, 12) if tight else (6, 24))) for _ in range(depth - 1)]
    phi = [r.choice(sorted(PHI))] * (depth - 1) if r.random() < 0.7 else r.choices(sorted(PHI), k=depth - 1)
    of = {"N": r.randint(10, 20) if tight else r.randint(4, 16), "d": d, "widths": widths, "activation": ",".join(phi),
          "init": r.choice(["paper", "standard", "he", "lecun"]), "beta": r.choice([0.5, 1.0, 1.0, 2.0]), "seed": seed,
          "bias": r.choice([None, None, 0.0, 0.5]), "scales": None, "outputs": 1, "kernel": "trace"}
    if r.random() < 0.3:
        of["scales"] = [r.choice([0.25, 1.0, 3.0]) for _ in range(2 * depth if of["bias"] is not None else depth)]
    if r.random() < 0.4:
        of["outputs"], of["kernel"] = r.randint(2, 4), r.choice(["all", "trace", "1"])
        of["N"] = max(3, of["N"] // of["outputs"]) if of["kernel"] == "all" else of["N"]
    return of


def ask(of, folder):
    words = ["--samples", of["N"], "--dim", of["d"], "--widths", ",".join(map(str, of["widths"])),
             "--activation", of["activation"], "--init", of["init"], "--beta", of["beta"], "--seed", of["seed"]]
    if of["bias"] is not None:
        words += ["--bias", of["bias"]]
    if of["outputs"] > 1:
        words += ["--outputs", of["outputs"], "--output", of["kernel"]]
    if of["scales"] is not None:
        words += ["--parameterization", ",".join(map(str, of["scales"]))]
    done = subprocess.run([sys.argv[1], "spectrum", "--quiet", "--json", "--certify", "--save", folder, *["--resolve"] * RESOLVE, *map(str, words)],
                          check=True, capture_output=True)
    return json.loads(done.stdout)


def matrix(path):
    A = numpy.load(path)
    A = A.reshape(A.shape[0], -1)
    return arb_mat(A.shape[0], A.shape[1], [arb(float(a)) for a in A.ravel()])


def gram(A):
    return A * A.transpose()


def kernel(of, folder):
    """K of all outputs, of their mean, or of one."""
    L, phi = len(of["widths"]) + 1, of["activation"].split(",")
    N, bias, C = of["N"], of["bias"] is not None, of["outputs"]
    scales = of["scales"] or [1.0] * L
    a, c = (scales[::2], scales[1::2]) if len(scales) > L else (scales, [1.0 if bias else 0.0] * L)
    W = [None] + [matrix(f"{folder}/W{l}.npy") for l in range(1, L + 1)]
    F, slope = [matrix(f"{folder}/X.npy")], [None]
    for l in range(1, L):
        G = F[l - 1] * W[l]
        n = G.ncols()
        b = matrix(f"{folder}/b{l}.npy").entries() if bias else [arb(0)] * n
        pairs = [PHI[phi[l - 1]](g + b[e % n]) for e, g in enumerate(G.entries())]
        F.append(arb_mat(N, n, [p[0] for p in pairs]))
        slope.append(arb_mat(N, n, [p[1] for p in pairs]))
    rows = [(i, e) for i in range(N) for e in range(C)]  # of outputs
    f = gram(F[L - 1])
    K = arb_mat(N * C, N * C, [a[L - 1] * f[i, j] + c[L - 1] if e == g else arb(0) for i, e in rows for j, g in rows])
    P = arb_mat(N * C, W[L].nrows(), [W[L][j, e] for i, e in rows for j in range(W[L].nrows())])
    for k in range(L - 1, 0, -1):
        B = arb_mat(N * C, P.ncols(), [P[i * C + e, j] * slope[k][i, j] for i, e in rows for j in range(P.ncols())])
        f, b = gram(F[k - 1]), gram(B)
        K += arb_mat(N * C, N * C, [(a[k - 1] * f[i // C, j // C] + c[k - 1]) * b[i, j] for i in range(N * C) for j in range(N * C)])
        P = B * W[k].transpose()
    if of["kernel"] == "all":
        return K
    of_mean = range(C) if of["kernel"] == "trace" else [int(of["kernel"])]
    return arb_mat(N, N, [sum((K[i * C + e, j * C + e] for e in of_mean), arb(0)) / len(of_mean) for i in range(N) for j in range(N)])


def truth(of, folder):
    """lambda_min to TINY of itself, and its condition, or None."""
    K = kernel(of, folder)
    value, condition = smallest(K, 18)
    return value, float(condition)


def check(of):
    """A line and, where there is an answer that is proved: whether it holds, its width over the value, the condition."""
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/s"
        found = ask(of, folder)
        proof = found["certificate"]["kernel"]
        if found["verdict"] != "ok" or not proof["proved"]:
            return f'{found["verdict"]} {proof["reason"] or found["reason"]}', None
        value, _ = truth(of, folder)
        low, high = arb(proof["lower"]), arb(proof["upper"])
        holds = bool(low <= value * (1 - TINY)) and bool(value * (1 + TINY) <= high)
        width = (proof["upper"] - proof["lower"]) / found["lambda_min"]
        return f'width {width:.1e} condition {found["condition"]:.1e}', (holds, width, found["condition"], value)


def count(wanted, seed):
    held = wrong = narrow = well = none = 0
    while held + wrong < wanted:
        seed += 1
        of = drawn(seed)
        line, answer = check(of)
        if answer is None:
            none += 1
        else:
            held, wrong = held + answer[0], wrong + (not answer[0])
            if answer[2] < WELL:
                well, narrow = well + 1, narrow + (answer[1] < 1e-6)
        print(seed, of["activation"], of["outputs"], of["kernel"], "WRONG" if answer and not answer[0] else "", line, flush=True)
    print(f"{held} intervals hold lambda_min, {wrong} do not; {none} networks more have no lambda_min in double; "
          f"{narrow} of {well} at a condition below {WELL:.0e} are narrower than 1e-6")
    return wrong


def text(numbers):
    return "{" + ", ".join(map(str, numbers)) + "}"


def record():
    print("/* By tools/check_proof.py --record, then clang-format: lambda_min in ball arithmetic. */")
    print("typedef struct recorded_proof {\n  const char *activation, *init, *scales, *kernel;\n  size_t N, outputs, hidden, width[8];\n"
          "  double beta, bias, lambda_min; /* bias: deviation; below 0: none */\n  uint64_t seed;\n} recorded_proof;")
    print("static const recorded_proof recorded_proofs[] = {")
    for seed in range(1000, 1000 + RECORDED):
        of = drawn(seed)
        _, answer = check(of)
        if answer is None:
            continue
        scales = "NULL" if of["scales"] is None else '"' + ",".join(map(str, of["scales"])) + '"'
        bias = -1.0 if of["bias"] is None else of["bias"]
        print(f'    {{"{of["activation"]}", "{of["init"]}", {scales}, "{of["kernel"]}", {of["N"]}, '
              f'{of["outputs"]}, {len(of["widths"])}, '
              f'{text([of["d"], *of["widths"]])}, {of["beta"]}, {bias}, {answer[3].str(25, radius=False)}, {seed}}},', flush=True)
    print("};")


if __name__ == "__main__":
    flint.ctx.prec = BITS
    if sys.argv[2:] == ["--record"]:
        record()
    else:
        first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
        sys.exit(count(int(sys.argv[2]) if len(sys.argv) > 2 else 300, first) > 0)
