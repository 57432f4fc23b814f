#!/usr/bin/env python3
"""A network as PyTorch saves it, its outputs and its kernels, for tests/io/test_torch.c: writes
tests/support/recorded_torch.h.

usage: record_torch.py > tests/support/recorded_torch.h    (torch, safetensors, nngeometry)

The network is 5 -> 7 -> 7 -> 3, SiLU and tanh, with torch's own initial weights in float32, saved by
safetensors.torch; outputs and kernels are of these weights in float64. Entry i of X is sin(2 i + 1)."""
import sys
import tempfile

import nngeometry
import nngeometry.layercollection
import safetensors
import safetensors.torch
import torch
from nngeometry.object import FMatDense
from torch.func import functional_call, jacrev, vmap

N, C = 6, 3
torch.manual_seed(1)
linear = torch.nn.Linear
model = torch.nn.Sequential(linear(5, 7), torch.nn.SiLU(), linear(7, 7), torch.nn.Tanh(), linear(7, C))
with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
    safetensors.torch.save_file(model.state_dict(), file.name)
    content = open(file.name, "rb").read()
model = model.double()
X = torch.sin(2.0 * torch.arange(N * 5, dtype=torch.float64) + 1.0).reshape(N, 5)
parameters = {name: p.detach() for name, p in model.named_parameters()}


def kernel():
    J = vmap(jacrev(lambda p, x: functional_call(model, p, (x,))), (None, 0))(parameters, X)
    J = torch.cat([j.reshape(N, C, -1) for j in J.values()], dim=2).reshape(N * C, -1)
    return J @ J.T


def of_nngeometry():  # (C, N, C, N) -> (N C) x (N C), rows i C + c
    batches = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, torch.zeros(N)), N)
    layers = nngeometry.layercollection.LayerCollection.from_model(model)
    gram = nngeometry.GramMatrix(model=model, loader=batches, representation=FMatDense,
                                 layer_collection=layers, function=lambda *d: model(d[0]))
    return gram.to_torch().permute(1, 0, 3, 2).reshape(N * C, N * C)


def show(name, numbers):
    print(f"static const double torch_{name}[] = {{")
    for row in torch.as_tensor(numbers).reshape(-1, 3).tolist():
        print("    " + ", ".join(f"{x:.17g}" for x in row) + ",")
    print("};")


K = kernel()
if not torch.allclose(of_nngeometry(), K, rtol=1e-12, atol=1e-12 * K.abs().max().item()):
    sys.exit("nngeometry has another kernel than torch.func")
print(f"""/* By tools/record_torch.py with torch {torch.__version__.split('+')[0]} and safetensors {safetensors.__version__}. */
#ifndef NTK_TESTS_RECORDED_TORCH_H
#define NTK_TESTS_RECORDED_TORCH_H

/* clang-format off */
static const unsigned char torch_file[] = {{""")
for i in range(0, len(content), 20):
    print("    " + ",".join(str(b) for b in content[i:i + 20]) + ",")
print("};")
show("outputs", model(X).detach())
show("kernel", K)
print("""/* clang-format on */

#endif""")
