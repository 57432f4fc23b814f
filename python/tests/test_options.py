"""Options: each keyword reaches its member of the library's struct; what C cannot hold is refused."""

from __future__ import annotations

import inspect

import ntkit
import numpy as np
import options
import pytest
from ntkit import _options
from ntkit._native import ffi

X = np.eye(3)
NET = ntkit.Network([3, 4, 5])
ELSEWHERE = {  # members that a keyword of another name is for
    "lr_rule": "lr",
    "track_epochs": "track",
    "track_each": "callback",
    "client": "split",
    "track_user": "callback",
    "progress_user": "progress",
    "outputs": "output",
    "prefix_count": "prefixes",
    "below": "net",
    "network": "distance",
    "spec": "net",
    "limit": "kernel",
    "times": "time",
    "ridge_list": "ridge",
    "ridges": "ridge",
    "test_labels": "y_test",
}


@pytest.mark.parametrize(
    ("function", "struct"),
    [
        (ntkit.spectrum, "ntk_spectrum_options"),
        (ntkit.limit_spectrum, "ntk_limit_options"),
        (ntkit.train, "ntk_train_options"),
        (ntkit.kernel_regression, "ntk_regression_options"),
        (ntkit.memorize, "ntk_memorize_options"),
        (ntkit.verify, "ntk_verify_options"),
    ],
)
def test_every_option_has_a_keyword(function, struct):
    members = [ELSEWHERE.get(name, name) for name, _ in ffi.typeof(struct).fields]
    keywords = set(inspect.signature(function).parameters)
    assert set(members) <= keywords
    arguments = {"net", "X", "y", "X_test", "distribution", "output", "progress", "callback"}
    assert keywords - set(members) - arguments == set()


def test_spectrums_options_are_the_librarys():
    values = {
        "full": True,
        "per_block": True,
        "certify": True,
        "tolerance": 1e-3,
        "vectors": 3,
        "density": True,
        "probes": 2,
        "steps": 5,
        "precision": "mixed",
        "seed": 2**64 - 1,
        "method": "factor",
        "resolve": True,
    }
    elsewhere = {"outputs", "kernel_path", "block_path", "prefixes", "prefix_count"}
    options.check(ntkit.spectrum, (NET, X), "ntk_spectrum_options", values, elsewhere)
    several = ntkit.Network([3, 4, 5], outputs=2)
    for name, number in (("trace", 0), ("all", 1)):
        found = options.handed(
            "ntk_spectrum_options", lambda n=name: ntkit.spectrum(several, X, output=n)
        )
        assert found["outputs"] == number


def test_regressions_options_are_the_librarys():
    values = {"ridge": 0.5, "lr": 0.25, "loss": "mean", "centered": True, "seed": 3}
    elsewhere = {"limit", "test_labels", "time", "times", "ridge_list", "ridges"}
    arguments = (NET, X, [1.0, 2.0, 3.0], X)
    options.check(ntkit.kernel_regression, arguments, "ntk_regression_options", values, elsewhere)


def test_networks_options_are_the_librarys():
    values = {
        "activation": "tanh",
        "init": "he",
        "seed": 7,
        "gamma": 0.5,
        "outputs": 3,
        "bias_deviation": 0.25,
        "parameterization": "ntk",
    }
    elsewhere = {"depth", "width", "beta", "bias", "scale"}  # arrays
    options.check(ntkit.Network, ([3, 4],), "ntk_network_spec", values, elsewhere)
    spec = options.handed(
        "ntk_network_spec", lambda: ntkit.Network([3, 4], beta=[0.5, 2], bias=[True, False])
    )
    assert spec["depth"] == 2
    assert [spec["width"][i] for i in range(2)] == [3, 4]
    assert [spec["beta"][i] for i in range(2)] == [0.5, 2]
    assert [spec["bias"][i] for i in range(2)] == [True, False]
    spec = options.handed(
        "ntk_network_spec", lambda: ntkit.Network.from_weights([X, X], scale=[1, 0, 2, 0])
    )
    assert [spec["scale"][i] for i in range(4)] == [1, 0, 2, 0]


def test_rows_of_a_file_are_the_librarys():
    values = {
        "skip": 1,
        "limit": 2,
        "subsample": 3,
        "shuffle": True,
        "label_column": "y",
        "seed": 4,
    }
    elsewhere = {"count"}  # as limit, where fewer are an error
    elsewhere |= {"hold_out", "held_out"}  # of arrays NumPy takes any rows
    options.check(ntkit.load, ("X.csv",), "ntk_rows", values, elsewhere)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3), True + 2])
def test_whole_numbers_of_any_kind(value):
    assert _options.whole(value, "seed") == 3


@pytest.mark.parametrize("value", [1, True, np.True_, np.array(True), np.int32(1)])
def test_flags_of_any_kind(value):
    assert _options.flag(value, "full") is True


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2.0), np.int64(2)])
def test_real_numbers_of_any_kind(value):
    assert _options.real(value, "tolerance") == 2.0


REFUSED = [
    (
        lambda: ntkit.spectrum(NET, X, seed=-1),
        ValueError,
        "seed is -1; accepted: a whole number, 0 or more",
    ),
    (lambda: ntkit.spectrum(NET, X, seed=2**64), ValueError, "seed is 18446744073709551616; acc"),
    (lambda: ntkit.spectrum(NET, X, seed=1.0), TypeError, "seed is 1.0; accepted: a whole number"),
    (lambda: ntkit.spectrum(NET, X, vectors=10**5000), ValueError, "vectors is of type int; acc"),
    (lambda: ntkit.spectrum(NET, X, vectors="3"), TypeError, "vectors is '3'; accepted: a whole"),
    (lambda: ntkit.spectrum(NET, X, tolerance=np.nan), ValueError, "tolerance is nan; accepted: a"),
    (lambda: ntkit.spectrum(NET, X, tolerance="1"), TypeError, "tolerance is '1'; accepted: a rea"),
    (lambda: ntkit.spectrum(NET, X, tolerance=1j), TypeError, "tolerance is 1j; accepted: a real"),
    (lambda: ntkit.spectrum(NET, X, tolerance=[1]), TypeError, r"is \[1\]; accepted: a real"),
    (lambda: ntkit.spectrum(NET, X, full="yes"), TypeError, "full is 'yes'; accepted: True or"),
    (lambda: ntkit.spectrum(NET, X, full=2), TypeError, "full is 2; accepted: True or False"),
    (lambda: ntkit.spectrum(NET, X, full=0.5), TypeError, "full is 0.5; accepted: True or"),
    (lambda: ntkit.spectrum(NET, X, output=1), ValueError, "output is 1; accepted: .* 'trace'"),
    (lambda: ntkit.spectrum(NET, X, output="mean"), ValueError, "'mean'; known: trace, all"),
    (lambda: ntkit.spectrum(NET, X, output=None), TypeError, "output is None; accepted: .* 'all'"),
    (lambda: ntkit.kernel(NET, X, blocks=[3]), ValueError, "of blocks is 3; accepted: .*0 to 2"),
    (lambda: ntkit.kernel(NET, X, blocks=0), TypeError, "blocks is of type int; accepted: a list"),
    (lambda: ntkit.kernel(NET, X, blocks="01"), TypeError, "blocks is of type str; accepted: a l"),
    (lambda: ntkit.Network(3), TypeError, "widths is of type int; accepted: a list of numbers"),
    (lambda: ntkit.Network([3, "4"]), TypeError, r"widths\[1\] is '4'; accepted: a whole number"),
    (lambda: ntkit.Network([3, -4]), ValueError, r"widths\[1\] is -4; accepted: a whole number"),
    (lambda: ntkit.Network([3, 4], "ta\0nh"), ValueError, "activation is .*without a NUL"),
    (lambda: ntkit.Network([3, 4], "tänh"), ValueError, "'tänh'; did you mean 'tanh'?"),
    (lambda: ntkit.Network([3, 4], "\udc80\ud800"), ValueError, "accepted: text that UTF-8"),
    (lambda: ntkit.Network([3, 4], 5), TypeError, "activation is 5; accepted: text"),
    (lambda: ntkit.Network([3, 4], beta=[1]), ValueError, "beta has 1 entries; accepted: 2, or on"),
    (lambda: ntkit.Network([3, 4], beta=10**400), ValueError, r"accepted: a real number up to"),
    (lambda: ntkit.Network([3, 4], bias="yes"), TypeError, "bias is of type str; accepted: a list"),
    (lambda: ntkit.Network([3, 4], bias=[1, 2]), TypeError, r"bias\[1\] is 2; accepted: True or"),
    (lambda: ntkit.generate("gaussian", 2.5, 3), TypeError, "N is 2.5; accepted: a whole number"),
    (lambda: ntkit.generate("gaussian", 2, -3), ValueError, "d is -3; accepted: a whole number"),
    (lambda: ntkit.Context(threads=-1), ValueError, "threads is -1; accepted: 1 to"),
    (lambda: ntkit.Context(threads=2**31), ValueError, "threads is 2147483648; accepted: a whole"),
    (lambda: ntkit.Context(memory_limit=-1), ValueError, "memory_limit is -1; accepted: a whole"),
    (lambda: ntkit.load(3), TypeError, "path is 3; accepted: a file's path"),
    (lambda: ntkit.load("a\0b"), ValueError, "path is .*; accepted: text without a NUL"),
    (lambda: ntkit.load("x.npy", scale="no"), ValueError, "'no'"),
    (lambda: ntkit.load("/there/is/none.npy"), OSError, "none.npy"),
]


@pytest.mark.parametrize("call, error, line", REFUSED)
def test_refusals(call, error, line):
    with pytest.raises(error, match=line) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_lists_are_taken_as_they_are_now():
    beta = np.array([0.5, 2.0])
    net = ntkit.Network(iter([3, 4]), beta=beta, bias=iter([True, False]))
    same = ntkit.Network([3, 4], beta=[0.5, 2], bias=[True, False])
    beta[:] = 100
    assert [net._spec().c.beta[i] for i in range(2)] == [0.5, 2]
    assert np.array_equal(net.theta, same.theta)


def test_what_would_be_passed_over_is_refused():
    with pytest.raises(TypeError, match="an entry of blocks is True; accepted: a whole number"):
        ntkit.kernel(NET, X, blocks=[True, False, False])
    with pytest.raises(TypeError, match="output is True"):
        ntkit.kernel(ntkit.Network([3, 4], outputs=2), X, output=True)
    with pytest.raises(ValueError, match="outputs is 0; accepted: a whole number, 1 or more"):
        ntkit.Network([3, 4], outputs=0)
    with pytest.raises(ValueError, match="scale and parameterization are given.*; accepted: one"):
        ntkit.Network.from_weights([X, X], scale=[1, 0, 2, 0], parameterization="ntk")


@pytest.mark.parametrize("track", [[0, 2], (0, 2), {0, 2}, range(0, 3, 2), np.array([0, 2])])
def test_tracked_epochs_of_any_kind(track):
    found = ntkit.train(NET, X, X[0], epochs=3, track=track)
    assert [point.epoch for point in found.track] == [0, 2, 3]


@pytest.mark.parametrize("track", [[], 1.5, True, [1.5], [-1], [[1, 2]]])
def test_epochs_that_are_none_are_refused(track):
    with pytest.raises((TypeError, ValueError), match="track(\\[0\\])? is .*; accepted: "):
        ntkit.train(NET, X, X[0], epochs=3, track=track)
