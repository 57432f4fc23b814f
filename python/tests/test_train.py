"""ntkit.train: the program's own answer on the same seeds, bit for bit; epochs; going on."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import ntkit
import numpy as np
import pytest

WORDS = "--samples 100 --dim 20 --widths 60,50 --activation tanh --seed 3"


@pytest.fixture(scope="module")
def job():
    """Network, data and labels."""
    X = ntkit.generate("gaussian", 100, 20, seed=3)
    net = ntkit.Network([20, 60, 50], activation="tanh", seed=3)
    return net, X, ntkit.labels("sign", X, seed=3)


def same(ours, theirs, *apart):
    for name, value in ours.items():
        if not name.startswith("seconds") and name not in apart:
            assert value == theirs[name], name


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("--epochs 40 --track 15 --question", {"epochs": 40, "track": 15, "question": True}),
        ("--optimizer nesterov --track log", {"optimizer": "nesterov", "track": "log"}),
        ("--margin 0.5 --optimizer adam", {"margin": 0.5, "optimizer": "adam"}),
        ("--optimizer lm --track 0,2", {"optimizer": "lm", "track": [0, 2]}),
        ("--optimizer adam --loss mean", {"optimizer": "adam", "loss": "mean"}),
        ("--lr theory --precision float", {"lr": "theory", "precision": "float"}),
        ("--batch 30", {"batch": 30}),
        (
            "--clients 7 --client-weights size",
            {"clients": 7, "client_weights": "size"},
        ),
        (
            "--clients 5 --local-steps 3 --split by-label --track 30",
            {"clients": 5, "local_steps": 3, "split": "by-label", "track": 30},
        ),
        ("--lr 2e-4 --momentum 0.5 --optimizer momentum", {"lr": 2e-4, "momentum": 0.5}),
    ],
)
def test_is_the_programs(job, program, tmp_path, words, options):
    if "momentum" in options:
        options["optimizer"] = "momentum"
    options = {"epochs": 60, "target": 1e-9, **options}
    if "--epochs" not in words:
        words += " --epochs 60"
    found = ntkit.train(*job, **options, seed=3)
    theirs = program(f"train {WORDS} --labels sign --target 1e-9 {words} --save {tmp_path}/out")
    same(found.to_dict(), theirs, "track", "answer", "convergence")
    same(found.convergence.to_dict(), theirs["convergence"])
    for ours, other in zip(found.to_dict()["track"], theirs["track"]):
        same(ours, other)
    for l, W in enumerate(found.network.weights, 1):
        assert W.tobytes() == np.load(tmp_path / f"out/W{l}.npy").tobytes()


def test_whose_samples_are(job):
    whose = np.arange(100) % 3
    found = ntkit.train(*job, epochs=4, clients=3, split=whose)
    assert found.federated.clients == 3 and found.federated.smallest == 33
    assert len(found.drifts) == 5 and found.drifts[0] == 0 and found.drifts[1] > 0
    assert ntkit.train(*job, epochs=4).drifts is None
    for split, says in (
        (whose[:50], r"split has shape \(50,\); accepted: \(100,\)"),
        (np.zeros(100), "client 1 has no samples"),
        ("fair", "unknown split 'fair'"),
    ):
        with pytest.raises(ValueError, match=says):
            ntkit.train(*job, epochs=4, clients=3, split=split)


def test_network_given_is_as_it_was(job):
    net, X, y = job
    before = net.theta
    found = ntkit.train(net, X, y, epochs=3)
    assert net.theta.tobytes() == before.tobytes()
    assert found.network.theta.tobytes() != before.tobytes()


def test_several_outputs_of_a_teacher(program, tmp_path):
    X = ntkit.generate("sphere", 50, 10, seed=4)
    net = ntkit.Network([10, 30, 20], "relu", seed=4, outputs=3, bias=True, bias_deviation=0.1)
    Y = ntkit.labels("teacher", X, net, seed=4)
    assert Y.shape == (50, 3) and abs(np.mean(Y**2) - 1) < 1e-14
    found = ntkit.train(net, X, Y, epochs=10, seed=4)
    theirs = program(
        "train --data sphere --samples 50 --dim 10 --widths 30,20 --activation relu "
        "--outputs 3 --bias 0.1 --labels teacher --epochs 10 --seed 4"
    )
    same(found.to_dict(), theirs, "track", "answer", "convergence")
    assert ntkit.labels("gaussian", X).shape == (50,)
    with pytest.raises(ValueError, match="of a teacher need the network"):
        ntkit.labels("teacher", X)


def test_callback_has_weights_and_kernel(job):
    net, X, y = job
    told = []

    def look(point):
        largest = np.linalg.eigvalsh(point.kernel())[-1]
        loss = np.sum((point.network(X)[:, 0] - y) ** 2) / 2
        told.append((point.epoch, point.network.theta, largest, loss))
        assert abs(largest - point.lambda_max) <= 1e-6 * largest
        assert abs(loss - point.loss) <= 1e-12 * loss

    found = ntkit.train(net, X, y, epochs=12, track=5, track_weights=True, callback=look)
    assert [epoch for epoch, *_ in told] == [0, 5, 10, 12]
    assert told[0][1].tobytes() == net.theta.tobytes()
    for (_, theta, *_), point in zip(told, found.track):
        assert theta.tobytes() == point.theta.tobytes() == point.network.theta.tobytes()
    assert told[-1][1].tobytes() == found.network.theta.tobytes()
    assert ntkit.train(net, X, y, epochs=12).network.theta.tobytes() == told[-1][1].tobytes()
    with pytest.raises(ValueError, match="track_weights"):
        ntkit.train(net, X, y, epochs=2, track=1).track[0].network  # noqa: B018


def test_what_a_callback_raises_comes_out(job, tmp_path):
    kept = KeyError("mine")

    def stop(point):
        if point.epoch == 10:
            raise kept

    path = tmp_path / "checkpoint.ntk"
    options = {"epochs": 20, "track": 5, "checkpoint": path}
    with pytest.raises(KeyError) as raised:
        ntkit.train(*job, **options, callback=stop)
    assert raised.value is kept and path.exists()
    told = []
    found = ntkit.train(*job, **options, callback=lambda point: told.append(point.epoch))
    whole = ntkit.train(*job, epochs=20, track=5)
    assert found.resumed == 10 and told == [15, 20]
    assert found.network.theta.tobytes() == whole.network.theta.tobytes()
    assert found.losses.tobytes() == whole.losses.tobytes()
    assert [p.to_dict() for p in found.track] == [p.to_dict() for p in whole.track]


def test_interrupted_it_goes_on_from_its_checkpoint(job, tmp_path):
    path = tmp_path / "checkpoint.ntk"
    asked = []

    def interrupt(phase, fraction):
        asked.append(phase)
        if len(asked) == 3:
            signal.raise_signal(signal.SIGINT)

    options = {"epochs": 200_000, "lr": 1e-5, "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        ntkit.train(*job, **options, progress=interrupt)
    assert path.exists()
    done = ntkit.train(*job, epochs=1, lr=1e-5, checkpoint=path).resumed
    assert 0 < done < 200_000
    found = ntkit.train(*job, epochs=done + 10, lr=1e-5, checkpoint=path)
    whole = ntkit.train(*job, epochs=done + 10, lr=1e-5)
    assert found.resumed == done
    assert found.network.theta.tobytes() == whole.network.theta.tobytes()


def test_iterator_has_the_callbacks_points(job):
    options = {"epochs": 12, "track": [1, 3, 7]}
    told = []
    whole = ntkit.train(*job, **options, callback=told.append)
    run = ntkit.train_iter(*job, **options)
    points = list(run)
    assert [p.to_dict(arrays=True) for p in points] == [p.to_dict(arrays=True) for p in told]
    for p in points:
        at = ntkit.train(*job, epochs=p.epoch).network if p.epoch > 0 else job[0]
        assert p.network.theta.tobytes() == p.theta.tobytes() == at.theta.tobytes()
    assert run.result.network._context is whole.network._context
    assert run.result.network.theta.tobytes() == whole.network.theta.tobytes()
    assert list(run) == []


def test_iterator_left_early_ends_the_training(job, tmp_path):
    path = Path(tmp_path / "checkpoint.ntk")
    for point in ntkit.train_iter(*job, epochs=10**9, track=2, checkpoint=path):
        if point.epoch == 4:
            break
    assert [t.name for t in threading.enumerate() if t.name == "ntkit.train_iter"] == []
    told = [p.epoch for p in ntkit.train_iter(*job, epochs=8, track=2, checkpoint=path)]
    assert told == [6, 8]
    with ntkit.train_iter(*job, epochs=10**9, track=2) as run:
        pass
    assert list(run) == []
    with pytest.raises(RuntimeError, match="was left before its end, so there is no result; acc"):
        run.result  # noqa: B018


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_iterator_shows_progress_and_its_forks_nothing(job):
    phases = []
    run = ntkit.train_iter(
        *job, epochs=10**9, lr=1e-9, track=[2000], progress=lambda phase, _: phases.append(phase)
    )
    assert [next(run).epoch for _ in range(2)] == [0, 2000] and phases
    child = os.fork()
    if child == 0:
        try:
            next(run)
        except RuntimeError as error:
            os._exit(0 if "forked" in str(error) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    run.close()


ABANDONED = """
import sys, ntkit
X = ntkit.generate("sphere", 20, 5)
net = ntkit.Network([5, 9, 8], seed=1)
y = ntkit.labels("sign", X)
run = ntkit.train_iter(net, X, y, epochs=10**9, track=2, checkpoint=sys.argv[1])
print([next(run).epoch for _ in range(3)])
"""


def test_iterator_ends_with_the_interpreter(tmp_path):
    path = tmp_path / "checkpoint.ntk"
    command = [sys.executable, "-c", ABANDONED, path]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[0, 2, 4]\n", "") and path.exists()


def test_iterator_interrupted_between_points(job):
    """Ctrl-C while an epoch that never comes is waited for."""
    run = ntkit.train_iter(*job, epochs=10**9, lr=1e-9, track=10**8)
    next(run)
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    main = threading.get_ident()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        next(run)
    assert [t.name for t in threading.enumerate() if t.name == "ntkit.train_iter"] == []


@pytest.mark.parametrize(
    ("options", "error", "line"),
    [
        ({"optimizer": "sgd"}, ValueError, "unknown optimizer 'sgd'.*known: gd, momentum"),
        ({"epochs": -1}, ValueError, "epochs is -1; accepted: a whole number, 0 or more$"),
        ({"epochs": 1.5}, TypeError, "epochs is 1.5; accepted: a whole number, 0 or more$"),
        ({"target": "small"}, TypeError, "target is 'small'; accepted: a real number"),
        ({"callback": 3, "track": 1}, TypeError, "callback is 3; accepted: a function"),
        ({"callback": print}, ValueError, "callback needs track"),
        ({"track": [3, 1]}, ValueError, "'3,1'.*after the one before"),
        ({"checkpoint": "no/such/folder/c"}, OSError, "no/such/folder"),
    ],
)
def test_errors(job, options, error, line):
    with pytest.raises(error, match=line):
        ntkit.train(*job, **options)
    if "callback" not in options:
        with pytest.raises(error, match=line):
            list(ntkit.train_iter(*job, **{"track": 1, **options}))


def test_shapes(job):
    net, X, y = job
    with pytest.raises(ValueError, match=r"y has shape \(3,\); accepted: \(100,\) or \(100, 1\)"):
        ntkit.train(net, X, y[:3])
    with pytest.raises(ValueError, match=r"accepted: N x 20"):
        ntkit.train(net, X[:, :5], y)
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        ntkit.train_iter(net, X, y, track=1, epoch=3)
    with pytest.raises(TypeError, match=r"<U\d+.*accepted: real numbers.*of classes ntkit.Classes"):
        ntkit.train(net, X, ["no"] * 100)


@pytest.mark.parametrize(
    "call",
    [
        lambda net, X: ntkit.kernel(net, X),
        lambda net, X: ntkit.spectrum(net, X),
        lambda net, X: ntkit.verify(net, X),
        lambda net, X: ntkit.train(net, X, X[:, 0]),
        lambda net, X: next(ntkit.train_iter(net, X, X[:, 0], track=1)),
        lambda net, X: ntkit.memorize(net, X, X[:, 0]),
        lambda net, X: ntkit.fit_error(net, X, X[:, 0]),
        lambda net, X: ntkit.labels("teacher", X, net),
    ],
)
def test_other_networks_are_refused(job, call):
    with pytest.raises(TypeError, match=r"type Fraction.*accepted: an ntkit.Network.*from_torch"):
        call(Fraction(1), job[1])


def test_results_are_pickled(job):
    found = ntkit.train(*job, epochs=4, track=2, track_weights=True)
    back = pickle.loads(pickle.dumps(found))
    assert back.to_json(arrays=True) == found.to_json(arrays=True)
    assert back.network.theta.tobytes() == found.network.theta.tobytes()
    assert back.track[1].network.theta.tobytes() == found.track[1].theta.tobytes()


def test_diverged_warns(job):
    with pytest.warns(RuntimeWarning, match="diverged") as told:
        found = ntkit.train(*job, lr=1e9)
    assert found.stopped == "diverged" and Path(told[0].filename) == Path(__file__)
    assert found.network.theta.tobytes() == job[0].theta.tobytes()
