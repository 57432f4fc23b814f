"""ntkit.memorize, Classes, Model and predict: the program's own bits; labels reached; refusals."""

from __future__ import annotations

import gc

import ntkit
import numpy as np
import pytest

WORDS = "--data sphere --samples 80 --dim 15 --widths 40,60 --activation softplus --seed 5"


@pytest.fixture(scope="module")
def job():
    """Network and data."""
    X = ntkit.generate("sphere", 80, 15, seed=5)
    return ntkit.Network([15, 40, 60], "softplus", seed=5), X


def same(ours, theirs):
    for name, value in ours.items():
        if not name.startswith("seconds"):
            assert value == theirs[name], name


def weights_of(folder, network):
    return [np.load(folder / f"W{l}.npy").tobytes() for l in range(1, network.depth + 1)]


def bits(network):
    return [W.tobytes() for W in network.weights]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("", {}),
        ("--eps 1e-6 --absolute", {"eps": 1e-6, "absolute": True}),
        ("--iterative --eps 1e-8", {"iterative": True, "eps": 1e-8}),
    ],
)
def test_is_the_programs(job, program, tmp_path, words, options):
    net, X = job
    found = ntkit.memorize(net, X, ntkit.labels("gaussian", X, seed=5), **options, seed=5)
    folder = tmp_path / "out"
    same(found.to_dict(), program(f"memorize {WORDS} {words} --save {folder}"))
    assert found.verdict == "reached" and bits(found.network) == weights_of(folder, net)


def test_layers_of_given_weights_stay(job, program, tmp_path):
    """As the program's --load: net's layers up to L - 2, and half of the next one's units."""
    net, X = job
    given = ntkit.train(net, X, ntkit.labels("sign", X), epochs=3).network
    given.save(tmp_path / "given")
    found = ntkit.memorize(given, X, ntkit.labels("gaussian", X, seed=5), seed=5)
    folder = tmp_path / "out"
    program(f"memorize --data sphere --samples 80 --seed 5 --load {tmp_path}/given --save {folder}")
    assert bits(found.network) == weights_of(folder, net)
    assert bits(found.network)[0] == bits(given)[0]


def test_errors_are_those_of_the_network(job):
    net, X = job
    y = ntkit.labels("sign", X)
    error = ntkit.fit_error(net, X, y)
    off = net(X)[:, 0] - y
    assert abs(error.relative_error - np.linalg.norm(off) / np.linalg.norm(y)) < 1e-14
    assert error.max_error == np.abs(off).max() <= error.bound
    assert ntkit.fit_error(ntkit.memorize(net, X, y).network, X, y).bound < 1e-8


def test_several_outputs_and_sets_share_a_kernel(job):
    _, X = job
    net = ntkit.Network([15, 40, 60], "softplus", seed=5, outputs=3)
    Y = np.random.default_rng(1).normal(size=(2, 80, 3))
    both = ntkit.memorize_each(net, X, Y)
    for fit, wanted in zip(both, Y):
        assert np.abs(fit.network(X) - wanted).max() < 1e-8
        assert bits(fit.network) == bits(ntkit.memorize(net, X, wanted).network)
    alone = ntkit.memorize(net.output(1), X, Y[0, :, 1])
    assert np.abs(alone.network(X)[:, 0] - Y[0, :, 1]).max() < 1e-8
    del both
    gc.collect()
    with pytest.raises(ValueError, match=r"y has shape \(80,\); accepted: \(80, 3\)"):
        ntkit.memorize(net, X, Y[0, :, 0])
    with pytest.raises(TypeError, match="unexpected keyword argument 'epsilon'"):
        ntkit.memorize_each(net, X, Y, epsilon=1)


def test_not_reached_warns(job):
    net, X = job
    with pytest.warns(RuntimeWarning, match="eps was not reached") as told:
        found = ntkit.memorize(net, X, ntkit.labels("sign", X), eps=1e-300)
    assert found.verdict == "not_reached" and told[0].filename == __file__
    assert found.relative_error < 1e-8


def test_margin(program, tmp_path):
    """As the program's; outputs are beyond it on their labels' sides, where no equations are met."""
    X = ntkit.generate("sphere", 260, 15, seed=5)
    net, y = ntkit.Network([15, 12, 30], "tanh", seed=5), ntkit.labels("sign", X, seed=5)
    found = ntkit.memorize(net, X, y, margin=2.0, seed=5)
    words = "--data sphere --samples 260 --dim 15 --widths 12,30 --activation tanh --seed 5"
    same(
        found.to_dict(),
        program(f"memorize {words} --labels sign --margin 2 --save {tmp_path / 'out'}"),
    )
    assert found.separable == "yes" and found.margin_found >= 2
    assert (y * found.network(X)[:, 0]).min() >= 2
    assert ntkit.fit_error(found.network, X, y).margin_bound >= 2
    with pytest.warns(RuntimeWarning, match="the margin was not reached: .*not separable"):
        found = ntkit.memorize(ntkit.Network([15, 4, 30], "tanh", seed=5), X, y, margin=2.0)
    assert found.separable == "no" and found.combination <= 1e-13
    with pytest.raises(ValueError, match="the margin is -1; accepted"):
        ntkit.memorize(net, X, y, margin=-1.0)


def test_equal_samples_are_named(job):
    net, X = job
    X = np.array(X)
    X[7] = X[3]
    with pytest.raises(ValueError, match="4 and 8"):
        ntkit.memorize(net, X, ntkit.labels("gaussian", X))


def test_classes_of_words_and_numbers():
    for y in (["b", "a", "c", "a"], [5, -1, 7, -1]):
        classes = ntkit.Classes(y)
        assert classes.names.tolist() == sorted(set(y)) and classes.count == 3
        signs = [[-1, 1, -1], [1, -1, -1], [-1, -1, 1], [1, -1, -1]]
        assert classes.encode().tolist() == signs
        assert classes.encode(3, other=0).tolist() == (np.array(signs) > 0).tolist()
        assert classes.against_rest().tolist() == np.transpose(signs).tolist()
        F = np.array([[0, 3, 1], [2, 1, 1], [0, 0, 1e-9], [5, 5, 0]])
        assert classes.decode(F).tolist() == y
        assert classes.choose(F.T).tolist() == y
        with pytest.raises(ntkit.NumericError, match="sample 1 are not finite"):
            classes.decode([[0, 1, 2], [0, np.nan, 1]])
        with pytest.raises(ValueError, match=r"accepted: \(N, 3\)"):
            classes.decode(F[:, :2])
        with pytest.raises(ValueError, match=r"accepted: \(3, N\)"):
            classes.choose(F[:, :2])
    two = ntkit.Classes([3, 1, 3])
    assert two.encode(1).tolist() == [[1], [-1], [1]]
    assert two.decode([0.1, -0.1, 7]).tolist() == [3, 1, 3]
    assert repr(two) == "<ntkit.Classes of 3 labels: 2, 1, 3>"
    for y, error, line in [
        ([0.5, 1], ValueError, "whole number"),
        ([4, 4], ValueError, "every label is 4"),
        (["a", "a"], ValueError, "every label is 'a'; accepted: two classes or more"),
        (["a", None], TypeError, "y has entries of type object"),
    ]:
        with pytest.raises(error, match=line):
            ntkit.Classes(y)


@pytest.mark.parametrize("words", ["yes,no,maybe", "2,1,0"])
def test_model_of_the_program(tmp_path, program, words):
    """A network for each class, by the program; and one with an output for each, and scaling."""
    words = words.split(",")
    rng = np.random.default_rng(3)
    X, which = rng.normal(2, 3, (60, 5)), np.arange(60) % 3
    lines = [",".join(map(repr, x)) + f",{words[c]}" for x, c in zip(X.tolist(), which)]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    data = f"--data {tmp_path}/data.csv --label-column -1 --scale standardize"
    network = "--classes --widths 20,60 --activation tanh --seed 1"
    program(f"memorize {data} {network} --save {tmp_path}/each")
    program(f"train {data} {network} --outputs 3 --epochs 20 --save {tmp_path}/one")
    labels = np.array([words[c] for c in which])
    for name, count, encoding in [("each", 3, None), ("one", 1, "signs")]:
        model = ntkit.Model.load(tmp_path / name)
        assert model.scaling == "standardize" and model.encoding == encoding
        assert len(model.networks) == count and model.activation == "tanh"
        assert model.classes.astype(str).tolist() == sorted(words)
        answer = program(
            f"predict --load {tmp_path}/{name} --data {tmp_path}/data.csv --label-column -1"
        )
        outputs = np.array(answer["outputs"])
        assert np.array_equal(model(X), outputs.T if count > 1 else outputs)
        told = ntkit.predict(tmp_path / name, X)
        assert np.mean(told.astype(str) == labels) == answer["accuracy"]
        assert np.array_equal(told, model.predict(X))
    X, y = ntkit.load_labelled(tmp_path / "data.csv", label_column=-1, scale="standardize")
    classes = ntkit.Classes(y)
    net = ntkit.Network([5, 20, 60], "tanh", seed=1, outputs=3)
    fit = ntkit.train(net, X, classes.encode(3), epochs=20, seed=1).network
    assert bits(fit) == bits(ntkit.Model.load(tmp_path / "one").networks[0])
    net = ntkit.Network([5, 20, 60], "tanh", seed=1)
    each = ntkit.memorize_each(net, X, classes.against_rest(), seed=1)
    assert [bits(one.network) for one in each] == [
        bits(network) for network in ntkit.Model.load(tmp_path / "each").networks
    ]
    assert ntkit.Model.load(tmp_path / "each").certificate.bound < 1e-8
    assert "Model of 3 x" in repr(ntkit.Model.load(tmp_path / "each"))


def test_model_of_weights_alone(job, tmp_path):
    net, X = job
    net.save(tmp_path / "net.npz")
    model = ntkit.Model.load(tmp_path / "net.npz", activation="softplus")
    assert (model.classes, model.command, model.certificate) == (None, None, None)
    assert ntkit.predict(model, X, scale="none").tobytes() == net(X).tobytes()
    assert ntkit.predict(net, X).tobytes() == net(X).tobytes()
    with pytest.raises(ValueError, match="scaling must be given"):
        model(X)
    with pytest.raises(ValueError, match="accepted: none"):
        ntkit.predict(net, X, scale="center")
    with pytest.raises(ValueError, match="activation must be given"):
        ntkit.Model.load(tmp_path / "net.npz")
    del model
    gc.collect()


def test_a_selected_output_is_a_network_of_one():
    """Its labels are N numbers, whatever the network that it was selected from has."""
    X = ntkit.generate("gaussian", 20, 10, seed=1)
    net = ntkit.Network([10, 24, 24], seed=1, outputs=3, activation="tanh").output(1)
    y = np.linspace(-1, 1, 20)
    found = ntkit.memorize(net, X, y)
    assert found.network.outputs == 1
    np.testing.assert_allclose(found.network(X)[:, 0], y, atol=1e-9)
    assert ntkit.labels("teacher", X, net=net, seed=2).shape[0] == 20


def test_classes_stay_as_they_were_given():
    y = np.array([0.0, 1.0, 2.0, 0.0])
    classes = ntkit.Classes(y)
    wanted = classes.encode(), classes.against_rest()
    y[:] = [7, 8, 9, 7]
    assert np.array_equal(classes.encode(), wanted[0])
    assert np.array_equal(classes.against_rest(), wanted[1])


@pytest.mark.parametrize("shape", [(0,), (), (3, 2), (2, 1, 1), (0, 1)])
def test_classes_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="y has shape .*; accepted"):
        ntkit.Classes(np.zeros(shape))
    column = ntkit.Classes(np.array([[1], [2], [1]]))
    assert column.encode(1).tolist() == [[-1], [1], [-1]]


@pytest.mark.parametrize("shape", [(2,), (2, 3, 2), (2, 3, 1, 1), (3, 2)])
def test_outputs_of_another_shape_mean_no_classes(shape):
    with pytest.raises(ValueError, match=r"F has shape .*; accepted: \(2, N\)"):
        ntkit.Classes([1, 2, 1]).choose(np.zeros(shape))


def test_sets_of_labels_from_an_iterator_and_none():
    X = np.eye(3)
    net = ntkit.Network([3, 6, 8], "tanh", seed=1)
    found = ntkit.memorize_each(net, X, (c * np.ones(3) for c in (1.0, 2.0)))
    for c, one in zip((1.0, 2.0), found):
        np.testing.assert_allclose(one.network(X), c, rtol=1e-9)
    with pytest.raises(ValueError, match="ys is empty; accepted: one set"):
        ntkit.memorize_each(net, X, [])
