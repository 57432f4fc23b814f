"""Shapes and factors of the table, from a Jacobian of one's own; the table in the documents.

That the rows are what the packages do is tested beside these, in python/tests_peers.
"""

from __future__ import annotations

from pathlib import Path

import ntkit
import numpy as np
import pytest
from ntkit import conventions

N, M, C, P = 4, 3, 2, 7
RNG = np.random.default_rng(3)
J, G = RNG.standard_normal((N, C, P)), RNG.standard_normal((M, C, P))
KERNELS = {  # of two sets of samples, by their definitions
    "ntkit all": J.reshape(-1, P) @ G.reshape(-1, P).T,
    "ntkit": sum(J[:, c] @ G[:, c].T for c in range(C)) / C,
    "torch.func": np.einsum("Naf,Mbf->NMab", J, G),
    "torch.func trace": np.einsum("Naf,Maf->NM", J, G),
    "torch.func diagonal": np.einsum("Naf,Maf->NMa", J, G),
    "neural-tangents": np.einsum("Naf,Maf->NM", J, G) / C,
    "neural-tangents full": np.einsum("Naf,Mbf->NMab", J, G),
    "neural-tangents diagonal": np.einsum("Naf,Maf->NMa", J, G),
    "nngeometry": np.einsum("Naf,Mbf->aNbM", J, G),
}
RICHNESS = {"(ic)(je)": 2, "ijce": 2, "ciej": 2, "ijc": 1, "ij": 0}


def test_every_kernel_of_the_table_is_here():
    assert set(KERNELS) | {"curvlinops ggn"} == {row.name for row in conventions.TABLE}


@pytest.mark.parametrize("source", KERNELS)
@pytest.mark.parametrize("target", KERNELS)
def test_one_into_the_other(source, target):
    rich = [RICHNESS[conventions.find(name).axes] for name in (source, target)]
    if rich[0] < rich[1]:
        with pytest.raises(ValueError, match="does not have what"):
            conventions.convert(KERNELS[source], source, target, outputs=C)
    else:
        found = conventions.convert(KERNELS[source], source, target, outputs=C)
        assert found.shape == KERNELS[target].shape and found.flags.c_contiguous
        assert np.allclose(found, KERNELS[target], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("source", KERNELS)
@pytest.mark.parametrize("target", KERNELS)
def test_one_output_is_all_there_is(source, target):
    K = RNG.standard_normal((N, M))
    shapes = {"ij": (N, M), "ijc": (N, M, 1), "ijce": (N, M, 1, 1), "ciej": (1, N, 1, M)}
    shape = [shapes.get(conventions.find(name).axes, (N, M)) for name in (source, target)]
    found = conventions.convert(K.reshape(shape[0]), source, target)
    assert found.shape == shape[1] and (found.ravel() == K.ravel()).all()


def test_the_result_is_an_array_of_its_own():
    K = np.eye(4)
    conventions.convert(K, "ntkit", "neural-tangents")[:] = 7
    assert (K == np.eye(4)).all()


def test_factors():
    assert conventions.factor("torch.func trace", outputs=4) == 1 / 4
    assert conventions.factor("ntkit", "torch.func trace", outputs=4) == 4
    assert conventions.factor("curvlinops ggn", samples=6, outputs=3) == 9
    assert conventions.factor("neural-tangents", samples=6, outputs=3) == 1


def test_refused():
    with pytest.raises(ValueError, match="^no convention 'gp'; accepted: 'ntkit all', 'ntkit', "):
        conventions.factor("gp")
    with pytest.raises(ValueError, match=r"has axes ciej with 2 outputs; this has shape \(4, 4\)$"):
        conventions.convert(np.eye(4), "nngeometry", outputs=2)
    with pytest.raises(ValueError, match=r"has axes \(ic\)\(je\) with 3 outputs; this has shape"):
        conventions.convert(np.eye(4), "ntkit all", outputs=3)
    with pytest.raises(ValueError, match="has no kernel; accepted: factor"):
        conventions.convert(np.eye(4), "curvlinops ggn")


def test_the_table_is_in_the_documents():
    notation = Path(__file__).parents[2] / "docs" / "notation.md"
    assert conventions.markdown() in notation.read_text()
    assert ntkit.conventions is conventions


def test_stax_scales_its_parameters():
    w, b = RNG.standard_normal((3, 4)), RNG.standard_normal((1, 4))
    v, c = RNG.standard_normal((4, 2)), RNG.standard_normal((1, 2))
    params, X = [(w, b), (), [(v, c)]], RNG.standard_normal((5, 3))
    net = ntkit.Network.from_stax(params, "tanh", W_std=1.5, b_std=0.1)
    hidden = np.tanh(X @ (1.5 / np.sqrt(3) * w) + 0.1 * b)
    expected = hidden @ (1.5 / 2 * v) + 0.1 * c
    assert np.allclose(net(X), expected, rtol=1e-13, atol=1e-13)
    assert np.allclose(net.scale, [1.5**2 / 3, 0.01, 1.5**2 / 4, 0.01], rtol=1e-15)
    net = ntkit.Network.from_stax(params, "tanh", W_std=1.5, parameterization="standard")
    assert np.allclose(net(X), np.tanh(X @ w + b) @ v + c, rtol=1e-13) and set(net.scale) == {1.0}
    assert ntkit.Network.from_stax([(w, None), (), (v, None)], "tanh").biases == (None, None)
    with pytest.raises(ValueError, match="parameterization 'mup'; accepted: 'ntk', 'standard'"):
        ntkit.Network.from_stax(params, "tanh", parameterization="mup")
    with pytest.raises(TypeError, match="params has str; accepted: what init_fn of stax.serial"):
        ntkit.Network.from_stax("params", "tanh")
