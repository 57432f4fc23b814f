"""Keras 3: the layers of a model in their order; a model that is no chain of them shows in its
own outputs for a few rows, which ntkit's network has to give (`Layers.probe`)."""

from __future__ import annotations

from typing import Any

from ntkit.convert.layers import (
    Layers,
    Probe,
    Step,
    assemble,
    exact,
    needs,
    probe_rows,
    refuse,
    text_of,
)

# keras.activations that ntkit has, under Keras's name; gelu is the exact one there.
_OURS = {
    **{name: name for name in ("relu", "tanh", "sigmoid", "softplus", "softsign", "silu", "selu")},
    **{name: name for name in ("gelu", "elu", "celu")},
    "linear": "identity",
    "leaky_relu": "leaky_relu(0.2)",
}
_NOTHING = ("InputLayer", "Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout")
# Of a float64 model too: Keras multiplies (torch) or takes tanh (jax) in float32 there.
_UNITS = {"float64": 2.0**-23, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def _function(function: Any, place: str, keras: Any) -> Step:
    """An activation given by name or as a function of keras.activations."""
    for name, ours in _OURS.items():
        if function is getattr(keras.activations, name, None):
            return Step(place, phi=ours)
    shown = getattr(function, "__name__", None) or type(function).__name__
    raise refuse(place, f"activation {shown}")


def _dense(layer: Any, place: str, keras: Any) -> list[Step]:
    if not layer.built:
        raise ValueError(f"{place} has no weights yet; accepted: a model applied to data once")
    if getattr(layer, "quantization_mode", None) is not None:
        raise TypeError(f"{place} is quantised; accepted: floating point weights")
    host = keras.ops.convert_to_numpy
    bias = None if layer.bias is None else exact(host(layer.bias), f"{place}.bias")
    W = exact(host(layer.kernel), f"{place}.kernel")
    return [Step(place, W=W, b=bias), _function(layer.activation, f"{place}.activation", keras)]


def _activation(layer: Any, place: str, keras: Any) -> Step | None:
    """A layer that is an activation; None for another."""
    name = type(layer).__name__
    if name == "Activation":
        return _function(layer.activation, place, keras)
    if name == "ReLU" and layer.max_value is None and layer.threshold == 0:
        slope = float(layer.negative_slope)
        return Step(place, phi="relu" if slope == 0 else text_of("leaky_relu", slope, 0.01))
    if name == "LeakyReLU":
        return Step(place, phi=text_of("leaky_relu", float(layer.negative_slope), 0.01))
    if name == "ELU":
        return Step(place, phi=text_of("elu", float(layer.alpha), 1.0))
    return None


def _steps(model: Any, place: str, keras: Any) -> list[Step]:
    steps: list[Step] = []
    for i, layer in enumerate(model.layers):
        here = f"{place}.layers[{i}]"
        name = type(layer).__name__
        if isinstance(layer, keras.Model):
            steps += _steps(layer, here, keras)
        elif name == "Dense":
            steps += _dense(layer, f"{here} {layer.name!r}", keras)
        elif name in ("Flatten", "Reshape"):
            steps.append(Step(f"{here} {layer.name!r}"))
        elif name not in _NOTHING:
            step = _activation(layer, f"{here} {layer.name!r}", keras)
            if step is None:
                raise refuse(f"{here} {layer.name!r}", name)
            steps.append(step)
    return steps


def _unit(model: Any) -> float:
    """The largest of its layers' precisions."""
    parts = (_unit(x) if hasattr(x, "layers") else _UNITS[x.compute_dtype] for x in model.layers)
    return max(parts)


def _probe(model: Any, inputs: int, keras: Any) -> Probe:
    X = probe_rows(inputs)
    shape = model.input_shape[1:] if hasattr(model, "input_shape") else (inputs,)
    outputs = model(keras.ops.convert_to_tensor(X.reshape(-1, *shape)), training=False)
    outputs = exact(keras.ops.convert_to_numpy(outputs), "the model's output")
    return Probe(X, outputs.reshape(len(X), -1), _unit(model) ** 0.5)


def from_keras(model: Any) -> Layers:
    """Layers of a Keras 3 model that is a chain of Dense layers with activations between.

    model: Sequential, functional or subclassed with its layers in order, nested or not, of Dense
    (with LoRA: the effective kernel), Activation, ReLU, LeakyReLU, ELU, InputLayer, dropout and
    noise (which do nothing outside training), Flatten and Reshape before the first Dense layer or
    after the last. Activations are keras.activations relu, leaky_relu (slope 0.2), elu, celu, selu,
    gelu (exact), silu, sigmoid, softplus, softsign, tanh, linear.

    Weights are copied to the host, exactly to float64. The model is applied to four rows, whose
    outputs ntkit's network must give. TypeError: no Keras model, quantised weights. ValueError: a
    layer that is none of these, by its place; an activation of the last layer; no weights yet.
    """
    keras = needs("keras", "from_keras", "keras")
    if not isinstance(model, keras.Model):
        raise TypeError(f"from_keras takes a keras.Model; this is {type(model).__name__}")
    layers = assemble(_steps(model, "model", keras), "model")
    probe = _probe(model, layers.widths[0], keras)
    return Layers(layers.weights, layers.biases, layers.activation, probe=probe)
