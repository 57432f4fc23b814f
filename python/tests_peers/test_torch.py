"""from_torch: trained modules against their own outputs in float64, and what is refused."""

import re

import pytest
import torch
from ntkit import Network
from ntkit.convert import from_torch
from support import apart, outputs, rows
from torch import nn
from torch.nn import functional

MODULES = {
    "relu": nn.ReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "silu": nn.SiLU(),
    "selu": nn.SELU(),
    "softsign": nn.Softsign(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "leaky_relu": nn.LeakyReLU(),
    "leaky_relu(0.3)": nn.LeakyReLU(0.3),
    "elu": nn.ELU(),
    "elu(0.5)": nn.ELU(0.5),
    "celu(2.0)": nn.CELU(2.0),
    "softplus": nn.Softplus(),
    "softplus(2.0)": nn.Softplus(2.0),
    "identity": nn.Identity(),
}
FUNCTIONS = {
    "relu": lambda x: functional.relu(x, inplace=False),
    "tanh": lambda x: x.tanh(),
    "sigmoid": torch.sigmoid,
    "sin": torch.sin,
    "atan": lambda x: x.arctan(),
    "erf": torch.erf,
    "quadratic": lambda x: x**2,
    "leaky_relu(0.2)": lambda x: functional.leaky_relu(x, negative_slope=0.2),
    "elu(0.5)": lambda x: functional.elu(x, 0.5),
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
    "softplus": functional.softplus,
    "softsign": functional.softsign,
}


class Net(nn.Module):
    """Registered in another order than applied; phi is a function."""

    def __init__(self, phi, outputs=3):
        super().__init__()
        self.last = nn.Linear(7, outputs)
        self.first = nn.Linear(5, 6)
        self.middle = nn.Linear(6, 7, bias=False)
        self.phi = phi

    def forward(self, x, scale=None):
        x = x.view(x.size(0), -1)
        x = self.phi(self.first(x))
        x = self.phi(self.middle(x))
        if scale is not None:
            x = x * scale
        return self.last(x).squeeze(-1)


def trained(model):
    """A few steps of Adam, so that no weight is what an initialisation leaves."""
    torch.manual_seed(1)
    X, rate = torch.from_numpy(rows(32, 5)), 1e-2
    dtype = next(model.parameters()).dtype
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(20):
        optimizer.zero_grad()
        (model(X.to(dtype)).sin() - X[:, :1].to(dtype)).square().mean().backward()
        optimizer.step()
    return model.eval()


def agrees(model, activation=None, text=None):
    """The layers' outputs are the module's."""
    layers = from_torch(model, activation)
    X = rows(9, 5, seed=2)
    with torch.no_grad():
        expected = model(torch.from_numpy(X)).numpy()
    assert apart(outputs(layers, X).reshape(expected.shape), expected) < 1e-12
    network = Network.from_torch(model, activation)
    assert all((a == b).all() for a, b in zip(network.weights, layers.weights))
    assert text is None or layers.activation == text
    return layers


@pytest.mark.parametrize("text", MODULES)
def test_modules(text):
    phi = MODULES[text]
    model = nn.Sequential(nn.Flatten(), nn.Linear(5, 6), phi, nn.Dropout(0.5), nn.Linear(6, 3))
    agrees(trained(model.double()), text=text)


@pytest.mark.parametrize("text", FUNCTIONS)
def test_functions(text):
    layers = agrees(trained(Net(FUNCTIONS[text]).double()), text=text)
    assert layers.widths == [5, 6, 7, 3]
    assert [b is None for b in layers.biases] == [False, True, False]


def test_one_output_and_mixed_activations():
    model = nn.Sequential(
        nn.Sequential(nn.Linear(5, 6), nn.Tanh()),
        nn.Sequential(nn.Linear(6, 6), nn.LeakyReLU(0.1), nn.Identity()),
        nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 1)),
    )
    agrees(trained(model.double()), text="tanh,leaky_relu(0.1),identity")
    agrees(trained(Net(torch.sin, outputs=1).double()))


def test_weights_that_are_computed():
    plain = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    nn.utils.parametrizations.weight_norm(plain[0])
    nn.utils.parametrizations.orthogonal(plain[2])
    agrees(trained(plain))
    old = nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 6)), nn.Tanh(), nn.Linear(6, 3)).double()
    agrees(trained(old))
    tied = nn.Sequential(nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 5))
    tied[2].weight = tied[0].weight
    agrees(trained(tied.double()))


def test_matrices_of_ones_own():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.W = nn.Parameter(torch.randn(5, 6))
            self.b = nn.Parameter(torch.randn(6))
            self.V = nn.Parameter(torch.randn(3, 6))

        def forward(self, x):
            return functional.linear(torch.relu_(x @ self.W + self.b), self.V)

    agrees(trained(Own().double()))

    class Transposed(Own):
        def forward(self, x):
            return torch.tanh(torch.matmul(x, self.W)) @ self.V.t()

    agrees(trained(Transposed().double()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_short_weights_are_exact(dtype):
    model = trained(nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))).to(dtype)
    layers = from_torch(model)
    assert (layers.weights[0].T == model[0].weight.detach().double().numpy()).all()
    Network.from_torch(model)
    agrees(model.double())


def test_what_wraps_a_module():
    model = trained(nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double())
    expected = from_torch(model).weights[0]
    for wrapped in (torch.compile(model), nn.DataParallel(model)):
        assert (from_torch(wrapped).weights[0] == expected).all()


def test_forward_that_cannot_be_traced():
    class Branch(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(5, 6), nn.Linear(6, 3)

        def forward(self, x):
            x = torch.tanh(self.a(x))
            return self.b(x if x.sum() < 1e9 else -x)

    model = trained(Branch().double())
    with pytest.raises(ValueError, match="cannot be traced .*accepted: activation=..."):
        from_torch(model)
    agrees(model, "tanh")
    with pytest.raises(ValueError, match="not the chain of its layers"):
        Network.from_torch(model, "relu")


def test_hooks_show_in_the_outputs():
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    model[1].register_forward_hook(lambda module, inputs, output: 2 * output)
    with pytest.raises(ValueError, match="not the chain of its layers"):
        Network.from_torch(model)


class Skip(Net):
    def forward(self, x):
        x = torch.tanh(self.first(x))
        return self.last(self.middle(x) + self.middle(x))


class Two(Net):
    def forward(self, x, y):
        return self.last(torch.tanh(self.first(x))) + y


def sequence(*between):
    return nn.Sequential(nn.Linear(5, 6), *between, nn.Linear(6, 3))


KNOWN = "torch.nn's ReLU, Tanh, Sigmoid, SiLU, "
REFUSED = [
    (nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Linear(3, 2)), "model.0 is Conv2d(1, 2"),
    (nn.Sequential(nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6)), nn.Linear(6, 3)), "model.0.1 is BatchNorm1d("),
    (sequence(nn.Hardtanh()), "model.1 is Hardtanh("),
    (sequence(nn.PReLU()), "model.1 is PReLU("),
    (sequence(nn.Softplus(threshold=5)), "model.1 is Softplus("),
    (sequence(nn.Tanh(), nn.ReLU()), "model.2 is relu right after tanh"),
    (sequence(nn.Tanh(), nn.Dropout()), "model.2 is Dropout(p=0.5, inplace=False) in training mode; accepted: model.eval()"),
    (nn.Sequential(sequence(nn.Tanh()), nn.Softmax(dim=1)), "model.1 is Softmax(dim=1): remove it; the kernel is of F_L"),
    (sequence(nn.ReLU6()), f"model.1 is ReLU6(): ntkit takes dense layers with activations between, of {KNOWN}"),
    (nn.Sequential(sequence(nn.Tanh()), nn.Sigmoid()), "model.1 is sigmoid after the last of them"),
    (nn.Sequential(nn.Tanh(), sequence(nn.Tanh())), "model.0 is tanh before the first of them"),
    (nn.Sequential(nn.Linear(5, 3)), "model has 1 dense layer; accepted: two or more"),
    (nn.Sequential(nn.Tanh()), "model has no dense layers; accepted: two or more"),
    (nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(7, 3)), "model.2 takes 7 inputs, but model.0 before it gives 6"),
    (nn.Sequential(nn.LazyLinear(6), nn.Tanh(), nn.Linear(6, 3)), "model.0.weight has no entries yet"),
    (sequence(nn.Tanh()).to("meta"), "model.0.weight is on the meta device"),
    (Net(functional.hardtanh).eval(), "model: hardtanh is a call of hardtanh: ntkit takes dense layers"),
    (Net(functional.dropout), "model: dropout is a dropout in training mode"),
    (Two(torch.tanh), "the model's forward takes x, y; accepted: one array"),
    (Skip(torch.tanh), "model: the output of tanh goes to middle and middle_1; accepted: a chain"),
]  # fmt: skip


@pytest.mark.parametrize("model, line", REFUSED, ids=[line for _, line in REFUSED])
def test_refused(model, line):
    with pytest.raises(ValueError, match="^" + re.escape(line)) as caught:
        from_torch(model)
    assert "\n" not in str(caught.value)


def test_types():
    with pytest.raises(TypeError, match="model.0.weight is torch.complex64"):
        from_torch(sequence(nn.Tanh()).to(torch.complex64))
    with pytest.raises(TypeError, match="takes a torch.nn.Module; this is OrderedDict"):
        from_torch(sequence(nn.Tanh()).state_dict())
