"""As many open files as the system allows: a connection is a file at both ends.

Rule: the soft limit goes up as far as the hard one lets it, before a process is started that is to inherit it; within
`open_files` it comes back at the end. Neighbours: `knee` and `calibrate` limit their highest load by what it gives.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SPARE: Final = 256  # files that a server or a generator has open besides its connections
ENOUGH: Final = 65_536  # where there is no limit


def most_connections() -> int:
    """The most connections that a process started from now on can have; the limit stays raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):  # a system may have a lower limit than it says: what holds now must do
            pass
    return (ENOUGH if soft == resource.RLIM_INFINITY else soft) - SPARE


@contextmanager
def open_files() -> Iterator[int]:
    """The same for the length of a block."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        yield most_connections()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
