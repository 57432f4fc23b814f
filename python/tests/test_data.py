"""ntkit.load, load_labelled and inspect: what was written comes back; the program's own answers."""

from __future__ import annotations

import ntkit
import numpy as np
import pytest


@pytest.fixture
def table():
    """Numbers and words."""
    X = np.random.default_rng(2).normal(1, 2, (40, 3))
    return X, np.array(["no", "yes"])[np.arange(40) % 2]


def put(path, X, y=None):
    lines = [",".join(map(repr, x)) for x in X.tolist()]
    if y is not None:
        lines = [f"{line},{label}" for line, label in zip(lines, y)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_archives_are_read(table, tmp_path):
    X, _ = table
    np.savez(tmp_path / "a.npz", X=X, other=X[:, :1])
    assert np.array_equal(ntkit.load(f"{tmp_path}/a.npz:X"), X)
    assert np.array_equal(ntkit.load(f"{tmp_path}/a.npz:X", skip=3, limit=5), X[3:8])


def test_labels_beside_their_rows(table, tmp_path):
    X, y = table
    path = put(tmp_path / "both.csv", X, y)
    for column in (4, "4", -1):
        back, labels = ntkit.load_labelled(path, label_column=column)
        assert np.array_equal(back, X) and np.array_equal(labels, y)
        assert np.array_equal(ntkit.load(path, label_column=column), X)
    drawn, labels = ntkit.load_labelled(path, label_column=-1, subsample=9, shuffle=True, seed=4)
    where = [np.flatnonzero((X == x).all(1))[0] for x in drawn]
    assert len(set(where)) == 9 and np.array_equal(labels, y[where])


def test_labels_in_a_file_of_their_own(table, tmp_path):
    X, y = table
    data = put(tmp_path / "X.csv", X)
    np.save(tmp_path / "y.npy", np.arange(40.0))
    back, labels = ntkit.load_labelled(data, tmp_path / "y.npy", skip=10)
    assert np.array_equal(back, X[10:]) and np.array_equal(labels, np.arange(10.0, 40))
    (tmp_path / "y.csv").write_text("word,number\n" + "".join(f"{w},{len(w)}\n" for w in y))
    assert np.array_equal(ntkit.load_labelled(data, tmp_path / "y.csv", label_column="word")[1], y)


def test_inspect_is_the_programs(table, tmp_path, program):
    X, y = table
    path = put(tmp_path / "both.csv", X, y)
    for words, options in [
        ("", {}),
        ("--scale standardize --skip 4", {"scale": "standardize", "skip": 4}),
    ]:
        found = ntkit.inspect(path, label_column=-1, **options).to_dict()
        theirs = program(f"data inspect {path} --label-column -1 {words}")
        assert found["samples"] == 40 - options.get("skip", 0) and found["classes"] == 2
        for name, value in found.items():
            assert theirs[name] == value, name


def test_errors(table, tmp_path):
    X, y = table
    path = put(tmp_path / "both.csv", X, y)
    with pytest.raises(ValueError, match="column"):
        ntkit.load(path)
    with pytest.raises(ValueError, match="column"):
        ntkit.load_labelled(path, label_column="label")
    with pytest.raises(ValueError, match="labels"):
        ntkit.load_labelled(put(tmp_path / "X.csv", X), put(tmp_path / "short.csv", X[:7, :1]))
    for call in (ntkit.load, ntkit.load_labelled, ntkit.inspect):
        with pytest.raises(OSError, match="nowhere"):
            call(tmp_path / "nowhere.csv")
        with pytest.raises(ValueError, match="center"):
            call(put(tmp_path / "X.csv", X), scale="centre")
