"""Every option of the library's calls has its keyword: none can be forgotten when one is added."""

from __future__ import annotations

import inspect

import ntkit
import pytest
from ntkit._native import ffi

ELSEWHERE = {  # members that a keyword of another name is for
    "lr_rule": "lr",
    "track_epochs": "track",
    "track_each": "callback",
    "track_user": "callback",
    "progress_user": "progress",
    "outputs": "output",
    "below": "net",
    "spec": "net",
}


@pytest.mark.parametrize(
    ("function", "struct"),
    [
        (ntkit.spectrum, "ntk_spectrum_options"),
        (ntkit.train, "ntk_train_options"),
        (ntkit.memorize, "ntk_memorize_options"),
        (ntkit.verify, "ntk_verify_options"),
    ],
)
def test_every_option_has_a_keyword(function, struct):
    members = [ELSEWHERE.get(name, name) for name, _ in ffi.typeof(struct).fields]
    keywords = set(inspect.signature(function).parameters)
    assert set(members) <= keywords
    arguments = {"net", "X", "y", "distribution", "output", "progress", "callback"}
    assert keywords - set(members) - arguments == set()
