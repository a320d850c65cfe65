"""Plays one fault on one route of a running server, and looks at what it leaves: the log, the session, the next turn.

Rule: a fresh session and a fresh request id each time, so that any number of them can run at once. Neighbours:
`judge` (what is made of it), `measure` (plays all).
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.conformance.subject import Subject, fresh, payload
from tests.resilience.faults.judge import After, Said, broken, from_chat, from_stream
from tests.resilience.faults.promises import PROMISES, REFUSE
from tests.resilience.held import SHORT
from tests.resilience.part import Frozen

CHAT, STREAM = "/chat", "/chat/stream"
ROUTES = (CHAT, STREAM)


class Played(Frozen):
    """What came of one fault: the status (of the `error` event's words, in a stream), and the promises it broke."""

    fault: str
    route: str
    status: int
    seconds: float
    pings: int | None
    broken: tuple[str, ...]


def play(server: Subject, fault: str, route: str, key: str) -> Played:
    """Play it; whatever goes wrong on the way is a broken promise too."""
    name, session = fresh("id"), fresh()
    try:
        said = _ASKED[route](server, "hello" if fault == REFUSE else f"/upstream {fault} {session}", session, name)
        found = tuple(broken(PROMISES[fault], said, _after(server, fault, session, name), key))
    except AssertionError as error:
        return Played(fault=fault, route=route, status=0, seconds=0, pings=None, broken=(f"gave no answer: {error}",))
    return Played(
        fault=fault,
        route=route,
        status=said.status,
        seconds=round(said.seconds, 3),
        pings=said.pings,
        broken=found,
    )


def _chat(server: Subject, message: str, session: str, name: str) -> Said:
    began = time.monotonic()
    answer = server.post(CHAT, payload(message, session), ("X-Request-ID", name))
    return from_chat(answer.status, time.monotonic() - began, answer.body, answer.json())


def _stream(server: Subject, message: str, session: str, name: str) -> Said:
    began = time.monotonic()
    with server.stream(message, session, ("X-Request-ID", name)) as stream:
        body = b"".join(read.data for read in stream.reads())
    return from_stream(time.monotonic() - began, body)


def _after(server: Subject, fault: str, session: str, name: str) -> After:
    line = server.log_line(name)
    stored = len(server.messages(session))
    # Nobody can answer where nobody listens: there the next request is one that needs no model.
    again = server.get("/openapi.json") if fault == REFUSE else server.chat(SHORT, session)
    return After(line.get("outcome", line["status"]), stored, again.status)


_ASKED: Mapping[str, Callable[[Subject, str, str, str], Said]] = MappingProxyType({CHAT: _chat, STREAM: _stream})
