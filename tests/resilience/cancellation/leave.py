"""Clients that leave: several at once open the same, come to the same point and go; the upstream noted when it knew.

Rule: seconds are those from the moment the first of them closes its socket to the end that the upstream noted, both by
the same machine's clock; where the upstream has no call open (a pause), to the line in the server's log. Neighbours:
`situations` (the table), `measure` (plays all of it).
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from loadtests.upstream import Call, Upstream
from tests.conformance import events, wire
from tests.conformance.poll import poll
from tests.conformance.subject import JSON, Subject, fresh, payload
from tests.resilience.cancellation.situations import SLACK, Situation, knowable
from tests.resilience.part import Frozen

PATIENCE = 20.0
"""Seconds for what has to come in the end, when nobody is in a hurry any more."""
DISCONNECTED = {"disconnected", 499}


class Left(Frozen):
    """What came of one client's leaving. `tokens`: what the upstream sent afterwards; `call`: how its call ended."""

    seconds: float
    tokens: int
    call: str
    outcome: str | int
    stored: int


@dataclass(frozen=True, slots=True)
class _Client:
    connection: wire.Connection
    session: str
    name: str


def leave(server: Subject, up: Upstream, situation: Situation, clients: int) -> tuple[Left, ...]:
    """So many clients at once; what came of each. Raises AssertionError when something does not come at all."""
    known = {call.id for call in up.calls()}
    with ExitStack() as stack:
        gone = [_open(server, situation, stack) for _ in range(clients)]
        before = poll(lambda: _under_way(up, known, situation, clients), PATIENCE, "calls under way")
        left = time.time()
    calls = poll(lambda: _ended(up, before), PATIENCE, "end of the calls at the upstream")
    lines = [server.log_line(client.name, PATIENCE) for client in gone]
    return tuple(
        Left(
            seconds=round((_written(line["time"]) if situation.call == call.fault else call.ended or 0) - left, 3),
            tokens=call.tokens - before[call.id],
            call=call.outcome,
            outcome=line.get("outcome", line["status"]),
            stored=len(server.messages(client.session)),
        )
        for call, line, client in zip(calls, lines, gone, strict=True)
    )


def broken(framework: str, situation: Situation, came: Sequence[Left]) -> list[str]:
    """The promises that were broken, a sentence each; a framework that lets nobody know can break none."""
    if not knowable(framework, situation):
        return []
    found = [f"the upstream knew after {one.seconds} s" for one in came if one.seconds > situation.within + SLACK]
    found += [f"the call at the upstream ended as {one.call}" for one in came if one.call != situation.call]
    found += [f"the log says {one.outcome}" for one in came if one.outcome not in DISCONNECTED]
    return found + [f"the session holds {one.stored} messages" for one in came if one.stored]


def _open(server: Subject, situation: Situation, stack: ExitStack) -> _Client:
    client = _Client(stack.enter_context(server.connect()), fresh(), fresh("id"))
    headers = [("X-API-Key", server.key), JSON, ("X-Request-ID", client.name)]
    body = payload(f"{situation.message} {client.name}", client.session)
    if not situation.streamed:
        client.connection.send(wire.request("POST", "/chat", headers, body))
        return client
    stream = events.open_stream(client.connection, wire.request("POST", "/chat/stream", headers, body))
    seen = b""
    for read in stream.reads():
        seen += read.data
        if seen.count(situation.seen) >= situation.times:
            return client
    raise AssertionError(f"the stream ended before {situation.seen!r} had come: {seen!r}")


def _under_way(up: Upstream, known: set[str], situation: Situation, clients: int) -> dict[str, int]:
    """The tokens of each new call once all clients' calls are where they shall be; nothing before that."""
    new = [call for call in up.calls() if call.id not in known]
    least = 0 if situation.streamed else situation.times
    there = len(new) == clients and all(call.tokens >= least for call in new)
    return {call.id: call.tokens for call in new} if there else {}


def _ended(up: Upstream, ids: dict[str, int]) -> list[Call]:
    calls = [call for call in up.calls() if call.id in ids]
    return calls if all(call.ended for call in calls) else []


def _written(when: str) -> float:
    return datetime.fromisoformat(when).timestamp()
