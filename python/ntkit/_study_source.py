"""What a study is made of, as the text of a study file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np

PathLike = Union[str, "os.PathLike[str]"]


def read_source(source: Mapping[str, Any] | PathLike) -> tuple[str, str]:
    """The text of a study file, and what it is called in messages."""
    if isinstance(source, Mapping):
        return json.dumps(dict(source), default=_plain), "the study"
    if isinstance(source, str) and re.search(r"\n|^\s*\{|^\s*\w+:(\s|$)", source):
        return source, "the study"
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(
            f"a study is given as {type(source).__name__}; accepted: a dictionary, the text of a "
            "study file (YAML), or the path of one"
        )
    path = Path(source)
    return path.read_text(encoding="utf-8"), os.fspath(path)


def _plain(value: Any) -> Any:
    if isinstance(value, (range, set, frozenset)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(
        f"a study has a value of type {type(value).__name__}; accepted: numbers, texts, and lists, "
        "ranges, arrays and dictionaries of them"
    )


def listed(value: Any) -> str:
    """A value as the program's KEY=VALUE has it."""
    if isinstance(value, (str, int, float)):
        return str(value)
    plain = json.loads(json.dumps(value, default=_plain))
    return ",".join(map(str, plain)) if isinstance(plain, list) else str(plain)
