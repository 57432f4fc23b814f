"""One question, several packages: docs/peers.md. After `make test-peers`, which makes build/peers:

usage: build/peers/new/bin/python bench/peers.py [TURNS]    (default: 3)

Trains the networks of TASKS in PyTorch, then asks every package in turn, a process for each
measurement, and prints tables of medians: the answer (of a kernel its trace); seconds of a
process's first call and of its second; processor seconds of the second; by how much the peak of the
resident set grew. A dtype after a colon is that of the weights and data given.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

TASKS = {"lambda_min": (1000, (100, 300, 200, 1)), "kernel": (4000, (784, 784, 784, 1))}


def prepare(folder):
    import torch
    from torch import nn

    for task, (N, widths) in TASKS.items():
        torch.manual_seed(1)
        layers = [f(*p) for p in zip(widths, widths[1:]) for f in (nn.Linear, lambda *_: nn.Tanh())]
        model, X = nn.Sequential(*layers[:-1]), torch.randn(N, widths[0])
        Y, optimizer = torch.sign(X[:, :1]), torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(100):
            optimizer.zero_grad()
            (model(X) - Y).square().mean().backward()
            optimizer.step()
        arrays = {f"W{i // 2 + 1}": model[i].weight.detach().double().numpy().T for i in (0, 2, 4)}
        arrays |= {f"b{i // 2 + 1}": model[i].bias.detach().double().numpy() for i in (0, 2, 4)}
        np.savez(f"{folder}/{task}.npz", X=X.double().numpy(), **arrays)


def of_ntkit(X, W, b, dtype):
    import ntkit

    net = ntkit.Network.from_weights(W, b, "tanh")
    return lambda: ntkit.kernel(net, X), lambda: ntkit.spectrum(net, X).lambda_min


def of_certified(X, W, b, dtype):
    import ntkit

    net = ntkit.Network.from_weights(W, b, "tanh")
    return None, lambda: ntkit.spectrum(net, X, certify=True).lambda_min


def of_numpy(X, W, b, dtype):
    def kernel():
        F1 = np.tanh(X @ W[0] + b[0])
        F2 = np.tanh(F1 @ W[1] + b[1])
        B2 = W[2][:, 0] * (1 - F2 * F2)
        B1 = B2 @ W[1].T * (1 - F1 * F1)
        K = F2 @ F2.T + 1
        K += (F1 @ F1.T + 1) * (B2 @ B2.T)
        K += (X @ X.T + 1) * (B1 @ B1.T)
        return K

    return kernel, lambda: np.linalg.eigvalsh(kernel())[0]


def torch_model(W, b, dtype):
    import torch
    from torch import nn

    torch.set_default_dtype(getattr(torch, dtype))
    model = nn.Sequential()
    for i, (w, v) in enumerate(zip(W, b)):
        layer = nn.Linear(*w.shape)
        layer.weight.data[:], layer.bias.data[:] = torch.from_numpy(w.T.copy()), torch.from_numpy(v)
        model.extend([nn.Tanh(), layer] if i else [layer])
    return torch, model


def of_torch_func(X, W, b, dtype):
    torch, model = torch_model(W, b, dtype)
    from torch.func import functional_call, jacrev, vmap

    rows, parameters = torch.from_numpy(X.astype(dtype)), dict(model.named_parameters())
    parameters = {name: p.detach() for name, p in parameters.items()}

    def kernel():
        J = vmap(jacrev(lambda p, x: functional_call(model, p, (x,))), (None, 0))(parameters, rows)
        return sum(torch.einsum("Naf,Maf->NM", j, j) for j in (j.flatten(2) for j in J.values()))

    return kernel, lambda: torch.linalg.eigvalsh(kernel())[0].item()


def of_nngeometry(X, W, b, dtype):
    torch, model = torch_model(W, b, dtype)
    import nngeometry.layercollection
    from nngeometry.object import FMatDense

    data = torch.utils.data.TensorDataset(torch.from_numpy(X.astype(dtype)), torch.zeros(len(X)))
    loader = torch.utils.data.DataLoader(data, len(X))

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


def of_neural_tangents(X, W, b, dtype, implementation=3):
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")
    import neural_tangents as nt
    from neural_tangents import stax

    layers = []
    for w in W:
        layers += [
            stax.Dense(w.shape[1], b_std=1.0, parameterization="standard"),
            stax.Elementwise(jax.numpy.tanh),
        ]
    apply = stax.serial(*layers[:-1])[1]
    params, rows = [], jax.numpy.asarray(X.astype(dtype))
    for w, v in zip(W, b):
        params += [
            (jax.numpy.asarray(w.astype(dtype)), jax.numpy.asarray(v.astype(dtype))[None]),
            (),
        ]
    fast = nt.NtkImplementation(implementation)
    kernel_fn = jax.jit(nt.empirical_ntk_fn(apply, vmap_axes=0, implementation=fast))

    def kernel():
        return kernel_fn(rows, None, params[:-1]).block_until_ready()

    return kernel, lambda: float(jax.numpy.linalg.eigvalsh(kernel())[0])


TOOLS = {name.removeprefix("of_"): f for name, f in globals().items() if name.startswith("of_")}
TOOLS["neural_tangents_jacobian"] = lambda *given: of_neural_tangents(*given, implementation=1)


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def measure(tool, task, folder):
    name, _, dtype = tool.partition(":")
    file = np.load(f"{folder}/{task}.npz")
    W, b = ([np.ascontiguousarray(file[f"{key}{l}"]) for l in (1, 2, 3)] for key in "Wb")
    kernel, lambda_min = TOOLS[name](file["X"], W, b, dtype or "float64")
    work = kernel if task == "kernel" else lambda_min
    before, seconds = peak(), []
    for _ in range(2):
        answer = None  # the first kernel is gone before the second is made
        start, processor = time.perf_counter(), sum(os.times()[:2])
        answer = work()
        seconds.append(time.perf_counter() - start)
        processor = sum(os.times()[:2]) - processor
    answer = float(np.asarray(answer).trace()) if task == "kernel" else answer
    print(json.dumps([answer, *seconds, processor, peak() - before]))


RUNS = {
    "lambda_min": "ntkit certified numpy nngeometry neural_tangents neural_tangents_jacobian"
    " torch_func torch_func:float32 neural_tangents:float32",
    "kernel": "ntkit numpy nngeometry neural_tangents",  # torch.func's J is 39 GB there
}


def ask(tool, task, folder):
    environment = "nt" if tool.startswith("neural") else "new"
    command = [f"build/peers/{environment}/bin/python", __file__, tool, task, folder]
    variables = {**os.environ, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run(turns):
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for task, tools in RUNS.items():
            found = {tool: [] for tool in tools.split()}
            for _ in range(turns):
                for tool, answers in found.items():
                    answers.append(ask(tool, task, folder))
            print(f"{task}: N, widths {TASKS[task]}; median of {turns}")
            print("| | answer | first s | then s | processor s | MB |\n|---|---|---|---|---|---|")
            for tool, answers in found.items():
                answer, *seconds, size = (statistics.median(x) for x in zip(*answers))
                times = " | ".join(f"{x:.3g}" for x in seconds)
                print(f"| {tool} | {answer:.16g} | {times} | {size / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(*sys.argv[1:])
    else:
        run(int(sys.argv[1]) if len(sys.argv) == 2 else 3)
