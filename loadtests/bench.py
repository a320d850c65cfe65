"""What a load is made with: a running server, a look at it, the drive, a model server; rounds and searches share it.

Rule: only the parts and what is done to a log; nothing here decides what is played or what counts. Tests give their
own parts. Neighbours: `behind` has the model, `compare.play` plays rounds with it, `knee` its probes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import psutil

from loadtests import serve, upstream
from loadtests.drive import DriveSpec, drive
from loadtests.drive.result import DriveResult
from loadtests.files import redacted
from loadtests.measure import precheck
from loadtests.measure.precheck import Precheck
from loadtests.upstream import Call as UpstreamCall
from loadtests.upstream import Stats

LOG_LINES: Final = 40
STOP_SECONDS: Final = 0.2  # a load is over when its figures are in: its server has nothing left to finish


class Running(Protocol):
    """What a load needs of a running server (serve.Server has it)."""

    @property
    def url(self) -> str: ...  # noqa: D102 - the name says it
    @property
    def key(self) -> str: ...  # noqa: D102 - the name says it
    def processes(self) -> list[psutil.Process]: ...  # noqa: D102 - the name says it


class Modelling(Protocol):
    """What a load needs of a running model server (upstream.Upstream has it)."""

    @property
    def settings(self) -> Mapping[str, str]: ...  # noqa: D102 - the name says it
    @property
    def pid(self) -> int: ...  # noqa: D102 - the name says it
    def stats(self) -> Stats: ...  # noqa: D102 - the name says it
    def calls(self) -> Sequence[UpstreamCall]: ...  # noqa: D102 - the name says it


@dataclass(frozen=True)
class Bench:
    """The parts; tests give their own."""

    running: Callable[..., AbstractContextManager[Running]] = serve.running
    look: Callable[[str, str, Mapping[str, str]], Precheck] = precheck.look
    drive: Callable[[DriveSpec], DriveResult] = drive
    upstream: Callable[..., AbstractContextManager[Modelling]] = upstream.running
    look_bare: Callable[[str, str, Mapping[str, str]], Precheck] = precheck.look_bare


def cpus(cores: tuple[int, ...]) -> frozenset[int] | None:
    """The cores as serve and drive take them: None where nothing is pinned."""
    return frozenset(cores) or None


def shorten(log: Path) -> None:
    """Keep the end of what a server printed, without what must not be kept."""
    if not log.is_file():
        return
    lines = redacted(log.read_text("utf-8", errors="replace")).splitlines()
    log.write_text("".join(f"{line}\n" for line in lines[-LOG_LINES:]), "utf-8")


def first_line(error: Exception) -> str:
    """A reason for a reader elsewhere: one line, and no path of this machine."""
    return redacted(str(error)).splitlines()[0].split("; its log is")[0]
