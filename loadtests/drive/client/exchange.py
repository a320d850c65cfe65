"""One HTTP/1.1 answer after another, from bytes as they come: no socket, no clock, no waiting.

Rule: `feed` takes what one read brought and the time it returned, and says whether the exchange is over; what
went wrong is a value (`failure`) beside the times that were reached, because a load generator counts failures as
carefully as answers. Memory is bounded. httptools (llhttp) parses, but for the one read that a stream is made
of: exactly one whole chunk. Neighbours: `message` has the values; `http` and `hub` read sockets for it.
"""

from __future__ import annotations

from typing import Final, Literal

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from loadtests.drive.client.message import Failure, Reader, Reply
from loadtests.drive.client.sse import SSEError

MAX_HEAD: Final = 65_536
MAX_BODY: Final = 16 << 20
NO_BODY: Final = frozenset({204, 304})
# a chunk's size line, and how many bytes follow it: the data and its CRLF
CHUNKS: Final = {form % size: size + 2 for form in (b"%x", b"%X") for size in range(1, 4_096)}


class Exchange:
    """The answers of one connection: `begin` for each request, `feed` for each read until it returns True.

    Its `on_…` methods are httptools' callbacks.
    """

    __slots__ = (
        "_between",
        "_body",
        "_chunk_ended",
        "_done",
        "_excess",
        "_framed",
        "_head",
        "_head_done",
        "_headers",
        "_keep",
        "_parser",
        "_reader",
        "_size",
        "_status",
        "_stream",
        "failure",
        "first",
        "last",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.begin(None)

    def begin(self, reader: Reader | None) -> None:
        """Expect the answer to the next request; if it is an event stream, its body goes to `reader`."""
        self._reader = reader
        self.first: float | None = None
        self.last = 0.0
        self.failure: Failure | None = None
        self._expect()

    def feed(self, stamp: float, data: bytes) -> bool:
        """Take what one read brought, b"" for the end of the connection; whether the exchange is over."""
        if self._between:
            line, _, rest = data.partition(b"\r\n")
            if CHUNKS.get(line) == len(rest) and rest.endswith(b"\r\n"):  # one whole chunk: all that a token is
                self.last = stamp
                return self._read(stamp, rest[:-2])
        if not data:
            return self._ended()
        if self.first is None:
            self.first = stamp
        self.last = stamp
        return self._parse(data) or self._deliver(stamp, data)

    def broke(self, error: OSError) -> bool:
        """The connection broke: over, with a failure."""
        kind: Literal["closed", "truncated"] = "closed" if self.first is None else "truncated"
        return self.fail(kind, error.strerror or str(error))

    def too_slow(self, timeout: float) -> bool:
        """The time for this exchange ran out: over, with a failure."""
        got = "nothing" if self.first is None else "some of it"
        return self.fail("timeout", f"no whole answer in {timeout:g} s, {got} came")

    def fail(self, kind: Literal["connect", "timeout", "closed", "truncated", "malformed"], detail: str) -> bool:
        """Over, with this failure; True, so that it can be returned."""
        self.failure = Failure(kind, detail)
        return True

    @property
    def kept(self) -> bool:
        """Whether the connection can take another request."""
        return self._keep and self.failure is None

    def reply(self, sent: float, end: float) -> Reply:
        """What came of a request that was sent and over at these times."""
        body = b"".join(self._body)
        return Reply(sent, self.first, end, self._status, self._headers, body, self.failure)

    def _expect(self) -> None:
        self._status = self._head = self._size = 0
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._stream: Reader | None = None
        self._head_done = self._done = self._excess = self._keep = self._framed = False
        self._chunk_ended = self._between = False

    def _parse(self, data: bytes) -> bool:
        """Feed httptools; True when that failed."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            return self.fail("malformed", f"not HTTP/1.1 as expected ({error})")
        if self._excess:
            return self.fail("malformed", "bytes follow the end of the answer")
        if not self._head_done:
            self._head += len(data)
            if self._head > MAX_HEAD:
                return self.fail("malformed", f"a head of more than {MAX_HEAD} bytes")
        return False

    def _deliver(self, stamp: float, data: bytes) -> bool:
        """Hand a stream's bytes on; another body is kept, within its limit."""
        if self._stream is None:
            if self._size > MAX_BODY:
                return self.fail("malformed", f"a body of more than {MAX_BODY} bytes")
            return self._done
        # what follows a chunk is a size line, and once that line has its CRLF, httptools has called on_chunk_header
        self._between = self._chunk_ended and data.endswith(b"\r\n")
        if self._body:
            body = b"".join(self._body)
            self._body.clear()
            return self._read(stamp, body) or self._done
        return self._done

    def _read(self, stamp: float, body: bytes) -> bool:
        """Give the stream's reader what one read brought; True when it cannot go on."""
        try:
            self._stream.read(stamp, body)  # type: ignore[union-attr]  # asked for by the callers, who are in a hurry
        except SSEError as error:
            return self.fail("malformed", str(error))
        return False

    def _ended(self) -> bool:
        """The connection was closed: too late, the end of an answer that has no other, or a failure."""
        if self.first is None:
            return self.fail("closed", "the server closed the connection without an answer")
        if not self._head_done or self._framed:
            return self.fail("truncated", "the server closed the connection inside its answer")
        self._keep = False
        return True

    def on_message_begin(self) -> None:
        """After the end of an answer, this is one too many."""
        self._excess = self._done

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head (or of the trailer)."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is whole: how the body is framed, and who reads it."""
        self._status = self._parser.get_status_code()
        self._keep = self._parser.should_keep_alive()
        headers = self._headers
        self._framed = (
            b"content-length" in headers
            or b"chunked" in headers.get(b"transfer-encoding", b"").lower()
            or self._status in NO_BODY
        )
        if self._reader is not None and headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            self._stream = self._reader
        self._head_done = True

    def on_chunk_header(self) -> None:
        """A chunk's size line was read."""
        self._chunk_ended = False

    def on_chunk_complete(self) -> None:
        """A chunk and its CRLF were read."""
        self._chunk_ended = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._body.append(data)
        self._size += len(data)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was an interim one (RFC 9110, 15.2): then the real one follows."""
        if self._status < 200:
            self._expect()
        else:
            self._done = True
