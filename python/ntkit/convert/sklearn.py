"""scikit-learn: MLPRegressor and MLPClassifier say all that they are in their attributes."""

from __future__ import annotations

from typing import Any

from ntkit.convert.layers import Layers, Step, assemble, exact

_OURS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


def from_sklearn(estimator: Any) -> Layers:
    """Layers of a fitted sklearn.neural_network MLPRegressor or MLPClassifier.

    The kernel is that of the last layer's own outputs: a classifier's logits (one for two classes),
    the logarithm of a Poisson regressor's mean. What the estimator makes of these is in `dropped`
    ("logistic", "softmax", "exp"; "" of a regressor with the squared loss).

    TypeError: another estimator, a Pipeline. ValueError: not fitted; no hidden layer.
    """
    name = type(estimator).__name__
    if not hasattr(estimator, "hidden_layer_sizes"):
        steps = getattr(estimator, "steps", None)
        hint = "; of a Pipeline its last step, with X as it comes there" if steps else ""
        raise TypeError(
            f"from_sklearn takes an MLPRegressor or MLPClassifier; this is {name}{hint}"
        )
    if not hasattr(estimator, "coefs_"):
        raise ValueError(f"this {name} is not fitted; accepted: after estimator.fit(X, y)")
    phi = _OURS.get(estimator.activation)
    if phi is None:
        raise ValueError(f"activation {estimator.activation!r}; accepted: {', '.join(_OURS)}")
    steps = []
    for i, (W, b) in enumerate(zip(estimator.coefs_, estimator.intercepts_)):
        place = f"estimator.coefs_[{i}]"
        steps.append(Step(place, W=exact(W, place), b=exact(b, f"estimator.intercepts_[{i}]")))
        steps.append(Step(f"estimator.activation {i}", phi=phi))
    out = estimator.out_activation_
    return assemble(steps[:-1], f"this {name}", dropped="" if out == "identity" else out)
