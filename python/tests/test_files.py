"""Network.save and load: every format and layout gives the same bits back, to the program too."""

from __future__ import annotations

import json

import ntkit
import numpy as np
import pytest

NAMES = ["net.npz", "net.safetensors", "folder"]


@pytest.fixture(scope="module")
def net():
    """With everything that a network can have."""
    return ntkit.Network(
        [5, 5, 7],
        "tanh,leaky_relu(0.2)",
        seed=1,
        outputs=2,
        bias=[True, False, True],
        bias_deviation=0.5,
        parameterization="ntk(1.3,0.7)",
    )


@pytest.mark.parametrize("layout", [None, "torch", "flax"])
@pytest.mark.parametrize("name", NAMES)
def test_comes_back(net, tmp_path, name, layout):
    net.save(tmp_path / name, layout)
    folder = name == "folder"
    told = {} if folder else {"activation": net.activation, "parameterization": "ntk(1.3,0.7)"}
    back = ntkit.Network.load(tmp_path / name, **told)
    assert back.theta.tobytes() == net.theta.tobytes()
    assert (back.activation, back.scale, back.widths) == (net.activation, net.scale, net.widths)


def test_scales_of_zero_and_one_come_back(tmp_path):
    for i, scales in enumerate(["0,1,1", "1,0,1,0,1,1", "standard"]):
        frozen = ntkit.Network([3, 4, 5], bias=True, parameterization=scales)
        frozen.save(tmp_path / str(i))
        assert ntkit.Network.load(tmp_path / str(i)).scale == frozen.scale


def test_layouts_are_those_of_their_readers(net, tmp_path):
    net.save(tmp_path / "t.npz", "torch")
    net.save(tmp_path / "f.npz", "flax")
    with np.load(tmp_path / "t.npz") as torch, np.load(tmp_path / "f.npz") as flax:
        assert sorted(torch) == ["0.bias", "0.weight", "2.weight", "4.bias", "4.weight"]
        assert np.array_equal(torch["4.weight"], net.weights[2].T)
        assert np.array_equal(flax["params/Dense_2/kernel"], net.weights[2])
        assert np.array_equal(flax["params/Dense_0/bias"], net.biases[0])


def test_the_program_reads_it(net, program, tmp_path):
    X = ntkit.generate("gaussian", 10, 5, seed=3)
    net.save(tmp_path / "net")
    theirs = program(f"spectrum --load {tmp_path}/net --samples 10 --seed 3")
    assert theirs["lambda_min"] == ntkit.spectrum(net, X, seed=3).lambda_min
    answer = program(f"predict --load {tmp_path}/net --scale none --samples 10 --seed 3")
    assert np.array_equal(answer["outputs"], net(X))


def test_what_is_there_is_kept(net, tmp_path):
    other = ntkit.Network([5, 6], seed=2)
    for name in NAMES:
        path = tmp_path / name
        net.save(path)
        if name != "folder":  # which knows what save wrote
            with pytest.raises(FileExistsError, match="overwrite"):
                other.save(path)
        other.save(path, overwrite=True)
        assert ntkit.Network.load(path, "sigmoid").theta.tobytes() == other.theta.tobytes()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/W1.npy").write_text("mine")
    with pytest.raises(OSError, match="W1.npy"):
        other.save(tmp_path / "mine")
    assert (tmp_path / "mine/W1.npy").read_text() == "mine"


def test_errors(net, tmp_path):
    net.save(tmp_path / "net")
    net.save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match=r"\.npz, \.safetensors or into a directory"):
        net.save(tmp_path / "net.txt")
    with pytest.raises(ValueError, match="unknown layout 'keras'; accepted: torch"):
        net.save(tmp_path / "other", "keras")
    with pytest.raises(ValueError, match="activation must be given"):
        ntkit.Network.load(tmp_path / "net.npz")
    with pytest.raises(ValueError, match="has tanh,leaky_relu"):
        ntkit.Network.load(tmp_path / "net", "relu")
    with pytest.raises(OSError, match="cannot be read"):
        ntkit.Network.load(tmp_path / "nowhere")
    np.savez(tmp_path / "conv.npz", kernel=np.ones((3, 3, 2, 2)))
    with pytest.raises(ValueError, match="kernel"):
        ntkit.Network.load(tmp_path / "conv.npz", "relu")


def test_result_of_a_folder_tells_activation_and_scales(net, tmp_path):
    net.save(tmp_path / "net")
    result = json.loads((tmp_path / "net/result.json").read_text())
    assert result["network"]["activation"] == net.activation
    assert tuple(map(float, result["network"]["parameterization"].split(","))) == net.scale
