"""What the tests beside other frameworks share."""

import os

import ntkit
import numpy as np

largest = {}  # of each file of tests: the largest difference, and of how many comparisons


def outputs(layers, X):
    """F_L of the layers by ntkit."""
    return ntkit.Network.from_weights(layers.weights, layers.biases, layers.activation)(X)


def apart(found, expected):
    """The largest difference over the largest entry."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    size = float(abs(found - expected).max() / abs(expected).max())
    name = os.environ["PYTEST_CURRENT_TEST"].split("::")[0].rpartition("/")[2]
    before, count = largest.get(name, (0.0, 0))
    largest[name] = max(before, size), count + 1
    return size


def rows(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))
