"""What bench/peers.py asks of each package, in that package's own words.

of_NAME(X, W, b, variant) gives two functions without arguments: the kernel, and its smallest
eigenvalue; None for what is not asked. X and all weights are float64. variant: what stands after
the colon of a tool's name, usually a dtype.
"""

import inspect

import numpy as np


def of_ntkit(X, W, b, precision="double"):
    import ntkit

    options = {"precision": precision}
    if "precision" not in inspect.signature(ntkit.spectrum).parameters:
        if precision != "double":
            raise NotImplementedError(f"this ntkit has no precision {precision}")
        options = {}
    net = ntkit.Network.from_weights(W, b, "tanh")
    return lambda: ntkit.kernel(net, X), lambda: ntkit.spectrum(net, X, **options).lambda_min


def of_certified(X, W, b):
    import ntkit

    net = ntkit.Network.from_weights(W, b, "tanh")
    return None, lambda: ntkit.spectrum(net, X, certify=True).lambda_min


def ten_lines(X, W, b, dtype):
    X, W, b = X.astype(dtype), [w.astype(dtype) for w in W], [v.astype(dtype) for v in b]

    def kernel():
        F = [X]
        for w, v in zip(W[:-1], b[:-1]):
            F.append(np.tanh(F[-1] @ w + v))
        K = F[-1] @ F[-1].T
        K += 1
        B = np.ones((len(X), 1), dtype)
        for w, f, before in zip(W[:0:-1], F[:0:-1], F[-2::-1]):
            B = B @ w.T * (1 - f * f)
            block = before @ before.T
            block += 1
            block *= B @ B.T
            K += block
        return K

    return kernel


def of_numpy(X, W, b, dtype="float64"):
    kernel = ten_lines(X, W, b, dtype)
    return kernel, lambda: np.linalg.eigvalsh(kernel())[0]


def eigsh(K, **options):
    from scipy.sparse.linalg import eigsh

    return eigsh(K, 1, return_eigenvectors=False, **options)[0]


def of_eigsh(X, W, b, dtype="float64"):
    kernel = ten_lines(X, W, b, dtype)
    return None, lambda: eigsh(kernel(), which="SA")


def of_eigsh_inverse(X, W, b, dtype="float64"):
    kernel = ten_lines(X, W, b, dtype)
    return None, lambda: eigsh(kernel(), sigma=0.0)  # by an LU factorisation


def of_primme(X, W, b):
    import primme

    kernel = of_ntkit(X, W, b)[0]
    options = {"which": "SA", "tol": 1e-10, "return_eigenvectors": False}
    return None, lambda: primme.eigsh(kernel(), 1, **options)[0]


def torch_model(X, W, b, dtype):
    import torch
    from torch import nn

    torch.set_default_dtype(getattr(torch, dtype))
    model = nn.Sequential()
    for i, (w, v) in enumerate(zip(W, b)):
        layer = nn.Linear(*w.shape)
        layer.weight.data[:], layer.bias.data[:] = torch.from_numpy(w.T.copy()), torch.from_numpy(v)
        model.extend([nn.Tanh(), layer] if i else [layer])
    return torch, model, torch.from_numpy(X.astype(dtype))


def of_torch_func(X, W, b, dtype="float64"):
    torch, model, rows = torch_model(X, W, b, dtype)
    from torch.func import functional_call, jacrev, vmap

    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def kernel():
        J = vmap(jacrev(lambda p, x: functional_call(model, p, (x,))), (None, 0))(parameters, rows)
        return sum(torch.einsum("Naf,Maf->NM", j, j) for j in (j.flatten(2) for j in J.values()))

    return kernel, lambda: torch.linalg.eigvalsh(kernel())[0].item()


def of_nngeometry(X, W, b, dtype="float64"):
    torch, model, rows = torch_model(X, W, b, dtype)
    import nngeometry.layercollection
    from nngeometry.object import FMatDense

    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(rows, torch.zeros(len(X))), len(X)
    )

    def kernel():
        gram = nngeometry.GramMatrix(
            model=model,
            loader=loader,
            representation=FMatDense,
            layer_collection=nngeometry.layercollection.LayerCollection.from_model(model),
            function=lambda *d: model(d[0]),
        )
        return gram.to_torch().detach()[0, :, 0, :]

    return kernel, lambda: torch.linalg.eigvalsh(kernel())[0].item()


def neural_tangents(X, W, b, dtype, implementation):
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
    import neural_tangents as nt
    from neural_tangents import stax

    layers, params, rows = [], [], jax.numpy.asarray(X.astype(dtype))
    for w, v in zip(W, b):
        layers += [
            stax.Dense(w.shape[1], b_std=1.0, parameterization="standard"),
            stax.Elementwise(jax.numpy.tanh),
        ]
        params += [
            (jax.numpy.asarray(w.astype(dtype)), jax.numpy.asarray(v.astype(dtype))[None]),
            (),
        ]
    apply = stax.serial(*layers[:-1])[1]
    chosen = nt.NtkImplementation[implementation]
    kernel_fn = jax.jit(nt.empirical_ntk_fn(apply, vmap_axes=0, implementation=chosen))

    def kernel():
        return kernel_fn(rows, None, params[:-1]).block_until_ready()

    return kernel, lambda: float(jax.numpy.linalg.eigvalsh(kernel())[0])


def of_nt_structured(X, W, b, dtype="float64"):
    return neural_tangents(X, W, b, dtype, "STRUCTURED_DERIVATIVES")


def of_nt_products(X, W, b, dtype="float64"):
    return neural_tangents(X, W, b, dtype, "NTK_VECTOR_PRODUCTS")


def of_nt_jacobian(X, W, b, dtype="float64"):
    return neural_tangents(X, W, b, dtype, "JACOBIAN_CONTRACTION")


TOOLS = {name.removeprefix("of_"): f for name, f in globals().items() if name.startswith("of_")}
