"""Trained networks of other frameworks as `Layers`: weights, biases, activations.

`ntkit.Network.from_torch` and its like call these. Each reads one framework's model and refuses,
in one line that names the layer and its place, what is no chain of dense layers with activations
between. Nothing here imports a framework before its function is called.
"""

from ntkit.convert.flax import from_flax
from ntkit.convert.keras import from_keras
from ntkit.convert.layers import Layers, Probe
from ntkit.convert.sklearn import from_sklearn
from ntkit.convert.stax import from_stax
from ntkit.convert.torch import from_torch

__all__ = ["Layers", "Probe", "from_flax", "from_keras", "from_sklearn", "from_stax", "from_torch"]
