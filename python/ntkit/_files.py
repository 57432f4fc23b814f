"""Networks in files: any that the library reads, and those that it writes."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from ntkit._library import Context, check, text
from ntkit._native import ffi, lib
from ntkit._options import Path, Struct, word

COMMAND = "ntkit.Network.save"  # whose files save may replace


def _optional(value: str | None, name: str) -> Any:
    return ffi.NULL if value is None else ffi.new("char[]", word(value, name))


def load_network(
    context: Context,
    path: Path,
    activation: str | None,
    layout: str | None,
    parameterization: str | None,
) -> Any:
    """The library's network of Network.load, as context.make has it."""
    weights = ffi.new("ntk_weights *")
    spec = Struct("ntk_network_spec", activation=activation, parameterization=parameterization)
    make, destroy = lib.ntk_weights_network, lib.ntk_network_destroy
    opened = _optional(layout, "layout")
    context.call(lib.ntk_weights_open, context.pointer, word(path, "path"), opened, weights)
    try:
        return context.make("ntk_network", destroy, make, weights, spec.c)
    finally:
        lib.ntk_weights_clear(weights)


def save_network(
    context: Context,
    network: Any,
    path: Path,
    layout: str | None,
    overwrite: bool,
) -> None:
    """Network.save. A folder's result.json tells what arrays do not."""
    to = word(path, "path")
    if lib.ntk_arrays_known(to) and not overwrite and os.path.exists(path):
        raise FileExistsError(f"{os.fspath(path)!r} is there already; accepted: overwrite=True")
    facts = {"activation": network.activation}
    standard = [s for b in network.biases for s in (1.0, float(b is not None))]
    if list(network.scale) != standard:
        facts["parameterization"] = ",".join(map(repr, network.scale))
    weights = ffi.new("ntk_weights *")
    options = Struct("ntk_saving_options", command=COMMAND, overwrite=overwrite)
    with tempfile.TemporaryDirectory() as folder:  # the library packs what lies in files
        place = word(folder, "path")
        _save_folder(network._in(context), facts, place)
        context.call(lib.ntk_weights_open, context.pointer, place, ffi.NULL, weights)
        try:
            context.call(lib.ntk_weights_save, weights, to, _optional(layout, "layout"), options.c)
        finally:
            lib.ntk_weights_clear(weights)


def _save_folder(network: Any, facts: dict[str, str], place: bytes) -> None:
    options, out = Struct("ntk_saving_options", command=COMMAND), ffi.new("ntk_saving **")
    check(lib.ntk_saving_open(place, options.c, out))
    saving = out[0]
    try:
        check(lib.ntk_saving_claim_network(saving, b"", lib.ntk_network_depth(network)))
        check(lib.ntk_saving_network(saving, b"", network))
        files: list[str] = []
        while lib.ntk_saving_file(saving, len(files)) != ffi.NULL:
            files.append(text(lib.ntk_saving_file(saving, len(files))))
        result = {"command": COMMAND, "network": facts, "saved": files}
        check(lib.ntk_saving_finish(saving, json.dumps(result).encode()))
    finally:
        lib.ntk_saving_close(saving)
