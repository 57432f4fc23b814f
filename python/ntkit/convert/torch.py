"""PyTorch: a module is traced by torch.fx, and the trace is read from its input to its output.

So the order is that of `forward`, not of registration, and functional activations are seen. What
a trace does not see (hooks, another branch) shows in the module's own outputs for a few rows, which
ntkit's network has to give: `Layers.probe`.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ntkit.convert.layers import Layers, Probe, Step, assemble, needs, probe_rows, refuse, text_of

if TYPE_CHECKING:
    from ntkit.convert.layers import Array

# Functions of torch, torch.nn.functional and tensors, with the arguments after the input.
_FUNCTIONS: dict[str, tuple[tuple[str, Any], ...]] = {
    **dict.fromkeys(("relu", "tanh", "sigmoid", "silu", "selu", "softsign", "erf", "sin"), ()),
    **dict.fromkeys(("atan", "arctan", "square"), ()),
    "expit": (),
    "leaky_relu": (("negative_slope", 0.01),),
    "elu": (("alpha", 1.0),),
    "celu": (("alpha", 1.0),),
    "gelu": (("approximate", "none"),),
    "softplus": (("beta", 1.0), ("threshold", 20.0)),
    "pow": (("exponent", None),),
}
_MODULES = {  # the function that a module of torch.nn applies, with its attributes as arguments
    "ReLU": "relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "SiLU": "silu",
    "SELU": "selu",
    "Softsign": "softsign",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "CELU": "celu",
    "GELU": "gelu",
    "Softplus": "softplus",
}
_KNOWN = f"torch.nn's {', '.join(_MODULES)} and torch's {', '.join(sorted(_FUNCTIONS))}"
_OURS = {"square": "quadratic", "arctan": "atan", "expit": "sigmoid"}
_RESHAPES = ("flatten", "view", "reshape", "squeeze")
_NOTHING = ("contiguous", "float", "double", "to")


def _phi(name: str, arguments: Mapping[str, Any]) -> str | None:
    """The activation in ntkit's spelling; None where ntkit has not exactly that."""
    if name == "gelu":
        return "gelu" if arguments["approximate"] == "none" else "gelu_tanh"
    if name == "softplus":
        return text_of(name, arguments["beta"], 1.0) if arguments["threshold"] >= 20 else None
    if name == "pow":
        return "quadratic" if arguments["exponent"] == 2 else None
    for keyword, usual in _FUNCTIONS[name]:
        if not isinstance(arguments[keyword], (int, float)):
            return None
        return text_of(name, arguments[keyword], usual)
    return _OURS.get(name, name)


def _check(tensor: Any, place: str, torch: Any) -> None:
    """TypeError, ValueError for a parameter whose numbers ntkit cannot have."""
    if torch.nn.parameter.is_lazy(tensor):
        raise ValueError(f"{place} has no entries yet; accepted: a module applied to data once")
    if tensor.device.type == "meta":
        raise ValueError(f"{place} is on the meta device, which has no numbers; accepted: on cpu")
    if tensor.device.type != "cpu":
        raise ValueError(
            f"{place} is on {tensor.device}; accepted: on cpu, as of copy.deepcopy(model).cpu()"
        )
    if not tensor.dtype.is_floating_point or tensor.layout != torch.strided:
        raise TypeError(
            f"{place} is {tensor.dtype}, {tensor.layout}; accepted: dense float64, float32, "
            "float16, bfloat16"
        )


def _double(tensor: Any, place: str, torch: Any) -> Array:
    """The tensor's numbers, exactly."""
    _check(tensor, place, torch)
    return np.array(tensor.detach().to(torch.float64).numpy(), dtype=np.float64, order="C")


class _Reader:
    """Turns the nodes of a trace into steps. torch: the package; model: the traced module."""

    def __init__(self, torch: Any, model: Any) -> None:
        self.torch = torch
        self.model = model
        self.modules = dict(model.named_modules())
        self.steps: list[Step] = []

    def attribute(self, node: Any) -> Any:
        """The tensor that a get_attr node is."""
        value = self.model
        for word in node.target.split("."):
            value = getattr(value, word)
        return value

    def tensor(self, node: Any) -> Array:
        """A parameter, or the transpose of one."""
        if getattr(node, "op", "") == "get_attr":
            return _double(self.attribute(node), f"model.{node.target}", self.torch)
        flips = ("t", "T", "mT", "numpy_T")
        method = getattr(node, "op", "") == "call_method" and node.target in flips
        name = node.args[1] if getattr(node, "target", None) is getattr else ""
        if method or name in flips:
            return np.array(self.tensor(node.args[0]).T, order="C")
        raise refuse(f"model: {node}", "a weight that is computed")

    def dense(self, place: str, weight: Array, bias: Array | None) -> None:
        """weight: as torch has it, (n_l, n_{l-1})."""
        self.steps.append(Step(place, W=np.array(weight.T, order="C"), b=bias))

    def linear(self, module: Any, place: str) -> None:
        """A torch.nn.Linear; of a parametrised one the weight that it applies."""
        bias = None
        weight = _double(module.weight, f"{place}.weight", self.torch)
        if module.bias is not None:
            bias = _double(module.bias, f"{place}.bias", self.torch)
        self.dense(place, weight, bias)

    def module(self, node: Any) -> None:
        """A call of a module that torch itself has."""
        module, place = self.modules[node.target], f"model.{node.target}"
        name = type(module).__name__
        is_linear = isinstance(module, self.torch.nn.Linear)
        if is_linear and type(module).forward is self.torch.nn.Linear.forward:
            self.linear(module, place)
        elif name == "Identity":
            pass
        elif name == "Flatten":
            self.steps.append(Step(place))
        elif name.endswith("Dropout") and hasattr(module, "p"):
            if module.training and module.p > 0:
                raise ValueError(f"{place} is {module} in training mode; accepted: model.eval()")
        else:
            self.activation(_MODULES.get(name, ""), vars(module), place, str(module))

    def activation(self, name: str, arguments: Mapping[str, Any], place: str, shown: str) -> None:
        phi = _phi(name, arguments) if name in _FUNCTIONS else None
        if phi is None and "softmax" in shown.lower():
            raise ValueError(
                f"{place} is {shown}: remove it; the kernel is of F_L, the last layer's own output"
            )
        if phi is None:
            raise ValueError(f"{refuse(place, ' '.join(shown.split()))}, of {_KNOWN}")
        self.steps.append(Step(place, phi=phi))

    def function(self, node: Any, value: Any) -> None:
        """A call of a function or a method; value: the node before, which is its input."""
        name = node.target if isinstance(node.target, str) else node.target.__name__
        name = name if name == "__neg__" else name.rstrip("_")
        place, args = f"model: {node.name}", node.args
        if name == "linear":
            keys = dict(zip(("input", "weight", "bias"), args), **node.kwargs)
            bias = keys.get("bias")
            place = f"model: {node.name} of {keys['weight']}"
            bias = None if bias is None else self.tensor(bias)
            self.dense(place, self.tensor(keys["weight"]), bias)
        elif name == "matmul" and args[0] is value:
            self.dense(f"{place} by {args[1]}", self.tensor(args[1]).T, None)
        elif name in ("add", "iadd") and self.adds_bias(node, value):
            pass
        elif name in _RESHAPES:
            self.steps.append(Step(place))
        elif name == "dropout":
            if dict(zip(("input", "p", "training"), args), **node.kwargs).get("training", True):
                raise ValueError(f"{place} is a dropout in training mode; accepted: model.eval()")
        elif node.target is operator.mul and args[0] is value and args[1] is value:
            self.steps.append(Step(place, phi="quadratic"))
        elif name not in _NOTHING:
            self.activation(name, self.arguments(name, node), place, f"a call of {name}")

    def arguments(self, name: str, node: Any) -> dict[str, Any]:
        """The arguments of an activation after its input, with their defaults."""
        known = _FUNCTIONS.get(name, ())
        given = dict(zip((keyword for keyword, _ in known), node.args[1:]))
        return {**dict(known), **given, **node.kwargs}

    def adds_bias(self, node: Any, value: Any) -> bool:
        """x @ W + b: the bias goes to the layer just made."""
        others = [x for x in node.args if x is not value]
        last = self.steps[-1] if self.steps else None
        if len(others) != 1 or last is None or last.W is None or last.b is not None:
            return False
        self.steps[-1] = Step(last.place, W=last.W, b=self.tensor(others[0]))
        return True


def _is_shape(node: Any) -> bool:
    """x.size(0), x.shape: no part of what flows."""
    return node.target in ("size", "dim") or (
        node.target is getattr and node.args[1] in ("shape", "ndim", "dtype", "device")
    )


def _trace(module: Any, torch: Any) -> Any:
    """The module's graph, its optional arguments at their defaults; raises what fx raises."""
    given = inspect.signature(module.forward).parameters.values()
    rest = {p.name: p.default for p in given if p.default is not p.empty}
    return torch.fx.Tracer().trace(module, concrete_args=rest or None)


def _check_arguments(module: Any) -> None:
    given = inspect.signature(module.forward).parameters.values()
    needed = [p.name for p in given if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if len(needed) != 1:
        raise ValueError(
            f"the model's forward takes {', '.join(needed) or 'nothing'}; accepted: one array, a "
            "sample a row"
        )


def _steps(graph: Any, module: Any, torch: Any) -> list[Step]:
    """Follows the one value from input to output."""
    reader = _Reader(torch, module)
    node = next(node for node in graph.nodes if node.op == "placeholder")
    while True:
        users = [user for user in node.users if not _is_shape(user)]
        if len(users) != 1:
            places = " and ".join(user.name for user in users) or "nowhere"
            raise ValueError(
                f"model: the output of {node.name} goes to {places}; accepted: a chain, each layer's "
                "output to the next alone, without skip connections"
            )
        user = users[0]
        if user.op == "output":
            if user.args[0] is not node:
                raise refuse("model's output", "more than one array")
            return reader.steps
        if user.op == "call_module":
            reader.module(user)
        else:
            reader.function(user, node)
        node = user


def _registered(module: Any, torch: Any, why: Exception) -> list[Step]:
    """Without a trace: the Linear modules in the order in which the model has them."""
    reader = _Reader(torch, module)
    inside = "\n"  # of the last Linear: its parametrisations
    for name, part in module.named_modules():
        if isinstance(part, torch.nn.Linear):
            reader.linear(part, f"model.{name}")
            inside = f"{name}."
        elif not name.startswith(inside) and next(part.parameters(recurse=False), None) is not None:
            raise refuse(f"model.{name}", str(part)) from why
    return reader.steps


def _read(module: Any, activation: str | None, torch: Any) -> Layers:
    try:
        graph = _trace(module, torch)
    except Exception as error:  # whatever forward does to what is no tensor
        if activation is None:
            why = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"the model's forward cannot be traced ({why[0]}); accepted: activation=..., with "
                "the Linear layers in the order in which the model has them"
            ) from error
        steps = _registered(module, torch, error)
    else:
        steps = _steps(graph, module, torch)
    return assemble(steps, "model", activation)


def _probe(module: Any, inputs: int, torch: Any) -> Probe:
    X = probe_rows(inputs)
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        outputs = module(torch.from_numpy(X).to(dtype)).to(torch.float64).numpy()
    return Probe(X, outputs.reshape(len(X), -1), float(torch.finfo(dtype).eps) ** 0.5)


def _unwrap(module: Any, torch: Any) -> Any:
    """The module inside torch.compile, DataParallel and DistributedDataParallel."""
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"from_torch takes a torch.nn.Module; this is {type(module).__name__}. Of files with "
            "weights: Network.load"
        )
    for name in ("_orig_mod", "module"):
        inner = getattr(module, name, None)
        if isinstance(inner, torch.nn.Module) and type(module).__module__.startswith("torch."):
            return _unwrap(inner, torch)
    return module


def from_torch(module: Any, activation: str | None = None) -> Layers:
    """Layers of a PyTorch module that is a chain of Linear layers with activations between.

    module: torch.nn.Sequential, nested or not, or any module whose `forward` torch.fx can trace:
    Linear (its effective weight where it is parametrised), functional.linear, x @ W + b with
    parameters W, b; ReLU, LeakyReLU, ELU, CELU, SELU, GELU (both), SiLU, Sigmoid, Softplus
    (threshold >= 20: beyond it torch is x, 2e-9 from ntkit's), Softsign, Tanh, torch.sin, atan,
    erf, square, as modules, functions or methods; Identity; Dropout in eval mode; reshapes before
    the first layer or after the last. activation: in ntkit's spelling, of all hidden layers or by
    commas; needed where `forward` cannot be traced, and then the Linear modules are taken in the
    order of registration. Weights of a layer with requires_grad=False are parameters like others:
    give its block the scale 0 where the kernel is not to have them.

    Weights are copied, float32, float16 and bfloat16 exactly to float64. The module is applied to
    four rows, whose outputs ntkit's network must give. It is not changed.

    TypeError: no module, weights that are complex or integers. ValueError: a layer that is none of
    these, by its place ("model.features.3 is Conv2d(...)"); an activation after the last layer;
    weights on a device; a skip connection; Dropout in training mode.
    """
    torch = needs("torch", "from_torch", "torch")
    needs("torch.fx", "from_torch", "torch")
    module = _unwrap(module, torch)
    for name, tensor in module.named_parameters():
        _check(tensor, f"model.{name}", torch)
    _check_arguments(module)
    layers = _read(module, activation, torch)
    probe = _probe(module, layers.widths[0], torch)
    # A weight that a hook computes (utils.weight_norm, spectral_norm) is up to date from here on.
    if any(part._forward_pre_hooks for part in module.modules()):
        layers = _read(module, activation, torch)
    return Layers(layers.weights, layers.biases, layers.activation, probe=probe)
