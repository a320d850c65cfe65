"""The stream's grammar as the contract states it: `data: <JSON>` blocks and comment lines, nothing else.

Rule: strict; whatever is not of that form is an error with the bytes in it. Neighbours: `wire` (the reads).
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.wire import Answer, Connection, Read

Event = dict[str, Any]
TERMINAL = ("end", "error")
COMMENT = "comment"
LONGEST = 30.0
"""Seconds that a stream may last: heartbeats could keep a client waiting for ever."""


def parse(data: bytes) -> tuple[list[Event], bytes]:
    """The events of some stream bytes, and the rest that is not a whole block yet; comments are left out."""
    *blocks, rest = data.split(b"\n\n")
    return [event for block in blocks for event in _block(block)], rest


def outline(data: bytes) -> list[str]:
    """The type of every block, comments included, in order; bytes after the last whole block are an error."""
    *blocks, rest = data.split(b"\n\n")
    assert rest == b"", f"the stream ended inside an event: {rest!r}"
    return [_block(block)[0]["type"] if _block(block) else COMMENT for block in blocks]


def _block(block: bytes) -> list[Event]:
    lines = [line for line in block.split(b"\n") if not line.startswith(b":")]
    if not lines:
        return []
    assert len(lines) == 1, f"an event must be one line, got {block!r}"
    assert lines[0].startswith(b"data: "), f"an event must start with 'data: ', got {block!r}"
    event = json.loads(lines[0].removeprefix(b"data: ").decode("utf-8"))
    assert isinstance(event, dict), f"an event must be an object, got {block!r}"
    return [event]


@dataclass(slots=True)
class Stream:
    """An open stream: its head has arrived at `opened`; events are taken from it as they come."""

    connection: Connection
    head: Answer
    sent: float
    opened: float
    _timed: Iterator[tuple[float, Event]] | None = field(default=None, init=False)

    def reads(self) -> Iterator[Read]:
        """The stream's reads up to its end."""
        for read in self.connection.reads():
            lasted = read.at - self.sent
            assert lasted < LONGEST, f"the stream goes on after {lasted:.1f} s: {read.data[-200:]!r}"
            yield read

    def timed(self) -> Iterator[tuple[float, Event]]:
        """Events with the time at which their last byte was read, from where the last caller stopped."""
        if self._timed is None:
            self._timed = self._whole()
        return self._timed

    def events(self) -> Iterator[Event]:
        """Events as they come."""
        return (event for _, event in self.timed())

    def until(self, kind: str) -> list[Event]:
        """The events up to and with the first of this type; a stream that ends before it is an error."""
        seen: list[Event] = []
        for event in self.events():
            seen.append(event)
            if event["type"] == kind:
                return seen
        raise AssertionError(f"the stream ended without {kind!r}: {seen}")

    def _whole(self) -> Iterator[tuple[float, Event]]:
        rest = b""
        for read in self.reads():
            events, rest = parse(rest + read.data)
            for event in events:
                yield read.at, event
        assert rest == b"", f"the stream ended inside an event: {rest!r}"


def open_stream(connection: Connection, payload: bytes) -> Stream:
    """Send a request for a stream and wait for the head of the answer, which must be 200."""
    connection.expect("POST")
    sent = time.monotonic()
    connection.send(payload)
    head = connection.head()
    opened = time.monotonic()
    assert head.status == 200, b"".join(read.data for read in connection.reads())
    return Stream(connection, head, sent, opened)


def text(events: Iterable[Event]) -> str:
    """The tokens joined."""
    return "".join(event["content"] for event in events if event["type"] == "token")


def calls(events: Iterable[Event]) -> list[Event]:
    """The tool calls, as POST /chat lists them."""
    return [{k: v for k, v in event.items() if k != "type"} for event in events if event["type"] == "tool_call"]


def kinds(events: Iterable[Event]) -> list[str]:
    """The events' types, in order."""
    return [event["type"] for event in events]
