"""Features of a network on data, and which outputs of it a call means."""

from __future__ import annotations

import functools
from typing import Any

from ntkit._dataset import Data
from ntkit._library import check, current
from ntkit._native import ffi, lib
from ntkit._options import whole, word


def index(j: int, count: int) -> int:
    try:
        return whole(j, "output", 0, count - 1)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error}, or 'trace' or 'all'") from None


def expect_network(net: Any) -> None:
    """TypeError for anything else, a PyTorch module, say."""
    if not hasattr(net, "_spec"):
        raise TypeError(
            f"net is of type {type(net).__name__}; accepted: an ntkit.Network, which "
            "Network.from_weights, .from_torch, .from_flax, .from_keras and .from_sklearn make"
        )


class Features:
    """F_l and B_l (9) of a network on X, and what they are made of, which they keep alive."""

    def __init__(self, network: Any, X: Any, output: int | str = "trace", name: str = "X") -> None:
        self.context = current()
        chosen, self.which = choose(network, output)
        self.network = chosen._in(self.context)
        self.data = Data(self.context, X, network.widths[0], name)
        self.samples = self.data.samples
        self.rows = self.samples * (chosen.outputs if self.which == lib.NTK_OUTPUTS_ALL else 1)

    @functools.cached_property
    def handle(self) -> Any:
        """The library's features: made when first used, after what else has to fit."""
        return self.context.make(
            "ntk_features",
            lib.ntk_features_destroy,
            lib.ntk_features_create_of,
            self.network,
            self.data.handle,
            self.which,
        )

    def call(self, function: Any, *args: Any, **kwargs: Any) -> None:
        self.context.call(function, self.handle, *args, **kwargs)


def choose(network: Any, output: int | str) -> tuple[Any, int]:
    """The network and outputs that an `output` of a call means: "trace", "all" or a number."""
    expect_network(network)
    if isinstance(output, str):
        which = ffi.new("ntk_outputs *")
        check(lib.ntk_outputs_parse(word(output, "output"), which))
        return network, int(which[0])
    if network.outputs == 1:
        index(output, 1)
        return network, int(lib.NTK_OUTPUTS_TRACE)
    return network.output(output), int(lib.NTK_OUTPUTS_TRACE)
