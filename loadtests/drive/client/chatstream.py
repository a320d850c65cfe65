"""Reads one chat stream: which events came, when, and whether the contract's order was kept.

Rule: an event's time is the time stamp of the read that brought its last byte; nothing is averaged here.
TTFT is the first token with content, token stamps are those of all token events, `problem` says what broke
the contract; `said` is put together when it is asked for. Neighbours: `exchange` hands over each read, `sse` finds
the events, `recorder` pools the figures of many streams.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic_core import from_json, to_json

from loadtests.checks import Said
from loadtests.drive.client.sse import SSEParser

LAST: Final = frozenset({"end", "error"})

# One whole token event, as nearly every read of a stream is: no field but its data, which is a JSON object of just
# these members and a string that JSON allows. Whatever bytes are in it, UTF-8 or not: it has content if it has any.
TOKEN: Final = re.compile(
    rb'data: \{"type": ?"token", ?"content": ?"([^"\\\x00-\x1f]*(?:\\["\\/bfnrt][^"\\\x00-\x1f]*)*)"\}\n\n'
).fullmatch


class ChatStream:
    """A `Reader` for one answer of POST /chat/stream."""

    __slots__ = ("_open", "_order", "_parser", "content", "error", "first_content", "last", "stamps", "tool_calls")

    def __init__(self) -> None:
        self._parser = SSEParser()
        self._open = False  # between the start and the last event, where tokens belong
        self._order = ""
        self.stamps: list[float] = []
        self.content: list[bytes] = []  # of each token, as it stands in JSON
        self.tool_calls: list[dict[str, object]] = []  # as they stood in their events
        self.first_content: float | None = None
        self.last: str | None = None
        self.error: str | None = None

    def read(self, stamp: float, data: bytes) -> None:
        """Take the events that one read completed."""
        if self._open and self._parser.idle and (token := TOKEN(data)) is not None:
            self.stamps.append(stamp)
            self.content.append(token[1])
            if self.first_content is None and token[1]:
                self.first_content = stamp
            return
        for event in self._parser.feed(data):
            self._event(stamp, event.data)

    def _event(self, stamp: float, data: str) -> None:
        try:
            fields = from_json(data)
        except ValueError:
            fields = None
        kind = fields.get("type") if isinstance(fields, dict) else None
        if not isinstance(kind, str):
            self._order = self._order or f"an event is no JSON object with a type: {data[:60]!r}"
        elif kind == "token":
            self._token(stamp, fields.get("content"))
        else:
            self._other(kind, fields)

    def _token(self, stamp: float, content: object) -> None:
        if not self._open or not isinstance(content, str):
            self._order = self._order or "a token out of place or without a content string"
            return
        self.stamps.append(stamp)
        self.content.append(to_json(content)[1:-1])
        if self.first_content is None and content:
            self.first_content = stamp

    def _other(self, kind: str, fields: dict[str, object]) -> None:
        if (kind == "start") is not (self.last is None) or self.last in LAST:
            self._order = self._order or f"{kind!r} after {self.last!r}"
        if kind == "error":
            self.error = f"{fields.get('error')}: {fields.get('detail')}"
        if kind == "tool_call":
            self.tool_calls.append({name: value for name, value in fields.items() if name != "type"})
        self.last = kind
        self._open = kind not in LAST

    @property
    def text(self) -> str:
        """The tokens joined; `ValueError` where they are no text."""
        text: str = from_json(b'"' + b"".join(self.content) + b'"')
        return text

    @property
    def said(self) -> Said:
        """All that it has brought of the model's work."""
        try:
            text = self.text
        except ValueError:
            text = None
        return Said(text, len(self.stamps), tuple(self.tool_calls))

    @property
    def complete(self) -> bool:
        """Whether an `end` or `error` event came; a stream that stops without one was truncated."""
        return self.last in LAST

    @property
    def problem(self) -> str | None:
        """What broke the contract or went wrong, in words that are the same for the same cause; or None."""
        if self._order:
            return f"events out of order: {self._order}"
        if self.error is not None:
            return f"error event: {self.error}"
        if not self.complete:
            return "truncated: the stream stopped without end or error"
        return None if self.first_content is not None else "no token with content"
