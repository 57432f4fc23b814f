"""What a computation takes, before it is begun."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import cast

import numpy as np

from ntkit._library import Progress, current
from ntkit._native import ffi, lib
from ntkit._options import Struct, flag, whole, word
from ntkit._read import read
from ntkit._spec import Spec
from ntkit.fit import put_track
from ntkit.network import Network
from ntkit.results import Plan
from ntkit.spectra import put_prefixes


def plan(
    net: Network | Sequence[int] | int,
    samples: int,
    question: str = "spectrum",
    *,
    output: str = "trace",
    full: bool = False,
    per_block: bool = False,
    certify: bool = False,
    vectors: int = 0,
    prefixes: Sequence[int] | None = None,
    density: bool = False,
    probes: int = 0,
    steps: int = 0,
    method: str | None = None,
    resolve: bool = False,
    precision: str | None = None,
    epochs: int = 0,
    optimizer: str | None = None,
    track: int | str | Sequence[int] | None = None,
    kernel_precision: str | None = None,
    batch: int = 0,
    clients: int = 0,
    local_steps: int = 0,
    cores: int = 0,
    memory: float = 0,
    peak: float = 0.0,
    bandwidth: float = 0.0,
    ranks: int = 0,
    network: float = 0.0,
    calibrate: bool = False,
    progress: Progress = False,
) -> Plan:
    """Flops, bytes, seconds and memory of a question, and the largest N that fits.

    net: a network, or widths alone, d, n_1, ..., n_{L-1}, or d alone: two hidden layers, equal ones,
    as wide as N samples need (P >= N, of train N n_L; of memorize what its labels need), which
    `width` of the plan tells. samples: N. question: "spectrum", with output ("trace" or "all"),
    full, per_block, certify, vectors, prefixes, density, probes, steps, method, resolve and
    precision ("double", "mixed" or "auto") as `spectrum` has them; "memorize", with precision; "train", with
    epochs (0: 10000, of "lm" 100), optimizer, track, precision ("double" or "float"),
    kernel_precision, batch, clients (of one size) and local_steps as `train` has them. None: not asked for by name, so that every method is told
    of. Seconds are by a calibration of this machine, measured once in under two seconds and kept in
    the user's cache; calibrate: measured anew. cores, memory (bytes), peak (flops a second) and
    bandwidth (bytes a second): of another machine, 0: this one's; units as in the plan, and in
    `ntkit plan --json`, which has the same names; memory may be 256e9. ranks: so many processes
    (mpirun -n), each on such a machine, with network bytes a second between them (0: 1e10); memory
    is then that of the rank that holds most, traffic what a rank receives. print(plan) has a row for
    each method. Nothing is drawn. ValueError. RuntimeWarning: the machine's note, that seconds are
    guesses as it is busy, or why its calibration is not kept.
    """
    if isinstance(memory, float) and memory.is_integer():
        memory = int(memory)
    context, plan_made, which = current(), ffi.new("ntk_plan *"), ffi.new("ntk_outputs *")
    if isinstance(net, Network):
        spec = net._spec()
    elif isinstance(net, (int, np.integer)) and not isinstance(net, bool):
        spec = Spec([int(net), 0, 0])
    else:
        spec = Spec(cast("Sequence[int]", net))
    context.call(lib.ntk_outputs_parse, word(output, "output"), which)
    options = Struct(
        "ntk_plan_options",
        question=question,
        cores=cores,
        memory=memory,
        peak=peak,
        bandwidth=bandwidth,
        ranks=ranks,
        network=network,
    )
    parts = {
        "spectrum": Struct(
            "ntk_spectrum_options",
            outputs=which[0],
            full=full,
            per_block=per_block,
            certify=certify,
            vectors=vectors,
            density=density,
            probes=probes,
            steps=steps,
            method=method,
            resolve=resolve,
        ),
        "memorize": Struct("ntk_memorize_options"),
        "train": Struct(
            "ntk_train_options",
            epochs=epochs,
            optimizer=optimizer,
            kernel_precision=kernel_precision,
            batch=batch,
            clients=clients,
            local_steps=local_steps,
        ),
    }
    put_prefixes(parts["spectrum"], prefixes)
    put_track(parts["train"], track)
    parts.get(question, parts["spectrum"]).put("precision", precision, "precision")
    for name, part in parts.items():  # which have the memory that they point to
        setattr(options.c, name, part.c[0])
    if flag(calibrate, "calibrate"):
        options.c.calibration = lib.NTK_CALIBRATE_ANEW
    arguments = context.pointer, spec.c, whole(samples, "samples", 1), options.c, plan_made
    try:
        context.call(lib.ntk_plan_make, *arguments, progress=progress)
        found: Plan = read("ntk_plan", plan_made)
    finally:
        lib.ntk_plan_clear(plan_made)
    if found.machine.note:
        warnings.warn(found.machine.note, RuntimeWarning, stacklevel=2)
    return found
