"""The kernels of other packages and ours: what turns one into the other.

    from ntkit import conventions
    print(conventions.markdown())                                    # the table
    K = conventions.convert(theirs, "nngeometry", outputs=10)        # as ntkit.kernel's "all"
    conventions.factor("curvlinops ggn", samples=100, outputs=10)    # 500.0

Three things differ. The shape: outputs stand beside samples in some order, or only their sum or
mean is there; `convert` changes it. A number: `factor`, which `convert` applies. And the
parameters by which is differentiated: kernels of parameterization "ntk" and "standard" are no
multiples of each other, for every block of K has another scale (`Network.scale`); so a network is
to be made with the parameterization that its row names, and then the numbers below hold. Each row
was run against the package it names, to 1e-12 (docs/peers.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array

_FULL = ("(ic)(je)", "ijce", "ciej")  # sample i with output c, sample j with output e


@dataclass(frozen=True)
class Convention:
    """A way to write a kernel down.

    name: for `convert` and `factor`. call: where it comes from. axes: its shape, i and j samples, c
    and e outputs; "(ic)(je)" is N n_L x N n_L with row i n_L + c, "ij" N x N, "ijc" the outputs'
    own kernels, "" eigenvalues alone. parameterization: of ntkit's network, for the same kernel.
    text, factor(N, n_L): what it is to be multiplied by. checked: with what it was compared.
    """

    name: str
    call: str
    axes: str
    parameterization: str
    text: str
    factor: Callable[[int, int], float]
    checked: str


def _one(samples: int, outputs: int) -> float:
    return 1.0


def _mean(samples: int, outputs: int) -> float:
    return 1.0 / outputs


_STAX = "that of the layers: `Network.from_stax`"
_NT, _TORCH = "0.6.5 with jax 0.4.25", "torch 2.15.0"

TABLE = (
    Convention("ntkit all", '`ntkit.kernel(..., output="all")`', "(ic)(je)", "any", "1", _one, ""),
    Convention("ntkit", "`ntkit.kernel(...)`, the mean over outputs", "ij", "any", "1", _one, ""),
    Convention(
        "torch.func",
        "PyTorch's tutorial, `compute='full'`: jacrev, then `'Naf,Mbf->NMab'`",
        "ijce",
        "standard",
        "1",
        _one,
        _TORCH,
    ),
    Convention(
        "torch.func trace",
        "the same, `compute='trace'`: the sum over outputs",
        "ij",
        "standard",
        "1 / n_L",
        _mean,
        _TORCH,
    ),
    Convention(
        "torch.func diagonal",
        "the same, `compute='diagonal'`",
        "ijc",
        "standard",
        "1",
        _one,
        _TORCH,
    ),
    Convention(
        "neural-tangents",
        "`nt.empirical_ntk_fn(f)`: `trace_axes=(-1,)`, the mean over outputs",
        "ij",
        _STAX,
        "1",
        _one,
        _NT,
    ),
    Convention("neural-tangents full", "`trace_axes=()`", "ijce", _STAX, "1", _one, _NT),
    Convention(
        "neural-tangents diagonal",
        "`trace_axes=(), diagonal_axes=(-1,)`",
        "ijc",
        _STAX,
        "1",
        _one,
        _NT,
    ),
    Convention(
        "nngeometry",
        "`GramMatrix(..., representation=FMatDense).to_torch()`",
        "ciej",
        "standard",
        "1",
        _one,
        "0.4 with torch 2.15.0",
    ),
    Convention(
        "curvlinops ggn",
        "`GGNLinearOperator` of `MSELoss(reduction='mean')`: its nonzero eigenvalues",
        "",
        "standard",
        "N n_L / 2",
        lambda samples, outputs: samples * outputs / 2.0,
        "3.0.1 with torch 2.15.0",
    ),
)


def find(name: str) -> Convention:
    """The row of TABLE with this name; ValueError lists the names."""
    for row in TABLE:
        if row.name == name:
            return row
    names = ", ".join(repr(row.name) for row in TABLE)
    raise ValueError(f"no convention {name!r}; accepted: {names}")


def factor(source: str, target: str = "ntkit all", *, samples: int = 1, outputs: int = 1) -> float:
    """What the entries (or eigenvalues) of a kernel of source are multiplied by for target's.

    samples, outputs: N and n_L. ValueError for a name that is not in TABLE.
    """
    return find(source).factor(samples, outputs) / find(target).factor(samples, outputs)


def _opened(K: Array, axes: str, outputs: int) -> Array:
    """As ijce; of one output from any shape. What is not there stays away: ijc, ij."""
    if axes == "(ic)(je)":
        rows, columns = (size // outputs for size in K.shape)
        return K.reshape(rows, outputs, columns, outputs).transpose(0, 2, 1, 3)
    if axes in _FULL:
        return K.transpose([axes.index(axis) for axis in "ijce"])
    return K.reshape(*K.shape[:2], 1, 1) if outputs == 1 else K


def _closed(K: Array, axes: str) -> Array:
    """The shape that axes says, of ijce, ijc or ij."""
    if axes == "(ic)(je)":
        rows, columns, outputs = K.shape[:3]
        return K.transpose(0, 2, 1, 3).reshape(rows * outputs, columns * outputs)
    if axes in _FULL:
        return K.transpose(["ijce".index(axis) for axis in axes])
    if K.ndim == 4:
        K = np.einsum("ijcc->ijc", K)
    return K.mean(axis=2) if axes == "ij" and K.ndim == 3 else K


def _check_shape(K: Array, row: Convention, outputs: int) -> None:
    count = {"i": 0, "j": 0, "c": outputs, "e": outputs}
    if row.axes == "(ic)(je)":
        fits = K.ndim == 2 and K.shape[0] % outputs == 0 and K.shape[1] % outputs == 0
    else:
        fits = K.ndim == len(row.axes) and all(
            count[axis] in (0, size) for axis, size in zip(row.axes, K.shape)
        )
    if not fits:
        raise ValueError(
            f"a kernel of {row.name!r} has axes {row.axes} with {outputs} outputs; this has shape "
            f"{K.shape}"
        )


def convert(
    kernel: npt.ArrayLike, source: str, target: str = "ntkit all", *, outputs: int = 1
) -> Array:
    """A kernel of source as target writes it, as an array of its own.

    kernel: on one set of samples or between two, of the shape that source has, with n_L = outputs.
    From all outputs to their mean there is a way, back there is none: ValueError, as for a shape
    that is not source's, for names that are not in TABLE, and for eigenvalues ("curvlinops ggn"),
    which `factor` is for. Parameterizations must agree: see the module.
    """
    ours, theirs = find(target), find(source)
    K = np.asarray(kernel, dtype=np.float64)
    if "" in (ours.axes, theirs.axes):
        raise ValueError(f"{source!r} to {target!r} has no kernel; accepted: factor(...)")
    _check_shape(K, theirs, outputs)
    if len(theirs.axes) < (4 if ours.axes in _FULL else len(ours.axes)) and outputs > 1:
        means = "; accepted: target='ntkit', the mean over outputs" if ours.axes != "ij" else ""
        raise ValueError(
            f"{source!r} does not have what {target!r} has of {outputs} outputs{means}"
        )
    K = _closed(_opened(K, theirs.axes, outputs), ours.axes)
    if ours.axes == "ijc" and K.ndim == 2:
        K = K[:, :, None]
    samples = 1  # of these rows no factor depends on it
    return np.array(factor(source, target, samples=samples, outputs=outputs) * K, order="C")


def markdown() -> str:
    """TABLE as it stands in docs/notation.md."""
    lines = ["| name | kernel | axes | parameterization here | factor | checked with |"]
    lines.append("|---|---|---|---|---|---|")
    for row in TABLE:
        axes = f"`{row.axes}`" if row.axes else "eigenvalues"
        cells = (f"`{row.name}`", row.call, axes, row.parameterization, row.text, row.checked)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
