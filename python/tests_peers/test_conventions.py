"""The rows of ntkit.conventions that torch can be asked for: trained weights, float64, 1e-12."""

import curvlinops
import nngeometry.layercollection
import ntkit
import numpy as np
import torch
from nngeometry.object import FMatDense
from ntkit.conventions import convert, factor
from support import apart, rows
from torch import nn
from torch.func import functional_call, jacrev, vmap
from torch.utils.data import DataLoader, TensorDataset

N, M, C = 6, 4, 3
X1, X2 = torch.from_numpy(rows(N, 5)), torch.from_numpy(rows(M, 5, seed=1))
EINSUMS = {"": "Naf,Mbf->NMab", " trace": "Naf,Maf->NM", " diagonal": "Naf,Maf->NMa"}


def trained():
    torch.manual_seed(1)
    layers = (nn.Linear(5, 7), nn.SiLU(), nn.Linear(7, 7), nn.Tanh(), nn.Linear(7, C))
    model = nn.Sequential(*layers).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (model(X1) - 1).square().mean().backward()
        optimizer.step()
    return model


MODEL = trained()
NET = ntkit.Network.from_torch(MODEL)


def jacobian(X):
    """J as PyTorch's tutorial on neural tangent kernels has it, one matrix for each parameter."""
    parameters = {name: p.detach() for name, p in MODEL.named_parameters()}
    J = vmap(jacrev(lambda p, x: functional_call(MODEL, p, (x,))), (None, 0))(parameters, X)
    return [j.flatten(2) for j in J.values()]


def test_torch_func():
    for name, text in EINSUMS.items():
        pairs = zip(jacobian(X1), jacobian(X2))
        theirs = sum(torch.einsum(text, *pair) for pair in pairs).numpy()
        for output, ours in (("trace", "ntkit"), ("all", "ntkit all")):
            if ours == "ntkit" or name == "":
                K = ntkit.kernel(NET, X1.numpy(), X2.numpy(), output=output)
                found = convert(theirs, "torch.func" + name, ours, outputs=C)
                assert apart(found, K) < 1e-12
    for c in range(C):
        theirs = sum(torch.einsum("Naf,Maf->NMa", j, g) for j, g in zip(jacobian(X1), jacobian(X2)))
        K = ntkit.kernel(NET, X1.numpy(), X2.numpy(), output=c)
        assert apart(theirs[:, :, c].numpy(), K) < 1e-12


def test_nngeometry():
    loader = DataLoader(TensorDataset(X1, torch.zeros(N)), N)
    gram = nngeometry.GramMatrix(
        model=MODEL,
        loader=loader,
        representation=FMatDense,
        layer_collection=nngeometry.layercollection.LayerCollection.from_model(MODEL),
        function=lambda *d: MODEL(d[0]),
    )
    theirs = gram.to_torch().detach().numpy()
    K = ntkit.kernel(NET, X1.numpy(), output="all")
    assert apart(convert(theirs, "nngeometry", outputs=C), K) < 1e-12
    assert apart(convert(K, "ntkit all", "nngeometry", outputs=C), theirs) < 1e-12


def test_curvlinops():
    parameters = [p for p in MODEL.parameters() if p.requires_grad]
    data = [(X1, torch.zeros(N, C, dtype=torch.float64))]
    ggn = curvlinops.GGNLinearOperator(MODEL, nn.MSELoss(), parameters, data)
    dense = (ggn @ torch.eye(ggn.shape[1], dtype=torch.float64)).detach().numpy()
    theirs = np.linalg.eigvalsh(dense)[-N * C :]
    ours = np.linalg.eigvalsh(ntkit.kernel(NET, X1.numpy(), output="all"))
    theirs = theirs * factor("curvlinops ggn", samples=N, outputs=C)
    assert apart(theirs, ours) < 1e-12
