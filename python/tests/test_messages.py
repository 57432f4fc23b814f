"""What a refusal says: what was given, by the user's name for it, and what would be accepted."""

from __future__ import annotations

import math
import os
import re

import ntkit
import numpy as np
import pytest
from ntkit._result import ends

NET = ntkit.Network([5, 4], "tanh", outputs=3)
X = ntkit.generate("gaussian", 6, 5)


def refusal(kind, call, *arguments, **options):
    """The one line of the exception, which has to be of exactly this class."""
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    assert type(caught.value) is kind
    return str(caught.value)


def test_shapes_are_named_by_what_they_are_of():
    line = refusal(ValueError, ntkit.Network.from_weights, [np.ones((3, 4)), np.ones(4)])
    assert line == "weights[1] has shape (4,); accepted: n_(l-1) x n_l, two dimensions"
    line = refusal(ValueError, NET, np.ones((2, 5, 1)))
    assert line == "X has shape (2, 5, 1); accepted: N x 5, as X.reshape(len(X), -1) is"
    line = refusal(ValueError, NET, np.ones((2, 5, 2)))
    assert line == "X has shape (2, 5, 2); accepted: N x 5"
    line = refusal(ValueError, ntkit.train, NET, X, np.arange(6) % 3)
    assert line.endswith("(6, 3); of labels that are classes ntkit.Classes(y).encode(3) makes it")
    line = refusal(ValueError, ntkit.train, NET, X, np.ones((6, 2)))
    assert line == "y has shape (6, 2); accepted: (6, 3)"


def test_networks_say_how_biases_are_drawn_and_take_lists_of_activations():
    line = refusal(TypeError, ntkit.Network, [10, 20], bias=0.1)
    assert line.startswith("bias[0] is 0.1; accepted: True or False; ")
    assert "bias=True, bias_deviation=0.1" in line
    one, other = ("relu,leaky_relu(0.1)", ["relu", "leaky_relu(0.1)"])
    given = [ntkit.Network([4, 5, 6], phi) for phi in (one, other)]
    assert given[0].activation == given[1].activation == one
    weights = [np.ones((2, 3)), np.ones((3, 3)), np.ones((3, 1))]
    assert ntkit.Network.from_weights(weights, activation=other).activation == one
    assert "accepted: text" in refusal(TypeError, ntkit.Network, [4, 5], activation=["relu", 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda path: ntkit.load(path),
        lambda path: ntkit.inspect(path),
        lambda path: ntkit.Network.load(path, "tanh"),
        lambda path: ntkit.Model.load(path, "tanh"),
        lambda path: ntkit.Study.open(path),
    ],
)
def test_files_that_are_not_there_are_of_pythons_own_class(call, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        call(tmp_path / "nofile.npz")
    assert "nofile.npz" in str(caught.value)
    assert os.strerror(caught.value.errno) in str(caught.value)


def test_options_of_the_program_are_arguments_here(tmp_path):
    (tmp_path / "words.csv").write_text("1,2,cat\n3,4,dog\n")
    line = refusal(ValueError, ntkit.load, tmp_path / "words.csv")
    assert line.endswith(
        "column 3: 'cat' is no number; accepted: decimal numbers, or words in a label column (label_column)"
    )
    NET.save(tmp_path / "net")
    (tmp_path / "net" / "result.json").unlink()
    line = refusal(FileExistsError, NET.save, tmp_path / "net")
    assert line.endswith("expected another directory, or overwrite to replace it")
    line = refusal(ValueError, ntkit.labels, "teacher", X)
    assert line == "labels of a teacher need the network that they are for"
    (tmp_path / "a--b c").write_text("x")
    assert "a--b c" in refusal(ValueError, ntkit.load, tmp_path / "a--b c")


def test_a_tracked_epoch_knows_its_parameters():
    y = ntkit.labels("sign", X, NET)
    for keep in (False, True):
        points = ntkit.train(NET, X, y, epochs=3, track=1, track_weights=keep).track
        assert [point.parameters for point in points] == 4 * [NET.parameters]
        assert (points[0].theta is not None) == keep


def test_memory_is_in_units_that_people_read():
    with ntkit.Context(memory_limit=10**5):
        line = refusal(MemoryError, ntkit.Network, [200, 2000], "tanh")
    assert re.match(r"the weights need 3\.22 MB of memory, and 9\d\.?\d* kB are available un", line)
    line = refusal(MemoryError, ntkit.Network, [20000, 400_000_000], "tanh")
    assert re.match(r"the weights need 64\d{3} GB of memory, and ", line)
    rows = np.broadcast_to(np.zeros(20), (800_000, 20))
    line = refusal(MemoryError, ntkit.kernel, ntkit.Network([20, 2]), rows)
    assert line.startswith("K (800000, 800000) needs 5120 GB of memory, and ")


def test_whole_numbers_have_the_bounds_that_a_user_knows():
    line = refusal(ValueError, ntkit.generate, "gaussian", -1, 3)
    assert line == "N is -1; accepted: a whole number, 0 or more"
    line = refusal(ValueError, ntkit.Network([5, 4]).output, 3)
    assert line.startswith("output is 3; accepted: 0,")
    assert "a whole number from 0 to 2," in refusal(ValueError, NET.output, 3)


def test_paths_studies_and_conventions():
    assert refusal(TypeError, ntkit.inspect, X).endswith("accepted: a file's path")
    study = {"name": "a", "quantity": ["x"], "network": {"widths": [3, 3]}, "grid": {"N": [5]}}
    assert refusal(ValueError, ntkit.Study, study).startswith("the study: quantity: unknown")
    assert "network.widths" in refusal(ValueError, ntkit.Study, "name: a")
    text = "name: a\nnetwork:\n  widths: [3, 3]\nquantity: [x]\n"
    assert refusal(ValueError, ntkit.Study, text).startswith("the study:4: quantity")
    convert = ntkit.conventions.convert
    line = refusal(ValueError, convert, np.ones((4, 4)), "ntkit", outputs=3)
    assert line.endswith("accepted: target='ntkit', the mean over outputs")


def test_what_is_shown_is_short_and_whole(tmp_path):
    assert repr(ntkit.Context(2, 10**9)) == "ntkit.Context(threads=2, memory_limit=1000000000)"
    assert repr(ntkit.Context(2)) == "ntkit.Context(threads=2)"
    ledger = ntkit.verify(ntkit.Network([5, 4, 4]), X)
    assert "accepted: 'lambda_min_K'" in refusal(KeyError, ledger.__getitem__, "lambda_min")
    assert "lambda_min_K" in refusal(KeyError, ledger.__getitem__, "?")
    assert repr(ledger).count("\n") == 0
    study = {"name": "a", "quantity": ["lambda_min"], "trials": 1}
    study |= {"network": {"widths": [3, 3]}, "grid": {"d": 3, "N": [2, 3], "s": list(range(30))}}
    study = ntkit.Study(study, tmp_path / "a.db")
    assert "spec" not in repr(study.run(workers=1))
    plane = study.map("N", "s")
    assert len(repr(plane)) < 100 and repr(plane).startswith("StudyMap(x='N', y='s', quantity=")
    assert plane._repr_html_().count("<tr") > len(plane.cells) > 59


def test_a_certificate_shows_the_digits_that_tell_its_ends_apart():
    found = ntkit.spectrum(ntkit.Network([5, 20, 20], "tanh"), X, certify=True)
    for shown in (repr(found), repr(found.certificate)):
        lower, upper = (
            re.search(rf"[ (]{end}=([0-9.e+-]+)", shown).group(1) for end in ("lower", "upper")
        )
        assert float(lower) <= found.certificate.lower < found.certificate.upper <= float(upper)
        width = found.certificate.upper - found.certificate.lower
        assert float(upper) - float(lower) < 1.5 * width
        assert len(lower) < 16
        page = found._repr_html_()
        assert f">{lower}</td>" in page and f">{upper}</td>" in page
    assert "bounds=Bounds(lower_scale=400," in repr(found) and "Seconds" not in repr(found)
    assert "Certificate" not in repr(ntkit.spectrum(ntkit.Network([5, 20]), X))


@pytest.mark.parametrize(
    "lower, upper, shown",
    [
        (103.93501231, 103.93501872, ("103.935012", "103.935019")),
        (-2.5, -2.25, ("-2.5", "-2.25")),
        (1.2345678e-9, 1.2345678e-9 + 1e-13, ("1.234567e-9", "1.234668e-9")),
        (0.0, 0.0, ("0", "0")),
        (0.1, 0.1, ("0.1", "0.10000000000000001")),
        (math.nan, 1.0, ("nan", "1")),
        (1.0, math.inf, ("1", "inf")),
    ],
)
def test_ends_are_rounded_outwards(lower, upper, shown):
    assert ends(lower, upper) == shown


def test_a_saved_network_is_applied_to_what_it_is_given(tmp_path):
    NET.save(tmp_path / "net")
    model = ntkit.Model.load(tmp_path / "net")
    np.testing.assert_array_equal(model.predict(X), NET(X))
    np.testing.assert_array_equal(ntkit.predict(tmp_path / "net", X), NET(X))
    assert model.scaling is None
    NET.save(tmp_path / "net.npz")
    bare = ntkit.Model.load(tmp_path / "net.npz", "tanh")
    assert "the scaling must be given" in refusal(ValueError, bare.predict, X)
