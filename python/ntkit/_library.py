"""The library and how it is called: contexts, errors as exceptions, interruption, progress, forks.

A context belongs to one thread at a time (ntkit.h). Here each thread has one of its own, unless it
enters another by `with ntkit.Context(...)`; a lock makes one that several threads share safe. The
library asks a few times a second whether to go on: that is where Ctrl-C and a caller's own
exceptions end a call.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections import deque
from typing import Any, Callable, Union

from typing_extensions import Self

from ntkit._native import ffi, lib

Progress = Union[bool, Callable[[str, float], None]]

_INTERVAL = 0.05  # seconds between two looks for Ctrl-C


class NumericError(ArithmeticError):
    """An iteration that did not converge, a matrix that is not positive definite, a wrong BLAS."""


_EXCEPTIONS: dict[int, type[Exception]] = {
    lib.NTK_ERR_ARGUMENT: ValueError,
    lib.NTK_ERR_SHAPE: ValueError,
    lib.NTK_ERR_LIMIT: ValueError,
    lib.NTK_ERR_FORMAT: ValueError,
    lib.NTK_ERR_NOT_FINITE: ValueError,
    lib.NTK_ERR_MEMORY: MemoryError,
    lib.NTK_ERR_FILE: OSError,
    lib.NTK_ERR_NUMERIC: NumericError,
    lib.NTK_ERR_BLAS: NumericError,
}


class _Thread(threading.local):
    """What each thread has: contexts entered, its own, and what a callback has raised."""

    def __init__(self) -> None:
        self.entered: list[Context] = []
        self.own: Context | None = None
        self.raised: BaseException | None = None


_thread = _Thread()
_process = {"forks": 0, "threads_used": False, "inherited": False}


def text(pointer: Any) -> str:
    """A C string, as str; NULL: ""."""
    return "" if pointer == ffi.NULL else ffi.string(pointer).decode("utf-8", "replace")


def fail(status: int) -> None:
    """Raises what a status other than NTK_OK stands for, with the library's own line."""
    raised, _thread.raised = _thread.raised, None
    if raised is not None:
        raise raised
    if status != lib.NTK_OK:
        raise _EXCEPTIONS.get(status, RuntimeError)(text(lib.ntk_error_message()))


def check(status: int) -> None:
    """The same for functions that have no context, and so are short."""
    if status != lib.NTK_OK:
        fail(status)


class Context:
    """Threads and memory of the calls made within it, in the thread that enters it.

    with ntkit.Context(threads=1):
        ntkit.spectrum(net, X)

    threads: 0: every core that the process may use. memory_limit: bytes that may be allocated; 0:
    what the machine has. Several threads that share one take turns; with one each they compute at
    once. ValueError for what is not accepted; RuntimeError in a forked process for more than one
    thread, where the parent had used several (OpenMP's threads do not survive a fork).
    """

    def __init__(self, threads: int = 0, memory_limit: int = 0) -> None:
        if threads != 1 and _process["inherited"]:
            raise RuntimeError(
                "this process was forked from one that had used ntkit with several threads, which "
                "a fork does not take along: use Context(threads=1) here, or start processes by "
                "'spawn' or 'forkserver'"
            )
        self._lock = threading.RLock()
        self._dead: deque[tuple[Any, Any]] = deque()
        self._progress: Callable[[str, float], None] | None = None
        self._forks = _process["forks"]
        self._handle = ffi.new_handle(self)
        self._pulse = ffi.new("ntk_pulse *", {"interval": _INTERVAL, "handle": self._handle})
        options = ffi.new("ntk_context_options *")
        options.threads = threads
        options.memory_limit = memory_limit
        options.progress = lib.ntk_pulse_beat
        options.progress_user = self._pulse
        out = ffi.new("ntk_context **")
        check(lib.ntk_context_create(options, out))
        self.pointer = ffi.gc(out[0], lib.ntk_context_destroy)
        self.threads: int = lib.ntk_context_environment(self.pointer).threads

    def __enter__(self) -> Self:
        _thread.entered.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _thread.entered.remove(self)

    def __repr__(self) -> str:
        return f"ntkit.Context(threads={self.threads})"

    @property
    def memory_in_use(self) -> int:
        """Bytes that the library holds for it now."""
        return int(lib.ntk_memory_in_use(self.pointer))

    @property
    def memory_peak(self) -> int:
        """The most bytes that it has held at once."""
        return int(lib.ntk_memory_peak(self.pointer))

    def call(self, function: Any, *args: Any, progress: Progress = False) -> None:
        """One call of a function that may take long; raises what its status stands for.

        The GIL is released meanwhile. Whatever a callback raises, KeyboardInterrupt too, ends it.
        """
        if self._forks != _process["forks"]:
            raise RuntimeError(
                "this object was made before the process was forked: make it anew in the child"
            )
        with self._lock:
            self._drain()
            if self.threads > 1:
                _process["threads_used"] = True
            before, self._progress = self._progress, _reporter(progress)
            self._pulse.stop = False
            try:
                status = function(*args)
                fail(status)
            finally:
                if self._progress is not None and hasattr(self._progress, "close"):
                    self._progress.close()
                self._progress = before

    def make(self, kind: str, destroy: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What function(..., kind **out) makes, to be destroyed with the last reference to it."""
        out = ffi.new(kind + " **")
        self.call(function, *args, out, **kwargs)
        return ffi.gc(out[0], lambda pointer: self._bury(destroy, pointer))

    def _bury(self, destroy: Any, pointer: Any) -> None:
        # The collector may call from any thread: what another one is computing with must wait.
        if self._forks != _process["forks"]:
            return
        self._dead.append((destroy, pointer))
        if self._lock.acquire(blocking=False):
            try:
                self._drain()
            finally:
                self._lock.release()

    def _drain(self) -> None:
        while self._dead:
            destroy, pointer = self._dead.popleft()
            destroy(pointer)


def current() -> Context:
    """The context of a call made now: the one entered last by this thread, or the thread's own."""
    if _thread.entered:
        return _thread.entered[-1]
    if _thread.own is None:
        if _process["inherited"]:
            warnings.warn(
                "ntkit computes with one thread in this process, which was forked from one that "
                "had used several; start processes by 'spawn' to have them all",
                RuntimeWarning,
                stacklevel=3,
            )
        _thread.own = Context(threads=1 if _process["inherited"] else 0)
    return _thread.own


def _reporter(progress: Progress) -> Callable[[str, float], None] | None:
    if progress is True:
        from ntkit._progress import Bars

        return Bars()
    return progress if callable(progress) else None


@ffi.def_extern(
    name="ntk_pulse_ask", error=False, onerror=lambda _type, error, _trace: _keep(error)
)
def _ask(phase: Any, fraction: float, handle: Any) -> bool:
    progress = ffi.from_handle(handle)._progress
    if progress is not None:
        progress(text(phase), fraction)
    return True


def _keep(error: BaseException) -> None:
    _thread.raised = error


def _forked() -> None:
    _process["forks"] += 1
    _process["inherited"] = _process["inherited"] or _process["threads_used"]
    _thread.entered.clear()
    _thread.own = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
