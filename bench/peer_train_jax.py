"""What an epoch of full-batch Adam costs with JAX: the loop of bench/train.c as one jitted scan, float32, one thread.

    python3 bench/peer_train_jax.py [N d]...      (default 400 22 2400 54 8000 100 8000 200)

Prints a line "N d milliseconds" a case, the best of ten series, in processor time. XLA is asked for one thread, and the
process is bound to one processor in case it has more.
"""
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp


def loss(W, X, Y):
    F = X
    for w in W[:-1]:
        F = jax.nn.relu(F @ w)
    return jnp.mean((F @ W[-1] - Y) ** 2)


def milliseconds(N, d):
    keys = jax.random.split(jax.random.key(1), 6)
    X, Y = jax.random.normal(keys[0], (N, d)), jnp.sign(jax.random.normal(keys[1], (N, 1)))
    shapes = [(d, d)] * 3 + [(d, 1)]
    W = [jax.random.normal(key, shape) * (2 / d) ** 0.5 for key, shape in zip(keys[2:], shapes)]
    lr = 0.1 / N**0.5

    def epoch(state, _):
        W, m, v, t = state
        g = jax.grad(loss)(W, X, Y)
        t = t + 1
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g)]
        rate, root = lr / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
        W = [w - rate * a / (jnp.sqrt(b) / root + 1e-8) for w, a, b in zip(W, m, v)]
        return (W, m, v, t), None

    epochs = max(1, int(3e9 / (16 * N * d * d)))
    run = jax.jit(lambda state: jax.lax.scan(epoch, state, None, length=epochs)[0])
    zeros = [jnp.zeros_like(w) for w in W]
    state = jax.block_until_ready(run((W, zeros, zeros, jnp.float32(0))))
    best = float("inf")
    for _ in range(10):
        start, seconds, series = time.process_time(), 0.0, 0
        while seconds < 0.1:
            state = jax.block_until_ready(run(state))
            seconds, series = time.process_time() - start, series + 1
        best = min(best, seconds / (series * epochs))
    return 1e3 * best


cases = [int(a) for a in sys.argv[1:]] or [400, 22, 2400, 54, 8000, 100, 8000, 200]
for N, d in zip(cases[::2], cases[1::2]):
    print(N, d, f"{milliseconds(N, d):.4f}", flush=True)
