"""What a computation takes, before it is begun."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ntkit._library import Progress, current
from ntkit._native import ffi, lib
from ntkit._options import Struct, flag, whole, word
from ntkit._read import read
from ntkit._spec import Spec
from ntkit.network import Network
from ntkit.results import Plan


def plan(
    net: Network | Sequence[int],
    samples: int,
    question: str = "spectrum",
    *,
    output: str = "trace",
    full: bool = False,
    per_block: bool = False,
    certify: bool = False,
    epochs: int = 0,
    cores: int = 0,
    memory: int = 0,
    peak: float = 0.0,
    bandwidth: float = 0.0,
    calibrate: bool = False,
    progress: Progress = False,
) -> Plan:
    """Flops, bytes, seconds and memory of a question, and the largest N that fits.

    net: a network, or widths alone, d, n_1, ..., n_{L-1}. samples: N. question: "spectrum", with
    output ("trace" or "all"), full, per_block and certify as there; "memorize"; "train", of so many
    epochs (0: 10000). Seconds are by a calibration of this machine, measured once in under two
    seconds and kept in the user's cache; calibrate: measured anew. cores, memory (bytes), peak (flops
    a second) and bandwidth (bytes a second): of another machine, 0: this one's. Nothing is drawn.
    ValueError. RuntimeWarning: the machine's note, that seconds are guesses as it is busy, or why its
    calibration is not kept.
    """
    context, plan_made, which = current(), ffi.new("ntk_plan *"), ffi.new("ntk_outputs *")
    spec = net._spec() if isinstance(net, Network) else Spec(net)
    context.call(lib.ntk_outputs_parse, word(output, "output"), which)
    options = Struct(
        "ntk_plan_options",
        question=question,
        epochs=epochs,
        cores=cores,
        memory=memory,
        peak=peak,
        bandwidth=bandwidth,
    )
    spectrum = Struct(
        "ntk_spectrum_options",
        outputs=which[0],
        full=full,
        per_block=per_block,
        certify=certify,
    )
    options.c.spectrum = spectrum.c[0]
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
