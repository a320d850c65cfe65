"""Plays the curves: each a function from a target to its points, one round of it.

Rule: a fresh server for each curve and variant, on its own core; the load on the other. What makes a point invalid is
said in it, with the words of the calibrated generator where that drove it. Neighbours: `curves` names them, `model`
has the point, `play` walks over them, `loop` and `drive` make the load.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from loadtests.bench import first_line
from loadtests.drive import DriveFailed, DriveSpec, drive
from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.http import Connection
from loadtests.drive.client.message import Endpoint, prepare
from loadtests.drive.result import MAX_CPU
from loadtests.errors import UserError
from loadtests.growth import cpu
from loadtests.growth.loop import Loop, Seen
from loadtests.growth.model import Point, Size
from loadtests.growth.valid import has_room
from loadtests.measure import MIB, Meter, use
from loadtests.measure.environment import Cores
from loadtests.scenarios import NO_LATENCY, find
from loadtests.serve import Server, running
from loadtests.targets import Target, load_targets

READY: Final = 60.0
STOP: Final = 0.2
WARM: Final = 0.3  # seconds of load that fill caches
WARMUP: Final = 4.0  # the longest that a drive warms up
SPREAD: Final = 1.0  # seconds over which streams are opened
CONNECTIONS: Final = 16
WORKING: Final = 32  # connections, where workers grow
ASKED: Final = 60  # streams for a TTFT
QUESTION: Final = "What should I think about before I choose a web framework for an agent?"
PROSE: Final = "every word of a long message has to be read by somebody before it can be answered "
ONE, ALL = "one core", "all cores"
FEW: Final = "fewer answers than it takes to say anything"


@dataclass(frozen=True)
class Place:
    """One target in one round: how much, and who runs where."""

    target: Target
    round: int
    size: Size
    cores: Cores
    every: tuple[int, ...]
    """All cores there are; asked before this process was kept to the load's."""

    @contextmanager
    def served(self, settings: Mapping[str, str], *, spread: bool = False) -> Iterator[Server]:
        """A fresh server; `spread`: on all cores."""
        cpus = frozenset(self.every if spread else self.cores.server) or None
        with tempfile.TemporaryDirectory(prefix="parity-growth-") as name:
            folder = Path(name)
            kept = {"SESSION_STORE": f"sqlite:///{folder / 'sessions.sqlite3'}"} | dict(settings)
            with running(
                self.target,
                log=folder / "server.log",
                settings=kept,
                cpus=cpus,
                ready_timeout=READY,
                stop_timeout=STOP,
            ) as server:
                yield server

    def point(self, curve: str, x: float, **seen: Any) -> Point:
        """A point of this round."""
        return Point(curve=curve, target=self.target.name, x=x, round=self.round, **seen)


Shape = Callable[[Place], Iterator[Point]]


def streams(place: Place) -> Iterator[Point]:
    """Open streams, the fewest first, because memory does not come back; never more than it has places for."""
    fitting = [users for users in place.size.streams if has_room(place.target, users)]
    if fitting:
        with place.served(find("stream").settings) as server:
            for users in fitting:
                yield _driven(place, server, "streams", users, users)


def streaming_workers(place: Place) -> Iterator[Point]:
    """Workers that share one core, with as many streams each time."""
    for workers in place.size.workers:
        grown = _with_workers(place, workers)
        if not has_room(grown.target, place.size.fixed):
            continue
        with grown.served(find("stream").settings) as server:
            yield _driven(grown, server, "streaming workers", workers, place.size.fixed)


def pace(place: Place) -> Iterator[Point]:
    """Streams that are held open, at one pace after the other."""
    for rate in place.size.pace if has_room(place.target, place.size.steady) else ():
        settings = {"SCRIPTED_TTFT": "0.1", "SCRIPTED_ITL": f"{1 / rate:g}", "SESSION_STORE": "memory://"}
        with (
            place.served(settings) as server,
            _loop(server, "/chat/stream", [_body(QUESTION)], place.size.steady, streams=True) as loop,
        ):
            tree = server.processes()
            loop.begin(SPREAD)
            loop.run(WARM)
            before = cpu.seconds(tree)
            seen = loop.run(place.size.seconds)
            used = cpu.seconds(tree) - before
            yield place.point("pace", rate, **_costs(seen, seen.events, used))


def workers(place: Place) -> Iterator[Point]:
    """Workers on one core, and on all of them."""
    bodies = [call.body or b"" for call in find("chat").calls]
    for variant in (ONE, ALL):
        for count in place.size.workers:
            grown = _with_workers(place, count)
            with (
                grown.served(NO_LATENCY, spread=variant == ALL) as server,
                _loop(server, "/chat", bodies, WORKING) as loop,
            ):
                loop.burst(WARM)
                costs = _burst(server, loop, place.size.seconds / 2)
                yield grown.point("workers", count, variant=variant, **costs, **_memory(server))


def length(place: Place) -> Iterator[Point]:
    """Messages of so many characters."""
    with place.served(NO_LATENCY) as server:
        for characters in place.size.length:
            body = _body((PROSE * (1 + characters // len(PROSE)))[:characters])
            yield place.point("length", characters, **_asked(server, [body], place.size.seconds / 3))


def history(place: Place) -> Iterator[Point]:
    """Sessions that have so many messages, in memory and in a file; one for each connection."""
    for store in ("memory", "sqlite"):
        for messages in place.size.history:
            settings = {"SCRIPTED_TTFT": "0", "SCRIPTED_ITL": "0", "SESSION_MAX_MESSAGES": str(messages or 100)}
            settings |= {"SESSION_STORE": "memory://"} if store == "memory" else {}
            with place.served(settings) as server:
                bodies = [_body(QUESTION, f"grown-{number}") for number in range(CONNECTIONS)]
                if messages:
                    _seed(server, bodies, messages // 2)
                asked = bodies if messages else [_body(QUESTION)]
                yield place.point("history", messages, variant=store, **_asked(server, asked, place.size.seconds / 3))


SHAPES: Final[Mapping[str, Shape]] = {
    "streams": streams,
    "pace": pace,
    "workers": workers,
    "streaming workers": streaming_workers,
    "length": length,
    "history": history,
}


def _with_workers(place: Place, count: int) -> Place:
    """The same deployment with another number of workers; by its own entry for several, where it has one."""
    several = load_targets().get(f"{place.target.name}-4", place.target)
    base = several if count > 1 else place.target
    command = list(base.command)
    command[command.index("--workers") + 1] = str(count)
    slots = base.slots and base.slots * count // base.workers
    changed = {"name": place.target.name, "command": tuple(command), "workers": count, "slots": slots}
    return replace(place, target=base.model_copy(update=changed))


def _driven(place: Place, server: Server, curve: str, x: float, users: int) -> Point:
    """One drive of the scenario `stream` by the calibrated generator."""
    spec = DriveSpec(
        scenario="stream",
        url=server.url,
        key=server.key,
        users=users,
        seconds=place.size.seconds,
        warmup=WARMUP,
        seed=place.round + 1,
        cpus=frozenset(place.cores.generator) or None,
        words=True,
    )
    try:
        with Meter(server.processes) as meter:
            result = drive(spec)
    except (UserError, DriveFailed) as error:
        return place.point(curve, x, load_busy=0.0, reasons=(first_line(error),))
    cost = use(meter.samples, result.started_at, result.started_at + result.seconds)
    return place.point(
        curve,
        x,
        rate=result.tokens / result.seconds,
        cores=cost and cost.cores,
        cost_us=1e6 * cost.cpu_seconds / result.tokens if cost and result.tokens else None,
        ttft_ms=result.ttft_ms and result.ttft_ms.p99,
        rss_mib=cost and cost.rss_median_mib,
        own_mib=cost and cost.uss_median_mib,
        settled=result.warmup.settled,
        load_busy=result.generator.cpu_percent / 100,
        reasons=result.generator.reasons,
    )


def _asked(server: Server, bodies: Sequence[bytes], seconds: float) -> dict[str, Any]:
    """What whole answers to these cost, and how soon a stream's first token is there."""
    with _loop(server, "/chat", bodies, CONNECTIONS) as loop:
        loop.burst(WARM)
        costs = _burst(server, loop, seconds)
    return {**costs, **_memory(server), "ttft_ms": _first_tokens(server, bodies)}


def _burst(server: Server, loop: Loop, seconds: float) -> dict[str, Any]:
    before = cpu.seconds(server.processes())
    seen = loop.burst(seconds)
    return _costs(seen, seen.answers, cpu.seconds(server.processes()) - before)


def _costs(seen: Seen, counted: int, used: float) -> dict[str, Any]:
    reasons = {
        f"{seen.errors} errors: {seen.problem}": seen.errors > 0,
        FEW: counted < 10,
        f"the load's CPU was over {MAX_CPU:.0f}%": seen.busy > MAX_CPU / 100,
    }
    return {
        "rate": counted / seen.seconds,
        "cores": used / seen.seconds,
        "cost_us": 1e6 * used / counted if counted else None,
        "load_busy": seen.busy,
        "reasons": tuple(reason for reason, holds in reasons.items() if holds),
    }


def _memory(server: Server) -> dict[str, float]:
    infos = [process.memory_full_info() for process in server.processes()]
    return {"rss_mib": sum(one.rss for one in infos) / MIB, "own_mib": sum(one.uss for one in infos) / MIB}


def _first_tokens(server: Server, bodies: Sequence[bytes]) -> float | None:
    """The 99th percentile of some streams, one after the other, in ms; None when one of them had no token."""
    connection, taken = Connection(Endpoint.of(server.url)), list[float]()
    try:
        for number in range(ASKED):
            stream = ChatStream()
            reply = connection.exchange(_request(server, "/chat/stream", bodies[number % len(bodies)]), stream)
            if stream.problem or stream.first_content is None:
                return None
            taken.append(1e3 * (stream.first_content - reply.sent))
    finally:
        connection.close()
    return sorted(taken)[int(0.99 * len(taken))]


def _seed(server: Server, bodies: Sequence[bytes], turns: int) -> None:
    """Give every session so many turns."""
    connection, deadline = Connection(Endpoint.of(server.url)), time.monotonic() + READY
    try:
        for body in (body for _ in range(turns) for body in bodies):
            reply = connection.exchange(_request(server, "/chat", body))
            if reply.status != 200 or time.monotonic() > deadline:
                raise UserError(f"{server.target.name} did not take a history in {READY:g} s: {reply.failure}")
    finally:
        connection.close()


def _body(message: str, session: str | None = None) -> bytes:
    return json.dumps({"message": message} | ({"session_id": session} if session else {})).encode()


def _request(server: Server, path: str, body: bytes) -> bytes:
    head = {"X-API-Key": server.key, "Accept": "*/*", "Content-Type": "application/json"}
    return prepare(Endpoint.of(server.url), "POST", path, head, body)


def _loop(server: Server, path: str, bodies: Sequence[bytes], connections: int, *, streams: bool = False) -> Loop:
    requests = [_request(server, path, body) for body in bodies]
    return Loop(Endpoint.of(server.url), requests, connections, streams=streams)
