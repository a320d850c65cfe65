"""Server-sent events from bytes as they come: feed what was read, get the events it completed.

Rule: the whole grammar of WHATWG HTML section 9.2.6 ("Interpreting an event stream"), in one pass, with no
event held back that is complete and none invented that is not. A lone CR ends a line at once; an LF that
follows it, even in the next read, belongs to it. Knows no socket and no clock. Neighbours: `chatstream`
reads meaning into the events.
"""

from typing import Final, NamedTuple

MAX_EVENT: Final = 1 << 20
BOM: Final = b"\xef\xbb\xbf"


class SSEError(Exception):
    """The stream cannot be read any further; the message says why."""


class ServerSentEvent(NamedTuple):
    """One dispatched event: its data lines joined by LF, its type, and the last event id at that time."""

    data: str
    event: str
    id: str


class SSEParser:
    """An incremental parser; `feed` is the only way in. `retry` is the last valid reconnection time in ms.

    `idle` is true between events, with nothing held: then a whole event gives what it would give at any other time.
    """

    __slots__ = (
        "_after_cr",
        "_data",
        "_event",
        "_id",
        "_limit",
        "_pending",
        "_pending_size",
        "_start",
        "idle",
        "retry",
    )

    def __init__(self, limit: int = MAX_EVENT) -> None:
        """`limit` is the most bytes an unfinished event may take."""
        self._limit = limit
        self._start: bytes | None = b""  # what came so far of a possible byte order mark; None once decided
        self._after_cr = False
        self._pending: list[bytes] = []  # an unfinished line, as it was read
        self._pending_size = 0
        self._data: list[bytes] = []
        self._event = b""
        self._id = ""
        self.idle = False
        self.retry: int | None = None

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that these bytes complete, in order."""
        if self._start is not None:
            data = self._without_mark(data)
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._pending:
            lines[0] = b"".join((*self._pending, lines[0]))
            self._pending.clear()
            self._pending_size = 0
        events = self._take(lines)
        if rest or self._data:
            self._hold(rest)
        self.idle = not (self._pending or self._data or self._event or self._after_cr or self._start is not None)
        return events

    def _take(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events: list[ServerSentEvent] = []
        for line in lines:
            if line.startswith(b"data: "):  # what nearly every line is
                self._data.append(line[6:])
            elif line:
                self._field(line)
            elif self._data:
                text = b"\n".join(self._data).decode("utf-8", "replace")
                kind = self._event.decode("utf-8", "replace") if self._event else "message"
                events.append(ServerSentEvent(text, kind, self._id))
                self._data.clear()
                self._event = b""
            else:
                self._event = b""
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")  # a comment has an empty name, and no field has that
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) < 20:
            self.retry = int(value)

    def _hold(self, rest: bytes) -> None:
        """Keep what is unfinished, within the limit."""
        if rest:
            self._pending.append(rest)
        self._pending_size += len(rest)
        if self._pending_size + sum(map(len, self._data)) > self._limit:
            raise SSEError(f"an event of more than {self._limit} bytes without its blank line")

    def _without_mark(self, data: bytes) -> bytes:
        """The bytes after an optional byte order mark, which may come split over several reads."""
        seen = (self._start or b"") + data
        if len(seen) < len(BOM) and BOM.startswith(seen):
            self._start = seen
            return b""
        self._start = None
        return seen.removeprefix(BOM)
