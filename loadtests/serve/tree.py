"""The processes of a server: main process, workers, and workers that have lost their parent.

Rule: found by session and by parentage, ended by pid. psutil compares start times, so a pid that has a
new owner is never touched.
Neighbours: `serve` ends trees with it, `measure` samples what it finds.
"""

import contextlib
import os
import time
from collections.abc import Iterable

import psutil

POLL_SECONDS = 0.05


def members(leader: int) -> list[psutil.Process]:
    """Return the live processes of the session that `leader` opened, and all their descendants, by pid."""
    found = _session(leader)
    for member in tuple(found):
        with contextlib.suppress(psutil.Error):
            found |= set(member.children(recursive=True))
    return sorted(filter(alive, found), key=lambda member: member.pid)


def marked(name: str, value: str) -> list[psutil.Process]:
    """Return the live processes whose environment holds `name`=`value`, other than this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(name) == value:
                found.append(process)
    return list(filter(alive, found))


def alive(process: psutil.Process) -> bool:
    """Tell whether it still runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def kill(processes: Iterable[psutil.Process], timeout: float = 5) -> None:
    """End them at once and wait until they are gone, `timeout` seconds at most."""
    rest = list(processes)
    for process in rest:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + timeout
    while any(map(alive, rest)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _session(leader: int) -> set[psutil.Process]:
    found = set()
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            if pid == leader or os.getsid(pid) == leader:
                found.add(psutil.Process(pid))
    return found
