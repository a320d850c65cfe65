"""uvicorn's HTTP protocol with a limit on a request's head, for `--http fastapi_impl.protocol:BoundedHead`.

Rule: what the parser keeps and nobody bounds is bounded here. httptools takes a request line, headers and trailers
without end, holds them, and copies what it has with each read while the event loop waits (docs/resilience/limits.md
has the figures). gunicorn has its `--limit-request-…`; uvicorn has a limit only in its slow h11 protocol, whose value
is taken here. Neighbours: loadtests/targets.toml names it; the application never sees what it refuses.
"""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.body import SPARE

LIMIT = 64 * 1024  # bytes of a request line and its headers, or of a body's trailers
LINGER = 2.0  # seconds that a client still sending has to read the refusal
REFUSAL = b"Request head too large"


class HeadTooLarge(Exception):
    """Stops the parser at the end of a head over the limit; uvicorn then asks for its own refusal."""


class BoundedHead(HttpToolsProtocol):
    """Answers 431 to a head over `LIMIT`; up to `SPARE` more is read and dropped, so that the client gets it."""

    _read = 0  # bytes of the read in hand
    _least = _most = (
        0  # bytes of the head that comes: its beginning may lie anywhere in the read where the last one ended
    )
    _too_large = False  # a whole head was over the limit
    _dropped: int | None = None  # bytes since the refusal

    def data_received(self, data: bytes) -> None:
        """Count what comes, and let the parser have it while it is within the limit."""
        if self._dropped is not None:
            self._drop(len(data))
            return
        self._read = len(data)
        self._least += self._read
        self._most += self._read
        super().data_received(data)
        if (self._least > LIMIT or self._too_large) and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        """The head is whole, and can be counted where that is needed."""
        self._too_large = self._most > LIMIT and self._head() > LIMIT
        if self._too_large:
            raise HeadTooLarge
        self._least, self._most = 0, self._read
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A body has its own limit, in the application."""
        self._least, self._most = 0, self._read
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """uvicorn's own, unless it was ours to stop the parser: `data_received` refuses then."""
        if not self._too_large:
            super().send_400_response(msg)

    def _head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self) -> None:
        if self.cycle is not None and (self.cycle.more_body or not self.cycle.response_complete):
            self.transport.close()  # in the middle of another request or answer nothing can be said
            return
        lines = (b"content-type: text/plain", b"content-length: %d" % len(REFUSAL), b"connection: close", b"", REFUSAL)
        self.transport.write(STATUS_LINE[431] + b"\r\n".join(lines))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._dropped = 0
        self.loop.call_later(LINGER, self.transport.close)

    def _drop(self, count: int) -> None:
        self._dropped = (self._dropped or 0) + count
        if self._dropped > SPARE:
            self.transport.close()
