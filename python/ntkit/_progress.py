"""Progress of a call as a bar of tqdm's, which begins anew with each phase."""

from __future__ import annotations

import warnings
from typing import Any


class Bars:
    """Called as progress(phase, fraction); without tqdm it warns and shows nothing."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase: str | None = None
        try:
            with warnings.catch_warnings():  # a notebook without ipywidgets has bars of text
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm
        except ImportError:
            warnings.warn("progress=True needs tqdm: pip install tqdm", stacklevel=5)
            self._tqdm = None
        else:
            self._tqdm = tqdm

    def __call__(self, phase: str, fraction: float) -> None:
        if self._tqdm is None:
            return
        name = phase.partition(":")[0]  # what has been reached may follow
        if self._bar is None:
            bar = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
            self._bar = self._tqdm(total=1.0, desc=phase, bar_format=bar)
        elif name != self._phase:
            self._bar.reset()
        self._phase = name
        self._bar.set_description_str(phase, refresh=False)
        self._bar.update(fraction - self._bar.n)

    def close(self, done: bool = False) -> None:
        """done: what was called has come to its end, and so has the bar."""
        if self._bar is not None:
            if done:
                self._bar.update(1.0 - self._bar.n)
            self._bar.close()
            self._bar = self._phase = None
