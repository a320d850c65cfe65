"""The peer as a process: started with a schedule, asked for its record, ended by its process id whatever happens.

Rule: peer and generator are different processes, on different cores where there are two. A stream is a file descriptor
on both sides, so the limit is raised as far as it goes before either is started. Neighbours: `peer` is the process,
`step` drives it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import psutil

from loadtests.calibrate.record import Record
from loadtests.calibrate.schedule import Schedule
from loadtests.descriptors import most_connections
from loadtests.drive import DriveFailed

KEY: Final = "calibrate"  # the peer takes any
ASKING: Final = 30.0  # seconds: the record of a million writes takes a second


class PeerFailed(DriveFailed):
    """The peer could not be started or asked; the message says why."""


@dataclass(frozen=True, slots=True)
class RunningPeer:
    """Where the peer listens."""

    port: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def record(self, start: float, seconds: float) -> Record:
        """What it did in the window that starts at `start`, in Unix time as a drive's result says it."""
        on_its_clock = start - time.time() + time.monotonic()
        asked = {"start": repr(on_its_clock), "seconds": repr(seconds)}
        try:
            answer = httpx.get(f"{self.url}/record", params=asked, timeout=ASKING).raise_for_status()
        except httpx.HTTPError as error:
            raise PeerFailed(f"the scripted peer at {self.url} gave no record: {error}") from error
        return Record.model_validate_json(answer.content)


@contextmanager
def peer(schedule: Schedule, cores: Sequence[int] = ()) -> Iterator[RunningPeer]:
    """A peer that plays this schedule until the block ends, on these cores (none: any)."""
    most_connections()
    command = [sys.executable, "-m", "loadtests.calibrate.peer", schedule.model_dump_json()]
    with subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C in the terminal is for us; the peer ends when its standard input closes
    ) as process:
        try:
            if cores:
                psutil.Process(process.pid).cpu_affinity(list(cores))
            yield RunningPeer(_port(process))
        finally:
            process.kill()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.strip().isdigit():
        raise PeerFailed(f"the scripted peer ended with exit code {process.wait()} before it listened; see above")
    return int(line)
