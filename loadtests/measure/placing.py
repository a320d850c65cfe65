"""Which cores the two sides of a load may run on, looked at while it runs: pinning is said by the kernel, not by us.

Rule: reads only; what a look cannot see adds nothing. Where the system has no affinity there is nothing to see, and
nothing was pinned either. Neighbours: Meter looks with every other sample, play stores what was seen, judge refuses.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

LOCUSTFILE = "--locustfile="  # how `drive` says it
TASKS = Path("/proc/self/task")  # a listing of the children of one process, where psutil would read all of /proc


class Placed(BaseModel):
    """The cores that any process of the server, or of the generator, was allowed on at any look. Empty: not seen.

    `upstream`: of the model server, where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: tuple[int, ...] = ()
    generator: tuple[int, ...] = ()
    upstream: tuple[int, ...] = ()

    def also(self, server: Iterable[psutil.Process], generator: Iterable[psutil.Process]) -> Placed:
        """These, and what is seen now."""
        return Placed(
            server=tuple(sorted({*self.server, *_allowed(server)})),
            generator=tuple(sorted({*self.generator, *_allowed(generator)})),
        )


def generators() -> Iterator[psutil.Process]:
    """The load generators that this process has started: those of its children that run a locustfile."""
    for task in TASKS.iterdir() if TASKS.is_dir() else ():
        with suppress(OSError):  # that thread has ended, or this kernel does not list children
            for pid in map(int, (task / "children").read_text().split()):
                with suppress(psutil.NoSuchProcess):
                    child = psutil.Process(pid)
                    if any(word.startswith(LOCUSTFILE) for word in child.cmdline()):
                        yield child


def _allowed(processes: Iterable[psutil.Process]) -> set[int]:
    found: set[int] = set()
    if hasattr(os, "sched_getaffinity"):
        for process in processes:
            with suppress(OSError):  # it has ended
                found |= os.sched_getaffinity(process.pid)
    return found
