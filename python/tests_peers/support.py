"""What the tests beside other frameworks share."""

import ntkit
import numpy as np


def outputs(layers, X):
    """F_L of the layers by ntkit."""
    return ntkit.Network.from_weights(layers.weights, layers.biases, layers.activation)(X)


def apart(found, expected):
    """The largest difference over the largest entry."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    return float(abs(found - expected).max() / abs(expected).max())


def rows(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))
