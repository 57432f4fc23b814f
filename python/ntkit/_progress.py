"""Progress of a call as tqdm's bars, one for each phase."""

from __future__ import annotations

import warnings
from typing import Any


class Bars:
    """Called as progress(phase, fraction); without tqdm it warns and shows nothing."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase: str | None = None
        try:
            from tqdm.auto import tqdm
        except ImportError:
            warnings.warn("progress=True needs tqdm: pip install tqdm", stacklevel=5)
            self._tqdm = None
        else:
            self._tqdm = tqdm

    def __call__(self, phase: str, fraction: float) -> None:
        if self._tqdm is None:
            return
        if phase != self._phase:
            self.close()
            self._bar = self._tqdm(
                total=1.0,
                desc=phase,
                leave=False,
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {remaining}",
            )
            self._phase = phase
        self._bar.update(fraction - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = self._phase = None
