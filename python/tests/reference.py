"""Networks and kernels in plain NumPy: (1), (8) and (9), as one reads them."""

from __future__ import annotations

import numpy as np

PHI = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z: 1 / (1 + np.exp(-z))),
}


def features(net, X):
    """F_0..F_{L-1}, and B_1..B_L of one output: dF_L / dg_l, with B_L = 1."""
    phi, slope = PHI[net.activation]
    F, G = [np.asarray(X, float)], []
    for W in net.weights[:-1]:
        G.append(F[-1] @ W)
        F.append(phi(G[-1]))
    B = [np.ones((len(F[0]), 1))]
    for g, W in zip(reversed(G), reversed(net.weights[1:])):
        B.insert(0, slope(g) * (B[0] @ W.T))
    return F, B


def kernel(net, X, X2=None, blocks=None):
    """sum_k (F_k F_k^T) o (B_{k+1} B_{k+1}^T), of a network without biases and of one output."""
    F, B = features(net, X)
    F2, B2 = (F, B) if X2 is None else features(net, X2)
    chosen = range(len(F)) if blocks is None else blocks
    return sum((F[k] @ F2[k].T) * (B[k] @ B2[k].T) for k in chosen)


def jacobian(net, X, scaled=True):
    """dF_L / d[W_l; b_l], N n_L rows each, of a network with biases; times the scales' roots."""
    phi, slope = PHI[net.activation]
    F, G = [np.asarray(X, float)], []
    for W, b in zip(net.weights, net.biases):
        G.append(F[-1] @ W + b)
        F.append(phi(G[-1]))
    D = np.broadcast_to(np.eye(net.outputs), (len(F[0]), net.outputs, net.outputs))
    out = []
    for l in reversed(range(net.depth)):
        a, b = net.scale[2 * l : 2 * l + 2] if scaled else (1.0, 1.0)
        of_W = np.sqrt(a) * np.einsum("ni,ncj->ncij", F[l], D)
        rows = len(F[0]) * net.outputs
        out.insert(0, np.hstack([of_W.reshape(rows, -1), np.sqrt(b) * D.reshape(rows, -1)]))
        if l > 0:
            D = np.einsum("ncj,ij->nci", D, net.weights[l]) * slope(G[l - 1])[:, None, :]
    return out
