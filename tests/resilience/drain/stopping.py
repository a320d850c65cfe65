"""Stops one server while many clients are at work, and says what each of them saw of it.

Rule: a client's group says what was promised to it; it is given before anything has come of it; what was stored is
asked of a server of the same kind, started again on the same store. Neighbours: `client` (one of them), `measured`
(what comes of it), `measure` (which servers, which signals).
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from loadtests.serve import Server, tree
from loadtests.targets import Target
from tests.conformance.fixtures import Launched, started
from tests.conformance.poll import poll
from tests.conformance.subject import Subject
from tests.resilience.drain import client as seen
from tests.resilience.drain import judge
from tests.resilience.drain.client import CHAT, STREAM, Client
from tests.resilience.drain.deployments import with_workers
from tests.resilience.drain.judge import Groups
from tests.resilience.drain.measured import GROUPS, LONG, LONG_CHAT, NEW, QUEUED, SHORT, SHORT_CHAT, Stopped

SHORT_MESSAGE, LONG_MESSAGE = "calculate 1", "x" * 400  # about 27 tokens and 93
DYING = 1.5  # seconds before the last process's end in which a server may have closed, and its parent not yet


@dataclass(frozen=True)
class Stop:
    """How to stop: which signals, how long after the first, to whom (the main process, or all, as Ctrl-C does).

    `promised`: whether the contract speaks of it. `itl` makes a short turn last 2 s and a long one over 7 s, and new
    work comes every `between` seconds. `settings` are more settings for the server.
    """

    name: str
    signals: tuple[tuple[float, signal.Signals], ...] = ((0.0, signal.SIGTERM),)
    whole_group: bool = False
    promised: bool = True
    streams: int = 50
    chats: int = 4
    grace: float = 3.0
    itl: float = 0.08
    between: float = 0.1
    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self, store: Path) -> dict[str, str]:
        """The server's settings."""
        ours = {"DRAIN_SECONDS": str(self.grace), "SCRIPTED_ITL": str(self.itl), "SESSION_STORE": f"sqlite:///{store}"}
        return {**ours, **self.settings}


def stopped(target: Target, stop: Stop, folder: Path) -> Stopped:
    """Start it, fill it, stop it, start it again to see what it has kept."""
    environment = stop.environment(folder / f"{target.name}.sqlite3")
    with started(target, environment, folder / f"{target.name}.log") as launched:
        groups, gone, code = _played(launched, target, stop)
    with started(with_workers(target, 1), environment, folder / f"{target.name}-again.log") as again:
        kept_wrongly = tuple(judge.misplaced(again.subject, groups))
    where = f"{target.name}, {stop.name}"
    said = judge.broken(where, stop.grace, groups, gone, code) if stop.promised else judge.lies(where, groups)
    return Stopped(
        target=target.name,
        workers=target.workers,
        stop=stop.name,
        outcomes={name: dict(Counter(client.outcome for client in clients)) for name, clients in groups.items()},
        gone=None if gone is None else round(gone, 2),
        limit=stop.grace + judge.EXIT,
        code=code,
        broken=(*said, *kept_wrongly),
    )


def _played(launched: Launched, target: Target, stop: Stop) -> tuple[Groups, float | None, int | None]:
    server, family = launched.subject, set(launched.process.processes())
    chats, streams = _opened(server, target, stop)
    under_way = {each for each in (*chats, *streams) if each.under_way or (each in chats and not _queues(target, stop))}
    began = time.monotonic()
    new, gone = _while_it_stops(launched, family, began, stop)
    for each in (*streams, *chats, *new):
        each.join()
    code = launched.process.wait(1) if gone is not None else None
    for each in new:
        if gone is not None and each.outcome == seen.RESET and each.asked > began + gone - DYING:
            each.outcome = seen.LOST
    return _grouped(chats, streams, new, under_way), gone, code


def _queues(target: Target, stop: Stop) -> bool:
    return target.slots is not None and target.slots < stop.streams + stop.chats


def _opened(server: Subject, target: Target, stop: Stop) -> tuple[list[Client], list[Client]]:
    """Long and short by turns; chats come first, unless most would wait for them."""
    chats = [Client(server, CHAT, _message(number)) for number in range(stop.chats)]
    streams = [Client(server, STREAM, _message(number)) for number in range(stop.streams)]
    for each in (streams + chats) if _queues(target, stop) else (chats + streams):
        each.start()
    held = min(stop.streams, target.slots or stop.streams)
    poll(lambda: sum(each.under_way for each in streams) >= held, 10, f"start of {held} streams")
    return chats, streams


def _message(number: int) -> str:
    return SHORT_MESSAGE if number % 2 else LONG_MESSAGE


def _while_it_stops(
    launched: Launched, family: set[psutil.Process], began: float, stop: Stop
) -> tuple[list[Client], float | None]:
    """Send the signals when they are due, and new work all the time; until no process is left, or far too long."""
    due, new = list(stop.signals), list[Client]()
    while time.monotonic() < began + stop.grace + judge.EXIT + 30:
        now = time.monotonic() - began
        while due and now >= due[0][0]:
            _send(launched.process, due.pop(0)[1], whole_group=stop.whole_group)
        if now >= len(new) * stop.between:
            new.append(Client(launched.subject, CHAT, "calculate 1").start())
        launched.process.process.poll()  # reaps it
        family |= set(launched.process.processes())
        if not any(map(tree.alive, family)):
            return new, time.monotonic() - began
        time.sleep(0.02)
    return new, None


def _send(server: Server, number: signal.Signals, *, whole_group: bool) -> None:
    if server.process.poll() is None:
        (os.killpg if whole_group else os.kill)(server.pid, number)


def _grouped(chats: list[Client], streams: list[Client], new: list[Client], under_way: set[Client]) -> Groups:
    def group(each: Client) -> str:
        if each not in under_way:
            return QUEUED
        short = each.message == SHORT_MESSAGE
        return {CHAT: (LONG_CHAT, SHORT_CHAT), STREAM: (LONG, SHORT)}[each.path][short]

    named = [(group(each), each) for each in (*streams, *chats)] + [(NEW, each) for each in new]
    return {name: tuple(each for key, each in named if key == name) for name in GROUPS}
