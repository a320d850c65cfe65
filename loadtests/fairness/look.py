"""Starts each deployment as it will be loaded, and looks at it: its processes, its interpreter, its habits on the wire.

Rule: nothing is judged, and no server is left. Some deployments run side by side, so that the seconds for which an idle
connection is watched pass once for all of them. Neighbours: `processes`, `interpreter` and `wire` see, `rules` judge.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests import serve
from loadtests.bench import STOP_SECONDS, cpus
from loadtests.errors import UserError
from loadtests.fairness import interpreter, processes, wire
from loadtests.fairness.model import Look
from loadtests.measure.environment import Cores
from loadtests.serve import Server
from loadtests.targets import Target

WATCHED: Final = 6.0  # seconds: uvicorn closes an idle connection after 5 by default, gunicorn after 2
BEGIN: Final = 3.0  # seconds that streams may take to begin; a server with room for them needs a tenth
TOGETHER: Final = 4  # servers at once
MOST: Final = 200  # streams at once; for more than these the entry is believed
LOOKED: Final = 4  # requests that lines are counted for
# the model says nothing while streams are counted, so that none of them ends and makes room
SETTINGS: Final = {"SCRIPTED_TTFT": "20", "SCRIPTED_ITL": "0", "SESSION_STORE": "memory://"}


@dataclass(frozen=True)
class Guest:
    """A server that runs meanwhile, and its idle connection."""

    server: Server
    log: Path
    idle: wire.Idle


def looks(
    targets: Sequence[Target], cores: Cores, streams: Mapping[str, int], watched: float = WATCHED
) -> tuple[Look, ...]:
    """What each of them is like on these cores; so many `streams` are opened at once with it. Raises `NotReady`."""
    return tuple(
        look
        for number in range(0, len(targets), TOGETHER)
        for look in _together(targets[number : number + TOGETHER], cores, streams, watched)
    )


def _together(targets: Sequence[Target], cores: Cores, streams: Mapping[str, int], watched: float) -> Iterator[Look]:
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="parity-fairness-")))
        guests = [_welcome(target, folder / f"{target.name}.log", cores, kept, watched) for target in targets]
        seen = [_seen(guest, streams.get(guest.server.target.name, 0)) for guest in guests]
        for guest, look in zip(guests, seen, strict=True):
            yield look.model_copy(update={"kept": guest.idle.wait(), "watched": watched})


def _welcome(target: Target, log: Path, cores: Cores, kept: ExitStack, watched: float) -> Guest:
    running = serve.running(
        target, log=log, settings=SETTINGS, cpus=cpus(cores.server), stop_timeout=STOP_SECONDS, ready_timeout=30.0
    )
    server = kept.enter_context(running)
    return Guest(server, log, kept.enter_context(closing(_idle(server, watched))))


def _idle(server: Server, watched: float) -> wire.Idle:
    try:
        return wire.Idle(server.host, server.port, watched)
    except OSError as error:
        raise UserError(f"{server.target.name} answers nothing any more: {error}; its command ends too soon") from error


def _seen(guest: Guest, streams: int) -> Look:
    """What can be seen at once; how long the idle connection lasts comes later."""
    server = guest.server
    lines = _lines(guest)
    family = server.processes()
    workers = processes.serving(family, server.port)
    asked = min(streams, MOST)
    return Look(
        target=server.target.name,
        says=guest.idle.says,
        words=processes.words(family),
        asgi=processes.asgi(family, guest.idle.says),
        native=processes.native(workers),
        python=interpreter.ask(workers[0]) if workers else None,
        workers=len(workers),
        cores=processes.cores(family),
        kept=None,
        watched=0.0,
        lines=lines,
        asked=asked,
        held=wire.streams(server.host, server.port, server.key, asked, BEGIN) if asked else 0,
        settings=processes.settings(workers[0]) if workers else {},
    )


def _lines(guest: Guest) -> float:
    """Lines that a request adds to the log: those with its address, which nobody else asks for."""
    address = f"/parity-{uuid.uuid4().hex[:12]}"
    for _ in range(LOOKED):
        wire.said(guest.server.host, guest.server.port, address)
    found, deadline = 0, time.monotonic() + 1.0
    while found < LOOKED and time.monotonic() < deadline:  # a line is written when the answer has gone
        found = _count(guest.log, address)
        time.sleep(0.02)  # between two looks
    return _count(guest.log, address) / LOOKED


def _count(log: Path, word: str) -> int:
    return sum(word in line for line in log.read_text("utf-8", errors="replace").splitlines())
