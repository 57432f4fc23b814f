"""The proof of Theorem 3.1 in numbers: every assumption, quantity and inequality, measured."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ntkit import results
from ntkit._arrays import Array, copied
from ntkit._dataset import Data
from ntkit._features import choose, expect_network
from ntkit._library import Progress, current, text
from ntkit._native import ffi, lib
from ntkit._options import Struct, word
from ntkit._read import read
from ntkit.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Ledger(results.Ledger):
    """The rows of verify, by their keys too: ledger["lambda_min_K"].value.

    spectra: the eigenvalues, ascending, of the proof's kernels, by name, where asked for
    """

    spectra: dict[str, Array]

    def __getitem__(self, key: str) -> results.LedgerRow:
        for row in self.ledger:
            if row.key == key:
                return row
        keys = [row.key for row in self.ledger if row.key]
        near = difflib.get_close_matches(str(key), keys, 1, 0.5)
        raise KeyError(f"no row {key!r}; accepted: {', '.join(map(repr, near)) or sorted(keys)}")


def verify(
    net: Network,
    X: npt.ArrayLike,
    distribution: str | None = None,
    *,
    output: int | None = None,
    population: int = 0,
    spectra: bool = False,
    seed: int = 0,
    progress: Progress = False,
) -> Ledger:
    """Sections 2 and 3.1 of the paper, measured on net and X.

    X: N x d, borrowed where it is float64 in C order. distribution: what X was drawn from, a name
    of ntkit.generate: expectations are then means over `population` fresh samples (0: 100000);
    None: not known, and they are means over X. output: of several outputs the one that is meant.
    spectra: keep the eigenvalues of the proof's four kernels. seed: of samples and directions. The
    spread of norms over fresh weights is known of networks that were drawn, not of given weights.

    Four kernels with their spectra, one or two at a time. ValueError, MemoryError, NumericError.
    """
    expect_network(net)
    if output is None and net.outputs > 1:
        raise ValueError(
            f"output is needed: the proof is of one output, and the network has {net.outputs}; "
            f"accepted: 0 to {net.outputs - 1}"
        )
    context = current()
    one, _ = choose(net, 0 if output is None else output)
    data = Data(context, X, net.widths[0])
    options = Struct("ntk_verify_options", population=population, spectra=spectra, seed=seed)
    drawn = None if net._drawn is None else net._spec()
    options.c.spec = ffi.NULL if drawn is None else drawn.c
    ledger = ffi.new("ntk_ledger *")
    name = (
        ffi.NULL if distribution is None else ffi.new("char[]", word(distribution, "distribution"))
    )
    arguments = context.pointer, one._in(context), data.handle, name, options.c, ledger
    try:
        context.call(lib.ntk_verify, *arguments, progress=progress)
        found: Ledger = read("ntk_ledger", ledger, Ledger, spectra=_spectra(ledger))
    finally:
        lib.ntk_ledger_clear(ledger)
    return found


def _spectra(ledger: Any) -> dict[str, Array]:
    return {
        text(s.name): copied(s.values, ledger.samples)
        for s in ledger.spectrum
        if s.values != ffi.NULL
    }
