"""The library and how it is called: contexts, errors as exceptions, interruption, progress, forks.

A context belongs to one thread at a time (ntkit.h). Here each thread has one of its own, unless it
enters another by `with ntkit.Context(...)`; a lock makes one that several threads share safe. The
library asks a few times a second whether to go on: that is where Ctrl-C and a caller's own
exceptions end a call.
"""

from __future__ import annotations

import atexit
import errno
import functools
import math
import os
import re
import sys
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Union

from ntkit._native import ffi, lib
from ntkit._options import Struct

if TYPE_CHECKING:
    from typing_extensions import Self

Progress = Union[bool, Callable[[str, float], object]]

_INTERVAL = 0.03  # seconds between two looks for Ctrl-C


class NumericError(ArithmeticError):
    """An iteration that did not converge, a matrix that is not positive definite, a wrong BLAS."""


lib.ntk_io_formats()  # whatever reads a file reads .npz, .safetensors, HDF5 and gzip's too

_EXCEPTIONS: dict[int, type[BaseException]] = {
    lib.NTK_ERR_ARGUMENT: ValueError,
    lib.NTK_ERR_SHAPE: ValueError,
    lib.NTK_ERR_LIMIT: ValueError,
    lib.NTK_ERR_FORMAT: ValueError,
    lib.NTK_ERR_NOT_FINITE: ValueError,
    lib.NTK_ERR_MEMORY: MemoryError,
    lib.NTK_ERR_FILE: OSError,
    lib.NTK_ERR_NUMERIC: NumericError,
    lib.NTK_ERR_BLAS: NumericError,
    lib.NTK_ERR_CANCELLED: KeyboardInterrupt,
    lib.NTK_ERR_RANKS: RuntimeError,
}

_OF_FILES = (errno.ENOENT, errno.EEXIST, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR)

_OPTION = re.compile(r"(?:(?<=^)|(?<=[ (]))--([a-z]+(?:-[a-z]+)*)")


class _Call:
    """A call that a thread is making: who wants to see its progress, what that has raised."""

    def __init__(self, progress: Callable[[str, float], object] | None) -> None:
        self.progress = progress
        self.raised: BaseException | None = None


class _Thread(threading.local):
    """What each thread has: a context of its own, and its calls, a callback's after its caller's."""

    def __init__(self) -> None:
        self.own: Context | None = None
        self.calls: list[_Call] = []


_thread = _Thread()
_entered: ContextVar[tuple[Context, ...]] = ContextVar("ntkit contexts", default=())
_process = {"forks": 0, "threads_used": False, "inherited": False, "torn": False, "ends": False}
_homes: weakref.WeakSet[_Home] = weakref.WeakSet()


def text(pointer: Any) -> str:
    """A C string, as str; NULL: ""."""
    return "" if pointer == ffi.NULL else ffi.string(pointer).decode("utf-8", "replace")


def check(status: int) -> None:
    """Raises what a status other than NTK_OK stands for, with the library's own line."""
    if status != lib.NTK_OK:
        raise exception(status, text(lib.ntk_error_message()))


def exception(status: int, message: str) -> BaseException:
    """What a status other than NTK_OK stands for; of a file, of the class that its errno has.

    The program's --label-column is the argument label_column here.
    """
    message = _OPTION.sub(lambda option: option[1].replace("-", "_"), message)
    if status == lib.NTK_ERR_FILE:
        for code in _OF_FILES:
            there = code == errno.EEXIST and "' is there" in message  # what save would replace
            if there or f": {os.strerror(code)}" in message:
                error = type(OSError(code, ""))(message)
                error.errno = code
                return error
    return _EXCEPTIONS.get(status, RuntimeError)(message)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """A warning at the line outside the package that asked for what it is about."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__package__") == "ntkit":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


class _Home:
    """The library's context, and its lock.

    It goes when nobody has it any more and nothing of it is left, as the count of its memory tells,
    when the next one is made. Not by the collector, which may come to it before it comes to what
    was made of it.
    """

    _all: ClassVar[list[tuple[weakref.ref[_Home], Any]]] = []

    def __init__(self, options: Struct) -> None:
        _Home._sweep()
        self.pulse = ffi.new("ntk_pulse *", {"interval": math.inf})
        options.c.progress = lib.ntk_pulse_beat
        options.c.progress_user = self.pulse
        out = ffi.new("ntk_context **")
        check(lib.ntk_context_create(options.c, out))
        self.pointer = out[0]
        self.lock = threading.RLock()
        self.calls = 0  # being made now, one within the other
        self.forks = _process["forks"]
        _Home._all.append((weakref.ref(self), self.pointer))
        _homes.add(self)

    @staticmethod
    def _sweep() -> None:
        for each in list(_Home._all):
            home, pointer = each
            if home() is None and lib.ntk_memory_in_use(pointer) == 0:
                try:
                    _Home._all.remove(each)
                except ValueError:  # another thread has it
                    continue
                lib.ntk_context_destroy(pointer)


class Context:
    """Threads and memory of the calls made within it, in the thread or task that enters it.

    with ntkit.Context(threads=1):
        ntkit.spectrum(net, X)

    threads: 0: every core that the process may use. memory_limit: bytes that may be allocated; 0:
    what the machine has. Several threads that share one take turns; with one each they compute at
    once. A process forked within it has one like it, with one thread where the parent had used
    several (OpenMP's threads do not survive a fork). ValueError for what is not accepted;
    RuntimeError for more than one thread in such a process.
    """

    def __init__(self, threads: int = 0, memory_limit: int = 0) -> None:
        options = Struct("ntk_context_options", threads=threads, memory_limit=memory_limit)
        if _process["torn"]:
            raise RuntimeError(
                "this process was forked while another thread computed with ntkit, whose locks stay "
                "taken here: fork when none does, or start processes by 'spawn' or 'forkserver'"
            )
        if _process["inherited"] and options.c.threads != 1:
            raise RuntimeError(
                "this process was forked from one that had used ntkit with several threads, which "
                "a fork does not take along: use Context(threads=1) here, or start processes by "
                "'spawn' or 'forkserver'"
            )
        self._home = _Home(options)
        self._asked = threads, memory_limit
        self._twin: Context | None = None
        self.pointer = self._home.pointer
        self.threads: int = lib.ntk_context_environment(self.pointer).threads

    def __enter__(self) -> Self:
        _entered.set((*_entered.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        entered = list(reversed(_entered.get()))
        entered.remove(self)
        _entered.set(tuple(reversed(entered)))

    def __reduce__(self) -> tuple[type[Context], tuple[int, int]]:
        return Context, self._asked  # in another process: one like it

    def __repr__(self) -> str:
        limit = f", memory_limit={self._asked[1]}" if self._asked[1] else ""
        return f"ntkit.Context(threads={self.threads}{limit})"

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
        if self._home.forks != _process["forks"]:
            raise RuntimeError(
                "this object was made before the process was forked: make it anew in the child"
            )
        if self.threads > 1:
            _process["threads_used"] = True
        with reporter(progress) as report, self._home.lock:
            call = _Call(report)
            status, line = self._within(call, function, args)
        if call.raised is not None:
            raise call.raised
        if status == lib.NTK_ERR_CANCELLED and _process["ends"]:
            raise SystemExit
        if status != lib.NTK_OK:
            raise exception(status, line)

    def _within(self, call: _Call, function: Any, args: tuple[Any, ...]) -> tuple[int, str]:
        # What was is put back by assignments alone: within a call of Python's a second Ctrl-C could
        # come in between. A call within this one leaves no word to stop to it.
        home, calls = self._home, _thread.calls
        pulse, made = home.pulse, home.calls
        before = pulse.interval, pulse.stop
        # Python runs what a signal asks for in its main thread alone.
        main = threading.current_thread() is threading.main_thread()
        try:
            pulse.interval = _INTERVAL if main or call.progress else math.inf
            pulse.stop = False
            home.calls = made + 1
            _thread.calls = [*calls, call]
            if _process["ends"] and not main:
                raise SystemExit
            status = function(*args)
            return status, text(lib.ntk_error_message()) if status != lib.NTK_OK else ""
        finally:
            _thread.calls = calls
            home.calls = made
            pulse.interval, pulse.stop = before

    def make(
        self, kind: str, destroy: Any, function: Any, *args: Any, held: Any = None, **kwargs: Any
    ) -> Any:
        """What function(..., kind **out) makes, to be destroyed with the last reference to it.

        held: what has to live as long, memory that it borrows. The collector destroys in any
        thread and within calls, without code of Python's: that would have a Ctrl-C that comes
        meanwhile to itself.
        """
        last = functools.partial(destroy)
        last.__dict__["kept"] = held
        out = ffi.new(kind + " **")
        try:
            self.call(function, *args, out, **kwargs)
        except BaseException:
            if out[0] != ffi.NULL:  # made, and interrupted on the way back
                destroy(out[0])
            raise
        return ffi.gc(out[0], last)

    def _here(self) -> Context:
        """Itself; in a process forked since then, one like it."""
        if self._home.forks == _process["forks"]:
            return self
        if self._twin is None or self._twin._home.forks != _process["forks"]:
            threads = 1 if _process["inherited"] else self._asked[0]
            self._twin = Context(threads, self._asked[1])
        return self._twin


def current() -> Context:
    """The context of a call made now: the one entered last by this thread, or the thread's own."""
    entered = _entered.get()
    if entered:
        return entered[-1]._here()
    if _thread.own is None:
        if _process["inherited"]:
            warn(
                "ntkit computes with one thread in this process, which was forked from one that "
                "had used several; start processes by 'spawn' to have them all",
                RuntimeWarning,
            )
        _thread.own = Context(threads=1 if _process["inherited"] else 0)
    return _thread.own


@contextmanager
def reporter(progress: Progress) -> Iterator[Callable[[str, float], object] | None]:
    """What to call as (phase, fraction) within the block, after which the bar is closed; or None."""
    if callable(progress) or not progress:
        yield progress or None
        return
    from ntkit._progress import Bars

    bars = Bars()
    try:
        yield bars
    except BaseException:
        bars.close()
        raise
    bars.close(done=True)


@ffi.def_extern(
    name="ntk_pulse_ask", error=False, onerror=lambda _type, error, _trace: _keep(error)
)
def _ask(phase: Any, fraction: float) -> bool:
    progress = _thread.calls[-1].progress
    if progress is not None:
        progress(text(phase), fraction)
    return True


def _keep(error: BaseException) -> None:
    _thread.calls[-1].raised = error


def _forked() -> None:
    calls = sum(home.calls for home in list(_homes) if home.forks == _process["forks"])
    _process["torn"] = _process["torn"] or calls > len(_thread.calls)
    _process["forks"] += 1
    _process["inherited"] = _process["inherited"] or _process["threads_used"]
    _thread.own = None


@atexit.register
def _ends() -> None:
    """Ends what daemon threads compute: the process unloads what they would compute with."""
    _process["ends"] = True
    busy = [home for home in _homes if home.calls and home.forks == _process["forks"]]
    for home in busy:
        home.pulse.stop = True
    for home in busy:
        home.lock.acquire(timeout=1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
