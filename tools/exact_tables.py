#!/usr/bin/env python3
"""Constants of src/net/exact in double-double, from mpmath with 60 digits.

usage: tools/exact_tables.py > src/net/exact/tables.h   (and clang-format -i of it)
With --bounds: what the series of src/net/exact leave out, relative to what they are added to.
"""
import sys

from mpmath import erfc, exp, factorial, mp, mpf, pi, sqrt, log

mp.dps = 60


def pair(x):
    high = float(x)
    return high, float(x - mpf(high))


def row(x):
    return "{%s, %s}" % tuple(v.hex() for v in pair(x))


def table(name, comment, values):
    """hi and lo one after the other, two pairs a line."""
    print(f"/* {comment} */")
    print(f"static const double {name}[] = {{")
    numbers = [v.hex() for x in values for v in pair(x)]
    for at in range(0, len(numbers), 4):
        last = at + 4 >= len(numbers)
        print("    " + ", ".join(numbers[at : at + 4]) + ("};\n" if last else ","))


def selu():
    """Klambauer et al., 2017: the constants whose fixed point is mean 0 and variance 1."""
    tail = erfc(1 / sqrt(mpf(2))) * sqrt(exp(mpf(1)))
    alpha = -sqrt(2 / pi) / (tail - 1)
    square = 2 * erfc(sqrt(mpf(2))) * exp(mpf(2)) + pi * tail**2 - 2 * (2 + pi) * tail + pi + 2
    scale = (1 - tail) * sqrt(2 * pi) / sqrt(square)
    return scale, scale * alpha


def tables():
    scale, below = selu()
    print("/* Made by tools/exact_tables.py: constants as unevaluated sums of two doubles. */")
    print("#ifndef NTK_NET_EXACT_TABLES_H\n#define NTK_NET_EXACT_TABLES_H\n")
    print("/* clang-format off */")
    table("INVERSE_FACTORIAL", "1 / n!, n = 0..28.", [1 / factorial(n) for n in range(29)])
    table("INVERSE", "1 / n, n = 1..40, at n - 1.", [1 / mpf(n) for n in range(1, 41)])
    rest = log(mpf(2))
    for name, value in (("LN2", rest), ("HALF_PI", pi / 2)):
        parts = []
        for _ in range(3):
            parts.append(float(value))
            value -= mpf(parts[-1])
        print(f"static const double {name}[3] = {{{', '.join(p.hex() for p in parts)}}};")
    for name, value in (("TWO_OVER_ROOT_PI", 2 / sqrt(pi)), ("ROOT_HALF", sqrt(mpf(1) / 2)),
                        ("NORMAL_AT_0", 1 / sqrt(2 * pi)), ("TWO_ROOT_2_OVER_PI", 2 * sqrt(2 / pi)),
                        ("GELU_CUBIC", mpf("0.044715")), ("SELU_ABOVE", scale),
                        ("SELU_BELOW", below)):
        print(f"static const double {name}[2] = {row(value)};")
    print()
    table("ERFCX", "exp(c^2) erfc(c), c = k / 16, k = 0..448.",
          [exp(mpf(k) ** 2 / 256) * erfc(mpf(k) / 16) for k in range(449)])
    table("BELL", "exp(-c^2), c = k / 16, k = 0..64.", [exp(-(mpf(k) ** 2) / 256) for k in range(65)])
    print("#endif")


def majorant(c, s, terms):
    """Sum over n >= terms of coefficient n of exp(2 c t + t^2) at t = s, over n + 1."""
    u = [mpf(1), 2 * c * s]
    for n in range(1, 200):
        u.append((2 * c * s * u[n] + 2 * s * s * u[n - 1]) / (n + 1))
    return sum(u[n] / (n + 1) for n in range(terms, 200))


def bounds():
    r = log(mpf(2)) / 2 * (1 + mpf(2) ** -40)
    print("exp: ", mp.nstr(log(sum(r ** (n - 1) / factorial(n) for n in range(24, 80)) / mpf("0.7"), 2), 6))
    r = pi / 4 * (1 + mpf(2) ** -20)
    print("sin: ", mp.nstr(log(r**28 / factorial(29) / mpf("0.9"), 2), 6))
    print("cos: ", mp.nstr(log(r**30 / factorial(30) / mpf("0.7"), 2), 6))
    s = mpf(1) / 32
    for c, terms in ((mpf(4), 22), (mpf(28), 38)):
        least = (1 - exp(-2 * c * s - s * s)) / (2 * c * s + s * s)
        print("erf: ", c, mp.nstr(log(majorant(c, s, terms) / least, 2), 6))
        if c == 4:
            print("erf, in double: ", mp.nstr(log(majorant(c, s, 12) / least, 2), 6))


bounds() if sys.argv[1:] == ["--bounds"] else tables()
