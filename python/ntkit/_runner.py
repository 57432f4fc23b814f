"""A study runs in a process of its own, started anew: this one may have threads, of which a fork
would take nothing but what they had locked. The module is both ends of the pipes between the two.

The child is told what to run in one line of JSON, says in such lines how far it is and how it
ended, and stops, with what has finished written, as soon as its input ends: by Ctrl-C here, and
when this process is gone, however it went.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Any, Callable

from ntkit._native import ffi, lib

_PATIENCE = 2.0  # seconds that a child has for what it still writes; then it is killed
_INTERVAL = 0.05  # seconds between two words of how far it is
_START = "import sys; sys.path[:] = sys.argv[1:]; from ntkit._runner import main; main()"

Report = Callable[[float], object]

# ---- Here ----------------------------------------------------------------------------------------


def run(request: dict[str, Any], report: Report) -> None:
    """Runs a study; report(fraction) is called a few times a second, and what it raises ends it.

    Raises what the library's status stands for, and RuntimeError for a child that was killed.
    """
    request = {**request, "parent": os.getpid()}
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(
            [_python(), "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            answer = _talk(child, request, report)
        finally:
            _end(child)
        if answer is None:
            raise RuntimeError(_why(child.returncode, said))
    if answer["status"] != lib.NTK_OK:
        from ntkit._library import exception

        raise exception(answer["status"], answer["message"])


def _python() -> str:
    """The interpreter that multiprocessing would start, if it is one."""
    from multiprocessing import spawn

    found = os.fsdecode(spawn.get_executable() or "")
    name = os.path.basename(found).lower()
    if not name.startswith(("python", "pypy")) or getattr(sys, "frozen", False):
        raise RuntimeError(
            f"a study runs in a process of its own, and sys.executable is {found!r}, no Python; "
            "accepted: multiprocessing.set_executable('/path/to/python') before, or the program "
            "'ntkit study run'"
        )
    return found


def _talk(
    child: subprocess.Popen[str], request: dict[str, Any], report: Report
) -> dict[str, Any] | None:
    """The child's last word; None: it ended without one."""
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()
    except BrokenPipeError:
        return None
    for line in child.stdout:
        said: dict[str, Any] = json.loads(line)
        if "status" in said:
            return said
        report(said["fraction"])
    return None


def _end(child: subprocess.Popen[str]) -> None:
    """Closes its input, which tells it to stop, and waits until it has."""
    try:
        child.communicate(timeout=_PATIENCE)  # which also reads what it still says
    except subprocess.TimeoutExpired:
        pass
    finally:  # also of a second Ctrl-C
        if child.poll() is None:
            child.kill()
            child.communicate()


def _why(code: int, said: IO[str]) -> str:
    said.seek(0)
    lines = said.read().strip().splitlines()
    if code < 0:
        how = f"was ended by signal {-code} ({signal.strsignal(-code)})"
    else:
        how = f"ended with status {code}" + (f": {lines[-1]}" if lines else "")
    return f"the process that ran the study {how}; what it had finished is kept: run it again"


# ---- In the child --------------------------------------------------------------------------------


class _Child:
    """What the callback knows."""

    parent = 0
    stopped = False
    said = 0.0  # when it last said how far it is


@ffi.def_extern(name="ntk_study_ask", error=False)
def _ask(progress: Any, _user: Any) -> bool:
    now = time.monotonic()
    if now > _Child.said + _INTERVAL:
        _Child.said = now
        _say(fraction=progress.fraction)
    orphan = os.getppid() != _Child.parent  # its pipe may live on in another child of it
    return not (_Child.stopped or orphan or select.select([0], [], [], 0)[0])


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def _stop(_number: int, _frame: Any) -> None:
    _Child.stopped = True


def main() -> None:
    """Runs what the line on standard input asks for; ends the process."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the parent to tell
    request = json.loads(sys.stdin.readline())
    _Child.parent = request["parent"]
    status = _run(request)
    message = ffi.string(lib.ntk_error_message()).decode("utf-8", "replace")
    try:
        _say(status=status, message=message if status != lib.NTK_OK else "")
    finally:
        os._exit(0)


def _run(request: dict[str, Any]) -> int:
    study = ffi.new("ntk_study **")
    status: int = parse(request["text"], request["name"], request["changes"], study)
    if status != lib.NTK_OK:
        return status
    options = ffi.new("ntk_study_options *", request["options"])
    options.progress = lib.ntk_study_ask
    found = ffi.new("ntk_study_status *")
    status = lib.ntk_study_run(study[0], os.fsencode(request["database"]), options, found)
    lib.ntk_study_status_clear(found)
    lib.ntk_study_destroy(study[0])
    return status


def parse(text: str, name: str, changes: list[str], study: Any) -> int:
    """ntk_study_parse of these; its status."""
    words = [ffi.new("char[]", word.encode()) for word in changes]
    array = ffi.new("char *[]", words)
    status: int = lib.ntk_study_parse(text.encode(), os.fsencode(name), array, len(words), study)
    return status
