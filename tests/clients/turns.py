"""The turns that every client reads, and the reading that all of them are held to.

Rule: data; the reference is the raw client's reading of the same message in the same state, as the conformance suite
reads it. A session's id is all that may differ, and is masked. Neighbours: `clients` (who reads), `test_events`.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.conformance.events import Event, parse
from tests.conformance.subject import Subject, fresh, payload

# What ends a line somewhere, and what looks like a stream's own words: none of it may end an event.
ODD = 'Grüße 😀 שלום\u2028\u2029\u0085\x0b\x0c\x1c\r\n\ndata: {"type": "end"}\n\n: ping\n\nevent: x\nid: 1\nretry: 1'

PINGS = b": ping\n\n"
FIRST_READ = 4096  # bytes, head and framing included: Chromium's first read of an answer takes no more
HEAD, FRAME = 800, 8  # bytes at most: an answer's head, and the framing of one event


@dataclass(frozen=True, slots=True)
class Turn:
    """A message, what was said before it in its session, and the types of event that a reading must have, in order.

    `comments`: there are some; `short`: the whole answer fits the first read of a browser.
    """

    id: str
    message: str
    has: tuple[str, ...]
    before: tuple[str, ...] = ()
    comments: bool = False
    short: bool = False

    def session(self, server: Subject) -> str:
        """A new session in which everything that comes before has been said."""
        session = fresh()
        for message in self.before:
            assert server.chat(message, session).status == 200
        return session


PROSE = ("start", "token", "end")
TOOL = ("start", "token", "tool_call", "token", "end")
TOOLS = ("start", "token", "tool_call", "tool_call", "token", "end")

LONG = Turn("event-of-20-kB", "what did I say first?", TOOL, before=("😀" * 5000,))

PLAIN = (
    Turn("prose", "hello", PROSE),
    Turn("tools", "calculate 6 * 7 and calculate 1/0", TOOLS, short=True),
    Turn("memory", "what did I say first?", TOOL, before=("my cat is called Ada",), short=True),
    Turn("odd-characters", "what did I say first?", TOOL, before=(ODD,), short=True),
    LONG,
)
LIVE = (
    Turn("tool", "calculate " + "שלום😀" * 900, TOOL, comments=True),
    Turn("stall", "/stall", ("start", "token", "error"), comments=True),
    Turn("fail", "/fail", ("start", "error")),
    Turn("crash", "/crash", ("start", "error")),
)


@dataclass
class References:
    """The raw client's readings, each made once for a server."""

    _known: dict[tuple[Subject, Turn], list[Event]] = field(default_factory=dict)

    def of(self, server: Subject, turn: Turn) -> list[Event]:
        """The events that every client must read."""
        if (server, turn) not in self._known:
            self._known[server, turn] = self._read(server, turn)
        return self._known[server, turn]

    def _read(self, server: Subject, turn: Turn) -> list[Event]:
        session = turn.session(server)
        body = server.post("/chat/stream", payload(turn.message, session)).body
        events, rest = parse(body)
        assert (rest, PINGS in body) == (b"", turn.comments), body
        assert outline(events) == turn.has
        assert not turn.short or HEAD + len(body) + FRAME * len(events) <= FIRST_READ
        return masked(events, session)


def masked(events: list[Event], session: str) -> list[Event]:
    """The events without the session's id, which must be the one that was sent."""
    assert [event.get("session_id") for event in events[:1]] == [session]
    return [{**event, "session_id": "(session)"} if "session_id" in event else event for event in events]


def outline(events: list[dict[str, Any]]) -> tuple[str, ...]:
    """The types of the events in order, tokens that follow each other as one."""
    types = [event["type"] for event in events]
    pairs = zip([None, *types], types, strict=False)
    return tuple(kind for last, kind in pairs if not kind == last == "token")
