"""As many open files as the system allows: a user of a closed loop is a connection at both ends.

Rule: the soft limit goes up to the hard one for the length of a block, because children (server, generator) inherit
it, and comes back at the end. Neighbours: `knee` limits its highest load by what it gives.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SPARE: Final = 256  # files that a server or a generator has open besides its connections


@contextmanager
def open_files() -> Iterator[float]:
    """Raise the limit meanwhile; gives how many connections a process can hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield float("inf") if hard == resource.RLIM_INFINITY else float(hard - SPARE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
