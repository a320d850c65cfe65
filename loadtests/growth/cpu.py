"""The CPU time of a process tree, as exact as the system has it.

Rule: Linux counts every thread in nanoseconds (schedstat), where the usual counters go in steps of 10 ms, which is a
hundredth of a second's load. A thread that ends takes its time with it, so this is for servers that keep theirs; where
there is no such file, psutil's counters do. Neighbours: `shapes` and tests/layers measure with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

PROC: Final = Path("/proc")


def seconds(processes: Iterable[psutil.Process]) -> float:
    """CPU seconds that these have used so far."""
    return sum(map(_of, processes))


def _of(process: psutil.Process) -> float:
    tasks = PROC / str(process.pid) / "task"
    total, seen = 0, False
    for task in tasks.iterdir() if tasks.is_dir() else ():
        with suppress(OSError, ValueError, IndexError):  # it has ended, or this kernel does not count so
            total += int((task / "schedstat").read_text("ascii").split()[0])
            seen = True
    if seen and total:
        return total / 1e9
    with suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
