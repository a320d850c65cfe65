"""Which cores this thread, and so every process that it starts meanwhile, runs on.

Rule: a process is on its cores from its first instruction: pinned after it has started, it could be seen, and could
work, on another's. Neighbours: `serve` and `drive.process` start servers and generators inside it, `compare` and `knee`
keep themselves to the generator's cores.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def kept_to(cores: Iterable[int] | None) -> Iterator[None]:
    """Keep this thread to these cores meanwhile; none of them, or None: as it is."""
    wanted = set(cores or ())
    if not wanted:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
