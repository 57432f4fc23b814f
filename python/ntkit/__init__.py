"""ntkit: the empirical neural tangent kernel of finite-width deep networks.

    import ntkit
    X = ntkit.generate("gaussian", N=1000, d=100, seed=1)
    net = ntkit.Network([100, 300, 200], activation="tanh", seed=1)
    ntkit.spectrum(net, X, certify=True).lambda_min

Notation and equation numbers are those of "Memorization and Optimization in Deep Neural Networks
with Minimum Over-parameterization" (Bombari, Amani, Mondelli, 2022). Each name below is loaded
when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ntkit import _addresses

_addresses.check()  # whatever of the package is imported loads the library after this

if TYPE_CHECKING:
    from ntkit import conventions as conventions
    from ntkit import convert as convert
    from ntkit._library import Context as Context
    from ntkit._library import NumericError as NumericError
    from ntkit.data import generate as generate
    from ntkit.data import inspect as inspect
    from ntkit.data import load as load
    from ntkit.data import load_labelled as load_labelled
    from ntkit.fit import train as train
    from ntkit.fit import train_iter as train_iter
    from ntkit.kernels import kernel as kernel
    from ntkit.laws import law as law
    from ntkit.ledger import verify as verify
    from ntkit.limits import limit as limit
    from ntkit.limits import limit_spectrum as limit_spectrum
    from ntkit.memorization import fit_error as fit_error
    from ntkit.memorization import memorize as memorize
    from ntkit.memorization import memorize_each as memorize_each
    from ntkit.models import Model as Model
    from ntkit.models import predict as predict
    from ntkit.network import Network as Network
    from ntkit.operators import Kernel as Kernel
    from ntkit.plans import plan as plan
    from ntkit.regression import kernel_regression as kernel_regression
    from ntkit.spectra import certify as certify
    from ntkit.spectra import spectrum as spectrum
    from ntkit.study import Study as Study
    from ntkit.targets import Classes as Classes
    from ntkit.targets import labels as labels

    __version__: str

_WHERE = {
    "Context": "_library",
    "NumericError": "_library",
    "Network": "network",
    "generate": "data",
    "load": "data",
    "load_labelled": "data",
    "inspect": "data",
    "kernel": "kernels",
    "Kernel": "operators",
    "train": "fit",
    "train_iter": "fit",
    "memorize": "memorization",
    "memorize_each": "memorization",
    "fit_error": "memorization",
    "Model": "models",
    "predict": "models",
    "Classes": "targets",
    "labels": "targets",
    "law": "laws",
    "verify": "ledger",
    "limit": "limits",
    "limit_spectrum": "limits",
    "kernel_regression": "regression",
    "spectrum": "spectra",
    "certify": "spectra",
    "Study": "study",
    "plan": "plans",
}

_MODULES = ("conventions", "convert")

__all__ = list(_WHERE) + list(_MODULES)


if not TYPE_CHECKING:  # where names that are not there are found before they are run

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from ntkit._library import text
            from ntkit._native import lib

            return text(lib.ntk_version())
        if name in _MODULES:
            return importlib.import_module("ntkit." + name)
        if name not in _WHERE:
            raise AttributeError(f"module 'ntkit' has no attribute {name!r}")
        _addresses.check()  # a limit may have come since
        value = getattr(importlib.import_module("ntkit." + _WHERE[name]), name)
        globals()[name] = (
            value  # a module of the same name, as ntkit.spectrum, must not stay in its place
        )
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
