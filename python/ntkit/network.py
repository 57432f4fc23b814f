"""Networks (1): f_0 = x, f_l = phi(W_l^T f_{l-1} + b_l) for l < L, F_L = W_L^T f_{L-1} + b_L."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, numbers, pointer, room, view
from ntkit._dataset import Data
from ntkit._features import Features, index
from ntkit._layers import layers
from ntkit._library import Context, current, text
from ntkit._native import ffi, lib
from ntkit._options import Path
from ntkit._spec import Activation, Biases, Spec, kept, sequence

if TYPE_CHECKING:
    from ntkit.convert import Layers


class Network:
    """A network with its weights, which do not change. Callable: net(X) is F_L, N x n_L.

    widths: d, n_1, ..., n_{L-1}; outputs: n_L. activation: a name ("tanh"), with a parameter
    ("leaky_relu(0.1)"), or one for each hidden layer, in a list or separated by commas. init: "paper",
    "standard", "he", "lecun", "antisymmetric"; beta: the weights' scale, of all layers or each;
    bias: whether layers have b_l, drawn with bias_deviation. parameterization: "standard", "ntk",
    "ntk(sigma_W,sigma_b)", "mup" or numbers, the scales of K's blocks. Entry (i, j) of W_l depends
    on (seed, l, i, j) and its variance alone, as in the program `ntkit`.

    ValueError for what is not accepted, MemoryError for what does not fit.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: Activation = "sigmoid",
        init: str = "paper",
        seed: int = 0,
        *,
        outputs: int = 1,
        bias: Biases = False,
        bias_deviation: float = 0.0,
        beta: float | Sequence[float] = 1.0,
        gamma: float = 0.0,
        parameterization: str | None = None,
    ) -> None:
        drawn: dict[str, Any] = {
            "widths": tuple(sequence(widths, "widths")),
            "activation": kept(activation),
            "init": init,
            "seed": seed,
            "outputs": outputs,
            "bias": kept(bias),
            "bias_deviation": bias_deviation,
            "beta": kept(beta),
            "gamma": gamma,
            "parameterization": parameterization,
        }
        context, spec = current(), Spec(**drawn)
        made = context.make(
            "ntk_network", lib.ntk_network_destroy, lib.ntk_network_create, context.pointer, spec.c
        )
        self._own(context, made, drawn)

    def _own(self, context: Context, handle: Any, drawn: dict[str, Any] | None = None) -> None:
        self._context = context
        self._handle = handle
        self._drawn = drawn

    def _spec(self) -> Spec:
        """What it was drawn by, or, of given weights, its architecture."""
        if self._drawn is not None:
            return Spec(**self._drawn)
        bias = [b is not None for b in self.biases]
        return Spec(self.widths, self.activation, outputs=self.outputs, bias=bias, scale=self.scale)

    @classmethod
    def _of(cls, context: Context, handle: Any) -> Network:
        network = cls.__new__(cls)
        network._own(context, handle)
        return network

    @classmethod
    def load(
        cls,
        path: Path,
        activation: str | None = None,
        layout: str | None = None,
        *,
        parameterization: str | None = None,
    ) -> Network:
        """The dense network in a file of named arrays (.npz, .safetensors, HDF5) or a folder.

        Its layers are found by the names that PyTorch, Flax, Keras and others give them, and by
        their shapes (docs/networks.md). activation: needed where no result.json tells it, as those
        of save and of the program's --save do. layout: "torch" (weights lie as n_l x n_{l-1}) or
        "flax" (n_{l-1} x n_l), where nothing else tells. OSError, ValueError by name and place.
        """
        from ntkit._files import load_network

        context = current()
        made = load_network(context, path, activation, layout, parameterization)
        return cls._of(context, made)

    def save(self, path: Path, layout: str | None = None, *, overwrite: bool = False) -> None:
        """Writes the weights, as float64, into a .npz, a .safetensors or a folder.

        layout: None: W1, b1, W2, ..., W_l n_{l-1} x n_l; "torch": 0.weight, 0.bias, 2.weight, ...,
        n_l x n_{l-1}, as torch.nn.Sequential takes them; "flax": params/Dense_0/kernel, .... A
        folder also tells the activation and the scales; load needs the activation of a file. What
        is there and was not written by save is replaced where overwrite. OSError, ValueError.
        """
        from ntkit._files import save_network

        save_network(current(), self, path, layout, overwrite)

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[npt.ArrayLike],
        biases: Sequence[npt.ArrayLike | None] | None = None,
        activation: Activation = "sigmoid",
        *,
        parameterization: str | None = None,
        scale: Sequence[float] | None = None,
    ) -> Network:
        """A network with these weights: W_l is n_{l-1} x n_l, b_l has n_l entries or is None.

        They are copied. ValueError for shapes that do not follow each other and for entries that
        are not finite, by position; TypeError for what are no real numbers.
        """
        W, b = layers(weights, biases)
        spec = Spec(
            [w.shape[0] for w in W],
            activation,
            outputs=W[-1].shape[1],
            parameterization=parameterization,
            scale=scale,
        )
        W_pointers = ffi.new("double *[]", [pointer(w) for w in W])
        b_pointers = ffi.new("double *[]", [ffi.NULL if v is None else pointer(v) for v in b])
        context = current()
        make = lib.ntk_network_from_weights
        handle = context.make(
            "ntk_network",
            lib.ntk_network_destroy,
            make,
            context.pointer,
            spec.c,
            W_pointers,
            b_pointers,
        )
        return cls._of(context, handle)

    @classmethod
    def from_torch(
        cls, module: Any, activation: str | None = None, *, parameterization: str | None = None
    ) -> Network:
        """A PyTorch module that is a chain of Linear layers with activations between.

        activation: needed where the module's forward cannot be traced. Weights are copied, exactly
        to float64; the module is applied to four rows, whose outputs the network has to give. What
        is understood and what is refused, by its place: `ntkit.convert.from_torch`.
        """
        from ntkit.convert import from_torch

        return cls._of_layers(from_torch(module, activation), parameterization)

    @classmethod
    def from_flax(
        cls, params: Any, activation: str, *, parameterization: str | None = None
    ) -> Network:
        """The parameters of a Flax (linen, nnx) or Haiku module of dense layers.

        activation: they do not name it; jax.nn.gelu is "gelu_tanh". Layers are in the order of the
        numbers in their names: `ntkit.convert.from_flax`.
        """
        from ntkit.convert import from_flax

        return cls._of_layers(from_flax(params, activation), parameterization)

    @classmethod
    def from_keras(cls, model: Any, *, parameterization: str | None = None) -> Network:
        """A Keras 3 model that is a chain of Dense layers: `ntkit.convert.from_keras`.

        The model is applied to four rows, whose outputs the network has to give.
        """
        from ntkit.convert import from_keras

        return cls._of_layers(from_keras(model), parameterization)

    @classmethod
    def from_sklearn(cls, estimator: Any, *, parameterization: str | None = None) -> Network:
        """A fitted MLPRegressor or MLPClassifier of scikit-learn: `ntkit.convert.from_sklearn`.

        F_L are the last layer's own outputs: a classifier's logits.
        """
        from ntkit.convert import from_sklearn

        return cls._of_layers(from_sklearn(estimator), parameterization)

    @classmethod
    def from_stax(
        cls,
        params: Any,
        activation: str,
        *,
        W_std: float = 1.0,
        b_std: float | None = None,
        parameterization: str = "ntk",
    ) -> Network:
        """neural-tangents' stax.serial of Dense layers, with its parameterization's scales.

        W_std, b_std, parameterization: as given to each stax.Dense. `ntkit.kernel` of it is
        nt.empirical_ntk_fn's: `ntkit.convert.from_stax`, `ntkit.conventions`.
        """
        from ntkit.convert import from_stax

        layers = from_stax(
            params, activation, W_std=W_std, b_std=b_std, parameterization=parameterization
        )
        scaled = f"ntk({float(W_std)!r},{float(b_std or 0.0)!r})"
        return cls._of_layers(layers, scaled if parameterization == "ntk" else parameterization)

    @classmethod
    def _of_layers(cls, layers: Layers, parameterization: str | None) -> Network:
        network = cls.from_weights(
            layers.weights, layers.biases, layers.activation, parameterization=parameterization
        )
        if layers.probe is not None:
            layers.probe.check(network(layers.probe.X))
        return network

    @property
    def depth(self) -> int:
        """L, the number of weight matrices."""
        return int(lib.ntk_network_depth(self._handle))

    @property
    def widths(self) -> tuple[int, ...]:
        """d, n_1, ..., n_{L-1}."""
        return tuple(lib.ntk_network_width(self._handle, l) for l in range(self.depth))

    @property
    def outputs(self) -> int:
        """n_L."""
        return int(lib.ntk_network_width(self._handle, self.depth))

    @property
    def parameters(self) -> int:
        """P, biases included."""
        return int(lib.ntk_network_parameters(self._handle))

    @property
    def activation(self) -> str:
        """Of the hidden layers: one name, or several separated by commas."""
        return text(lib.ntk_network_activation(self._handle, 0))

    @property
    def weights(self) -> tuple[Array, ...]:
        """W_1, ..., W_L, n_{l-1} x n_l: read-only, on the network's own memory."""
        return tuple(
            view(lib.ntk_network_weights(self._handle, l), self._shape(l), self._handle)
            for l in range(1, self.depth + 1)
        )

    @property
    def biases(self) -> tuple[Array | None, ...]:
        """b_1, ..., b_L, n_l entries each; None where there is none. As weights."""
        return tuple(
            view(lib.ntk_network_bias(self._handle, l), self._shape(l)[1:], self._handle)
            if lib.ntk_network_has_bias(self._handle, l)
            else None
            for l in range(1, self.depth + 1)
        )

    @property
    def scale(self) -> tuple[float, ...]:
        """The scales of K's blocks: of W_1, b_1, W_2, ..., 2 L numbers; 0 without a bias."""
        return tuple(
            lib.ntk_network_scale(self._handle, l, bias)
            for l in range(1, self.depth + 1)
            for bias in (False, True)
        )

    @property
    def theta(self) -> Array:
        """All P parameters as one vector, a copy: W_1 (row-major), b_1, W_2, ..., b_L."""
        parts = zip(self.weights, self.biases)
        return np.concatenate([a.ravel() for pair in parts for a in pair if a is not None])

    def with_theta(self, theta: npt.ArrayLike) -> Network:
        """The same network with these P parameters, in the order of theta. ValueError for others."""
        flat = numbers(theta, "theta")
        if flat.shape != (self.parameters,):
            raise ValueError(f"theta has shape {flat.shape}; accepted: ({self.parameters},)")
        W, b, at = [], [], 0
        for weight, bias in zip(self.weights, self.biases):
            W.append(flat[at : at + weight.size].reshape(weight.shape))
            at += weight.size
            b.append(None if bias is None else flat[at : at + bias.size])
            at += 0 if bias is None else bias.size
        return Network.from_weights(W, b, self.activation, scale=self.scale)

    def _shape(self, l: int) -> tuple[int, int]:
        width = lib.ntk_network_width
        return int(width(self._handle, l - 1)), int(width(self._handle, l))

    def _in(self, context: Context) -> Any:
        """The library's network for a call in a context: its own, or a copy that belongs there."""
        return self._handle if context is self._context else self._copy()._handle

    def _copy(self) -> Network:
        return Network.from_weights(self.weights, self.biases, self.activation, scale=self.scale)

    def __getstate__(self) -> dict[str, Any]:
        copies = (
            [np.array(w) for w in self.weights],
            [b if b is None else np.array(b) for b in self.biases],
        )
        return {
            "layers": copies,
            "activation": self.activation,
            "scale": self.scale,
            "drawn": self._drawn,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        W, b = state["layers"]
        other = Network.from_weights(W, b, state["activation"], scale=state["scale"])
        self._own(other._context, other._handle, state["drawn"])

    def __repr__(self) -> str:
        widths = ", ".join(map(str, self.widths))
        return (
            f"<ntkit.Network ({widths}) -> {self.outputs}, {self.activation}, "
            f"{self.parameters:,} parameters>"
        )

    def __call__(self, X: npt.ArrayLike) -> Array:
        """F_L of (1) at the rows of X (N x d, borrowed): N x n_L. 2 N P flops."""
        context = current()
        data = Data(context, X, self.widths[0])
        out = room(context, (data.samples, self.outputs), "F_L")
        context.call(lib.ntk_network_output, self._in(context), data.handle, pointer(out))
        return out

    def vjp(self, X: npt.ArrayLike, v: npt.ArrayLike) -> Array:
        """J^T v (2): v is N x n_L (of one output a vector will do), the result P, as theta.

        J has no scales in it: K = J C J^T, C those of the parameters. 2 N P flops.
        """
        features = Features(self, X, "all")
        values = numbers(v, "v")
        if values.size != features.rows or values.shape[:1] != (features.samples,):
            raise ValueError(
                f"v has shape {values.shape}; accepted: {(features.samples, self.outputs)}"
            )
        g = room(features.context, (self.parameters,), "J^T v")
        features.call(lib.ntk_jacobian_adjoint, pointer(values), pointer(g))
        return g

    def jvp(self, X: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """J g (2): g has P entries, as theta, the result is N x n_L. 2 N P flops."""
        values = numbers(g, "g")
        if values.shape != (self.parameters,):
            raise ValueError(f"g has shape {values.shape}; accepted: ({self.parameters},)")
        features = Features(self, X, "all")
        u = room(features.context, (features.samples, self.outputs), "J g")
        features.call(lib.ntk_jacobian_apply, pointer(values), pointer(u))
        return u

    def output(self, j: int) -> Network:
        """Output j, 0..n_L - 1, as a network of one output. ValueError for another number."""
        context = current()
        select = lib.ntk_network_select
        handle = context.make(
            "ntk_network",
            lib.ntk_network_destroy,
            select,
            self._in(context),
            index(j, self.outputs),
        )
        return Network._of(context, handle)  # of given weights: what was drawn has more outputs
