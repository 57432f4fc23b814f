"""Kernels of one small network by JAX and neural-tangents, for tests/kernel/test_peers.c.

usage: record_peers.py    (prints C arrays; in an environment with jax and neural_tangents, x64)

The network is 3 -> 4 -> 3 -> 2 with biases and erf; w_l = cos(i + 1), beta_l = sin(i + 1), X = sin(2 i + 1) over the
entries of each, row-major: entry i of [W_1; b_1; W_2; ...]. Parameterization ntk: W = 1.5 / sqrt(n) w, b = 0.1 beta.
"""

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402
import neural_tangents as nt  # noqa: E402
from neural_tangents import stax  # noqa: E402

WIDTHS = (3, 4, 3, 2)
W_STD, B_STD = 1.5, 0.1
X = jnp.sin(2.0 * jnp.arange(15.0) + 1.0).reshape(5, 3)


def parameters():
    made, i = [], 0
    for rows, columns in zip(WIDTHS, WIDTHS[1:]):
        w = jnp.cos(jnp.arange(i, i + rows * columns) + 1.0).reshape(rows, columns)
        i += rows * columns
        b = jnp.sin(jnp.arange(i, i + columns) + 1.0)
        i += columns
        made.append((w, b))
    return made


def show(name, array):
    numbers = ", ".join(f"{float(x):.17g}" for x in array.reshape(-1))
    print(f"static const double {name}[] = {{{numbers}}};")


def of_stax(parameterization):
    layers = []
    for columns in WIDTHS[1:]:
        layers += [
            stax.Dense(columns, W_std=W_STD, b_std=B_STD, parameterization=parameterization),
            stax.Erf(),
        ]
    _, apply, _ = stax.serial(*layers[:-1])
    given, p = [], parameters()
    for w, b in p:
        given += [(w, b.reshape(1, -1)), ()]
    given = given[:-1]
    for name, axes in (("mean", (-1,)), ("all", ())):
        kernel = nt.empirical_ntk_fn(apply, trace_axes=axes, vmap_axes=0)
        show(f"nt_{parameterization}_{name}", kernel(X, None, given))


def of_jax():
    def outputs(p, x):
        for l, (w, b) in enumerate(p):
            x = x @ w + b
            x = jax.scipy.special.erf(x) if l + 1 < len(p) else x
        return x

    J = jax.jacrev(outputs)(parameters(), X)
    flat = jnp.concatenate(
        [j.reshape(X.shape[0], WIDTHS[-1], -1) for layer in J for j in layer], axis=-1
    )
    show("jax_jacrev", jnp.einsum("icp,jep->ijce", flat, flat))  # as torch.func's recipe


print(f"/* jax {jax.__version__}, neural-tangents {nt.__version__} */")
of_stax("ntk")
of_stax("standard")
of_jax()
