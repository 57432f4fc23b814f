"""Training (19), with what Theorem 4.2 says of it measured beside it."""

from __future__ import annotations

import atexit
import dataclasses
import os
import queue
import threading
import warnings
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Union

import numpy as np
import numpy.typing as npt

from ntkit._arrays import Array, labels, numbers, pointer
from ntkit._dataset import Data
from ntkit._features import expect_network
from ntkit._library import Context, Progress, _keep, check, current, reporter
from ntkit._native import ffi, lib
from ntkit._options import Path, Struct, keywords_of, whole
from ntkit._read import read
from ntkit._result import Rows
from ntkit.network import Network
from ntkit.results import TrackPoint, TrainResult

if TYPE_CHECKING:
    from typing_extensions import Self

Track = Union[int, str, Sequence[int]]


@dataclass(frozen=True, eq=False, repr=False)
class Tracked(TrackPoint):
    """A tracked epoch: what was measured of the kernel, and where theta_t is kept, the network.

    parameters: P, of each
    """

    _start: Network
    _X: Array

    @property
    def network(self) -> Network:
        """A network with the weights of this epoch, copied each time that it is asked for.

        ValueError where they were not kept.
        """
        if self.theta is None:
            raise ValueError("the weights of this epoch were not kept: track_weights=True does")
        return self._start.with_theta(self.theta)

    def kernel(self, output: int | str = "all", **options: Any) -> Array:
        """K(theta_t) on the X of the training, as it is now, as ntkit.kernel's. ValueError as network."""
        from ntkit.kernels import kernel

        return kernel(self.network, self._X, output=output, **options)


@dataclass(frozen=True, eq=False, repr=False)
class Training(TrainResult):
    """A training and the network that came of it.

    track: the tracked epochs, with their networks where track_weights
    network: with the weights after the last step; where it diverged, those before the first
    """

    track: Rows[Tracked]
    network: Network


class _Call:
    """A training's arguments as the library takes them, and its way back to a callback."""

    def __init__(
        self, net: Network, X: npt.ArrayLike, y: npt.ArrayLike, options: dict[str, Any]
    ) -> None:
        expect_network(net)
        self.context = current()
        self.progress: Progress = options.pop("progress")
        self.callback: Callable[[Tracked], object] | None = options.pop("callback")
        lr, track, split = options.pop("lr"), options.pop("track"), options.pop("split")
        if track is None and self.callback is not None:
            raise ValueError(
                "callback needs track, the epochs at which it is called; accepted: every how many, "
                "[0, 1, 3, 10] or 'log'"
            )
        if self.callback is not None and not callable(self.callback):
            raise TypeError(f"callback is {self.callback!r}; accepted: a function of a point")
        self.options = Struct("ntk_train_options", **options)
        self.options.put("lr_rule" if isinstance(lr, str) else "lr", lr, "lr")
        put_track(self.options, track)
        self.start = net
        self.data = Data(self.context, X, net.widths[0])
        self.Y = labels(y, self.data.samples, net.outputs)
        self.client = None if isinstance(split, str) else numbers(split, "split")
        if self.client is None:
            if split != "iid":
                self.options.put("split", split, "split")
        elif self.client.shape != (self.data.samples,):
            raise ValueError(
                f"split has shape {self.client.shape}; accepted: ({self.data.samples},)"
            )
        else:
            self.options.c.client = pointer(self.client)

    def run(self) -> Training:
        handle = ffi.new_handle(self)  # not kept by self, which it keeps
        if self.callback is not None:
            self.options.c.track_each = lib.ntk_track_tell
            self.options.c.track_user = handle
        spec, size = self.start._spec(), ffi.new("size_t *")
        forecast = self.context.pointer, spec.c, self.data.samples, self.options.c, size
        check(lib.ntk_train_memory(*forecast))  # what does not fit is refused before it takes time
        trained = self.start._copy()
        result = ffi.new("ntk_train_result *")
        try:
            self.context.call(
                lib.ntk_train,
                self.context.pointer,
                trained._handle,
                self.data.handle,
                pointer(self.Y),
                self.options.c,
                result,
                progress=self.progress,
            )
            found: Training = read("ntk_train_result", result, Training, network=trained)
            points: Rows[Tracked] = Rows(
                self.point(result.track + i) for i in range(result.tracked)
            )
        finally:
            lib.ntk_train_clear(result)
        return dataclasses.replace(found, track=points)

    def point(self, memory: Any) -> Tracked:
        found: Tracked = read(
            "ntk_track_point", memory, Tracked, _start=self.start, _X=self.data.array
        )
        return dataclasses.replace(found, parameters=self.start.parameters)


def _epochs(track: Any) -> Any:
    """Epochs as the library's text; one number, a word and None as they are."""
    if track is None or isinstance(track, (int, np.integer, str)):
        return track
    epochs = list(track) if hasattr(track, "__iter__") else []
    if not epochs:
        raise TypeError(
            f"track is {track!r}; accepted: every how many epochs, epochs as [0, 1, 3, 10], 'log'"
        )
    return ",".join(str(whole(t, f"track[{i}]")) for i, t in enumerate(epochs))


def put_track(options: Struct, track: Any) -> None:
    every = isinstance(track, (int, np.integer))
    options.put("track" if every else "track_epochs", _epochs(track), "track")


@ffi.def_extern(name="ntk_track_tell", error=False, onerror=lambda _type, e, _trace: _keep(e))
def _tell(point: Any, theta: Any, user: Any) -> bool:
    call: _Call = ffi.from_handle(user)
    told = ffi.new("ntk_track_point *", point[0])
    told.theta, told.parameters = ffi.cast("double *", theta), call.start.parameters
    assert call.callback is not None
    call.callback(call.point(told))
    return True


def train(
    net: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    optimizer: str = "gd",
    loss: str = "half-sum",
    lr: float | str = "auto",
    momentum: float = 0.0,
    precision: str = "double",
    kernel_precision: str = "auto",
    epochs: int = 0,
    target: float = 0.0,
    margin: float = 0.0,
    plateau: int = 0,
    batch: int = 0,
    clients: int = 0,
    local_steps: int = 0,
    client_weights: str | None = None,
    split: str | npt.ArrayLike = "iid",
    seconds: float = 0.0,
    track: Track | None = None,
    track_weights: bool = False,
    callback: Callable[[Tracked], object] | None = None,
    question: bool = False,
    checkpoint: Path | None = None,
    checkpoint_every: float = 0.0,
    seed: int = 0,
    progress: Progress = False,
) -> Training:
    """Minimises the loss over the weights of a copy of net, from net's own on.

    X: N x d, y: N x n_L labels (of one output a vector will do); both borrowed where they are
    float64 in C order. optimizer: "gd", "momentum", "nesterov", "adam", "lm". loss: "half-sum",
    (19), or "mean". lr: the step size, or its rule, "auto" (from K_0), "theory" (Theorem 4.2) or
    "best" (the fastest of the linear model).
    momentum: 0: by the rule auto, else 0.9. precision: of steps and weights, "double" or "float".
    kernel_precision: of K's factors, as precision of ntkit.spectrum. epochs: at most; 0: 10000, of
    lm 100, with question none. batch: samples of a step; 0: all of them; an epoch is a pass over
    all. clients: federated, an epoch is a round of local_steps (0: 1) of each on its own samples,
    and the mean of their weights, in which one of n samples counts 1 / C or, with client_weights
    "size", n / N; split: "iid", "by-label", or the client of each sample, from 0.

    It stops at a loss of target; where every y_i f_L(x_i) is margin or more, of labels 1 and -1 (the
    loss is then that of max(0, 5/4 margin - y_i f_L(x_i)), squared); by plateau, the authors' rule
    over so many epochs; before it takes seconds, a callback's too; where 0, not so. track: measure
    the kernel every so many epochs, at
    those of a list, or at 1, 2, 5, 10, 20, ... ("log"), first and last too: result.track, with
    theta_t where track_weights. callback(point) is called at each of these, with point.network and
    point.kernel(); what it raises ends the training and comes out. question: can the labels be
    fitted, and when.

    checkpoint: a file, written every checkpoint_every seconds (0: 30), on interruption and at the
    end; where it is there, the training goes on from it to the bits of one never interrupted, and
    tells callback what comes after it alone. seed: of batches and of the eigensolver's start
    vectors.

    An epoch costs 6 N P flops, a tracked one what ntkit.spectrum does. ValueError, MemoryError,
    OSError, NumericError. A training that diverged, or whose last checkpoint could not be written,
    warns (RuntimeWarning).
    """
    options = dict(locals())
    return _warned(_Call(options.pop("net"), options.pop("X"), options.pop("y"), options).run())


def _warned(found: Training) -> Training:
    if found.stopped == "diverged":
        warnings.warn(f"the training diverged: {found.reason}", RuntimeWarning, stacklevel=3)
    if found.unsaved:
        warnings.warn(f"the last checkpoint: {found.unsaved}", RuntimeWarning, stacklevel=3)
    return found


class _Closed(Exception):
    """Ends a training whose iterator nobody has any more."""


class _Worker:
    """A training in a thread and a context of its own, which computes while a point is asked for
    and waits while its user has one: the two never compute at once."""

    def __init__(self, net: Network, X: Any, y: Any, options: dict[str, Any]) -> None:
        context = current()
        self._context = context._asked
        self._arguments = net, X, y, {**options, "callback": self._tell, "progress": self._look}
        self._progress: Progress = options["progress"]
        self._shown: Callable[[str, float], object] | None = None
        self._process = os.getpid()
        self._closed = False
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        _open.add(self)
        self.thread = threading.Thread(target=self._run, name="ntkit.train_iter", daemon=True)

    def next(self) -> Tracked | Training:
        """What comes next; raises what ended the training."""
        if os.getpid() != self._process:
            raise RuntimeError(
                "this training belongs to the process that this one was forked from: begin it anew"
            )
        if self.thread.ident is None:
            self.thread.start()
        else:
            self._asked.put(None)
        told = self._told.get()
        if isinstance(told, BaseException):
            raise told
        found: Tracked | Training = told
        return found

    def close(self) -> None:
        _open.discard(self)
        self._closed = True
        self._asked.put(None)
        if self.thread.ident is not None:
            self.thread.join()

    def _run(self) -> None:
        net, X, y, options = self._arguments
        try:
            with Context(*self._context), reporter(self._progress) as self._shown:
                self._told.put(_Call(net, X, y, options).run())
        except BaseException as error:  # noqa: BLE001 (raised in the thread that asks)
            self._told.put(error)

    def _tell(self, point: Tracked) -> None:
        self._told.put(point)
        self._asked.get()
        if self._closed:
            raise _Closed

    def _look(self, phase: str, fraction: float) -> None:
        if self._closed:
            raise _Closed
        if self._shown is not None:
            self._shown(phase, fraction)


_open: weakref.WeakSet[_Worker] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """With the interpreter end the trainings that nobody has closed, their checkpoints written."""
    for worker in list(_open):
        worker.close()


class TrainIterator:
    """The tracked epochs of a training; see train_iter."""

    def __init__(self, worker: _Worker) -> None:
        self._worker: _Worker | None = worker
        self._result: Training | None = None

    @property
    def result(self) -> Training:
        """The Training, once the last epoch has been had. RuntimeError before."""
        if self._result is None:
            how = "was left before its end" if self._worker is None else "is not at its end"
            raise RuntimeError(
                f"the training {how}, so there is no result; accepted: a loop over all points "
                "(target=, seconds= or epochs= end it earlier; checkpoint= keeps where it was)"
            )
        return self._result

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Tracked:
        if self._worker is None:
            raise StopIteration
        try:
            told = self._worker.next()
        except BaseException:
            self.close()
            raise
        if isinstance(told, Tracked):
            return told
        self.close()
        # Its context was the thread's; calls made from here would copy it each time.
        self._result = _warned(dataclasses.replace(told, network=told.network._copy()))
        raise StopIteration

    def close(self) -> None:
        """Ends the training where it is; its checkpoint, where there is one, is written."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def train_iter(
    net: Network, X: npt.ArrayLike, y: npt.ArrayLike, *, track: Track, **options: Any
) -> TrainIterator:
    """The tracked epochs of a training as they come: points of train's callback.

    for point in (run := ntkit.train_iter(net, X, y, track=100)):
        print(point.epoch, point.loss, point.lambda_min, point.network.weights[0])
    run.result.network

    options: those of train. The training runs in a thread of its own and waits while a point is
    looked at, X and y borrowed until it has ended: they must not change before; leaving the loop early, or run.close(), ends it without a result: target= or seconds=
    end one early with it. Raises what train does.
    """
    if "callback" in options:
        raise TypeError("train_iter takes no callback: it gives the same points one by one")
    defaults = keywords_of(train, "train_iter", options)
    return TrainIterator(_Worker(net, X, y, {**defaults, **options, "track": track}))
