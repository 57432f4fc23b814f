"""Flax and Haiku: parameters are a tree of named arrays, in no order but that of their names.

Numbers in the names tell the order. Flax counts layers as they are made, not as they are applied:
in Dense(3)(Dense(7)(x)) the last is Dense_0. So numbers may count backwards, where only that fits
the shapes. Where no number tells, the shapes have to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ntkit.convert.layers import Layers, Step, assemble, exact

_WEIGHT, _BIAS = ("kernel", "w"), ("bias", "b")
_MOST_LOOSE = 10  # layers without numbers, of which all orders are tried


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, array) of everything below; nnx's states and variables are opened."""
    if hasattr(tree, "to_pure_dict"):
        tree = tree.to_pure_dict()
    if isinstance(tree, Mapping):
        for name, below in tree.items():
            yield from _leaves(below, path + (str(name),))
    elif isinstance(tree, (list, tuple)):
        for i, below in enumerate(tree):
            yield from _leaves(below, path + (str(i),))
    elif not hasattr(tree, "dtype"):
        place = "/".join(path) or "this"
        raise TypeError(
            f"{place} is {type(tree).__name__}; accepted: the nested dict of arrays that init "
            "gives, nnx.state(model)"
        )
    else:
        yield path, tree


def _host(array: Any, place: str) -> Any:
    """A copy in float64; ValueError where the array is on a device other than the host."""
    for device in array.devices() if callable(getattr(array, "devices", None)) else ():
        if device.platform != "cpu":
            raise ValueError(f"{place} is on {device}; accepted: jax.device_get(params)")
    return exact(array, place)


def _layers(params: Any) -> list[Step]:
    """A step for each pair of kernel and bias, as they come."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for path, array in _leaves(params, ()):
        place, word = "/".join(path), path[-1] if path else ""
        kind = "W" if word in _WEIGHT else "b" if word in _BIAS else ""
        if kind == "" or (kind == "W" and array.ndim != 2):
            shape = tuple(array.shape)
            raise ValueError(
                f"{place} of shape {shape} is of no dense layer; accepted: kernel (n_in, n_out) "
                "and bias of each"
            )
        found.setdefault(path[:-1], {})[kind] = _host(array, place)
    steps = []
    for parent, parts in found.items():
        place = "/".join(parent)
        if "W" not in parts:
            raise ValueError(f"{place} has a bias without a kernel")
        steps.append(Step(place, W=parts["W"], b=parts.get("b")))
    return steps


def _numbers(steps: list[Step]) -> list[int] | None:
    """The one number in which the names differ, of each; None where they differ otherwise."""
    split = [re.split(r"(\d+)", step.place) for step in steps]
    if len({len(words) for words in split}) > 1:  # haiku and Keras: linear, linear_1, linear_2
        split = [re.split(r"(\d+)", re.sub(r"(\D)$", r"\1_0", step.place)) for step in steps]
    if len({len(words) for words in split}) > 1:
        return None
    columns = [i for i in range(len(split[0])) if len({words[i] for words in split}) > 1]
    if not columns or columns[0] % 2 == 0:
        return None
    numbers = [int(words[columns[0]]) for words in split]
    return numbers if len(set(numbers)) == len(numbers) else None


def _follows(steps: list[Step]) -> bool:
    shapes = [step.W.shape for step in steps if step.W is not None]
    return all(first[1] == second[0] for first, second in zip(shapes, shapes[1:]))


def _chains(chain: list[Step], left: list[Step]) -> Iterator[list[Step]]:
    """Every order in which each layer takes what the one before puts out."""
    if not left:
        yield chain
    for i, step in enumerate(left):
        if _follows(chain[-1:] + [step]):
            yield from _chains(chain + [step], left[:i] + left[i + 1 :])


def _ordered(steps: list[Step]) -> list[Step]:
    numbers = _numbers(steps)
    if numbers is not None:
        order = [steps[i] for i in np.argsort(numbers)]
        return order[::-1] if not _follows(order) and _follows(order[::-1]) else order
    found = []
    if len(steps) <= _MOST_LOOSE:
        for chain in _chains([], steps):
            found.append(chain)
            if len(found) == 2:
                break
    if len(found) != 1:
        names = ", ".join(f"{step.place} {step.W.shape}" for step in steps if step.W is not None)
        raise ValueError(
            f"{len(found) or 'no'} orders fit the shapes of {names}"
            f"{' and more' if len(found) == 2 else ''}; accepted: names that count the layers"
        )
    return found[0]


def from_flax(params: Any, activation: str) -> Layers:
    """Layers of the parameters of a Flax module (linen or nnx) or of Haiku's transform.

    params: {"params": {"Dense_0": {"kernel": (n_0, n_1), "bias": (n_1,)}, ...}}, with or without
    "params", nested, frozen or not; nnx.state(model, nnx.Param); Haiku's {"linear": {"w", "b"}}.
    activation: in ntkit's spelling, of all hidden layers or by commas; parameters do not name it
    (jax.nn.gelu is "gelu_tanh"). Layers are in the order of the numbers in their names, backwards
    where only that fits (Flax counts as layers are made); without numbers in the one order that
    fits the shapes. Of layers of equal widths the numbers are believed.

    Weights are copied, exactly to float64. TypeError: no tree of arrays, complex or whole numbers.
    ValueError: arrays of other layers, by name; no order or several; arrays on a device.
    """
    if isinstance(params, Mapping) and set(params) == {"params"}:
        params = params["params"]
    steps = _layers(params)
    return assemble(_ordered(steps) if len(steps) > 1 else steps, "params", activation)
