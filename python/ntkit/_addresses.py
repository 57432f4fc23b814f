"""Before the library is loaded: whether a limit on addresses leaves room for it.

OpenBLAS, as it is loaded, maps a buffer for each of its threads, and where `ulimit -v` leaves no
room it tries for ever, inside of an import.
"""

from __future__ import annotations

import os
import sys

_BUFFER = 128 << 20  # bytes, at most; 2.6 times that with what comes later
_MODULE = 64 << 20  # the library, and those that it needs


def _threads() -> int:
    """As OpenBLAS counts them."""
    cores = len(os.sched_getaffinity(0))
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        asked = os.environ.get(name, "").split(",")[0].strip()
        if asked.isdigit() and int(asked) > 0:
            return min(int(asked), cores)
    return cores


def _limit() -> float:
    """Of addresses, bytes."""
    if sys.platform != "linux":
        return float("inf")
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit)


def check() -> None:
    """Raises MemoryError, with what is accepted; at no cost where there is no limit."""
    limit = _limit()
    if limit == float("inf") or "ntkit._native" in sys.modules:
        return
    try:
        with open("/proc/self/statm") as file:
            mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return
    threads = _threads()
    needed = _BUFFER * threads
    if mapped + _MODULE + needed <= limit:
        return
    raise MemoryError(
        f"the limit on addresses (ulimit -v) leaves no room for OpenBLAS's {threads} "
        f"thread{'s' if threads > 1 else ''}; "
        f"accepted: ulimit -v {(mapped + _MODULE + 2.6 * needed) / 1024 + 1e5:.0f} and up, or "
        "unlimited, or fewer threads by OMP_NUM_THREADS"
    )
