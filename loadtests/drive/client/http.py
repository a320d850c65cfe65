"""One HTTP/1.1 client connection over a raw socket: send prepared bytes, read and time-stamp the answer.

Rule: one `recv`, one `time.monotonic()`, nothing between them; what went wrong is a value (`Failure`)
beside the times that were reached, because a load generator counts failures as carefully as answers.
Buffers are bounded. httptools (llhttp) parses. Neighbours: `message` has the values; `chatstream` is a `Reader`;
`generator` drives connections inside Locust.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Final, Literal

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from loadtests.drive.client.message import Endpoint, Failure, Reader, Reply
from loadtests.drive.client.sse import SSEError

READ_SIZE: Final = 65_536
MAX_HEAD: Final = 65_536
MAX_BODY: Final = 16 << 20
NO_BODY: Final = frozenset({204, 304})


class _Message:
    """The answer being received; its `on_…` methods are httptools' callbacks."""

    __slots__ = (
        "body",
        "done",
        "excess",
        "framed",
        "head_done",
        "headers",
        "keep",
        "parser",
        "size",
        "status",
    )

    def __init__(self) -> None:
        self.parser = HttpResponseParser(self)
        self.reset()

    def reset(self) -> None:
        self.status = self.size = 0
        self.headers: dict[bytes, bytes] = {}
        self.body: list[bytes] = []
        self.head_done = self.done = self.excess = self.keep = self.framed = False

    def on_message_begin(self) -> None:
        self.excess = self.done

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.keep = self.parser.should_keep_alive()
        self.framed = (
            b"content-length" in self.headers
            or b"chunked" in self.headers.get(b"transfer-encoding", b"").lower()
            or self.status in NO_BODY
        )
        self.head_done = True

    def on_body(self, data: bytes) -> None:
        self.body.append(data)
        self.size += len(data)

    def on_message_complete(self) -> None:
        if self.status < 200:  # an interim answer; the real one follows
            self.reset()
        else:
            self.done = True


class _Stop(Exception):
    """The exchange cannot go on."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Connection:
    """Opened when first needed, kept while the server keeps it; for one user at a time."""

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0, watched: bool = False) -> None:
        """`timeout` is for a whole exchange, in seconds.

        `watched`: whoever made this connection calls `expire` now and then, and reads need no timer of their own,
        which costs a quarter of what a token costs under gevent.
        """
        self._endpoint = endpoint
        self._timeout = timeout
        self._watched = watched
        self._deadline = inf
        self._expired = False
        self._socket: socket.socket | None = None
        self._message = _Message()
        self._first: float | None = None
        self._last = 0.0

    def exchange(self, request: bytes, reader: Reader | None = None) -> Reply:
        """Send one request and read its whole answer; an event stream's body goes to `reader`, read by read.

        A kept connection that the server had closed before it answered is replaced once: the request was
        not lost, it was never taken (RFC 9112, 9.3.1). A fresh one that fails is a failure.
        """
        sent = monotonic()
        self._deadline, self._expired = sent + self._timeout, False
        reused = self._socket is not None
        failure = self._attempt(request, reader)
        if reused and self._first is None and failure is not None and failure.kind == "closed":
            failure = self._attempt(request, reader)
        self._deadline = inf
        message = self._message
        end = self._last if failure is None else monotonic()
        if failure is not None or not message.keep:
            self.close()
        body = b"".join(message.body)
        return Reply(sent, self._first, end, message.status, message.headers, body, failure)

    def close(self) -> None:
        """Close the socket, if there is one; the next exchange opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def expire(self, now: float) -> None:
        """End the exchange under way if it has taken too long at `now`; its reader wakes up and says so."""
        if now > self._deadline and self._socket is not None:
            self._expired, self._deadline = True, inf
            with suppress(OSError):  # not connected any more: the read is ending by itself
                self._socket.shutdown(socket.SHUT_RDWR)

    def _attempt(self, request: bytes, reader: Reader | None) -> Failure | None:
        self._first = None
        try:
            if self._socket is None:
                self._message = _Message()
                self._socket = self._connect()
            else:
                self._message.reset()
            self._send(self._socket, request)
            self._receive(self._socket, reader)
        except _Stop as stop:
            self.close()
            return stop.failure
        return None

    def _connect(self) -> socket.socket:
        sock = socket.socket(self._endpoint.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._timeout)
            sock.connect(self._endpoint.address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._watched:
                sock.settimeout(None)
        except OSError as error:
            sock.close()
            raise _Stop(Failure("connect", error.strerror or str(error))) from error
        return sock

    def _send(self, sock: socket.socket, request: bytes) -> None:
        try:
            sock.sendall(request)
        except TimeoutError as error:
            raise _Stop(Failure("timeout", "the request could not be sent")) from error
        except OSError:
            return  # refused while sending: the answer may be waiting, and if not, reading says so

    def _receive(self, sock: socket.socket, reader: Reader | None) -> None:
        message, head = self._message, 0
        while not message.done:
            if not self._watched:
                sock.settimeout(max(self._deadline - monotonic(), 0.001))
            data, stamp = self._read(sock)
            if not data:
                return self._closed()
            self._last = stamp
            if self._first is None:
                self._first = stamp
            self._parse(data)
            if not message.head_done and (head := head + len(data)) > MAX_HEAD:
                raise _Stop(Failure("malformed", f"a head of more than {MAX_HEAD} bytes"))
            if message.body:
                self._deliver(stamp, reader)
        return None

    def _read(self, sock: socket.socket) -> tuple[bytes, float]:
        try:
            data = sock.recv(READ_SIZE)
            return data, monotonic()
        except TimeoutError as error:
            raise _Stop(self._too_slow()) from error
        except OSError as error:
            if self._expired:  # gevent breaks off a read whose socket is shut down
                raise _Stop(self._too_slow()) from error
            kind: Literal["closed", "truncated"] = "closed" if self._first is None else "truncated"
            raise _Stop(Failure(kind, error.strerror or str(error))) from error

    def _too_slow(self) -> Failure:
        got = "some of it" if self._first is not None else "nothing"
        return Failure("timeout", f"no whole answer in {self._timeout:g} s, {got} came")

    def _closed(self) -> None:
        """The connection was closed: too late, the end of an answer that has no other, or a failure."""
        message = self._message
        if self._expired:
            raise _Stop(self._too_slow())
        if self._first is None:
            raise _Stop(Failure("closed", "the server closed the connection without an answer"))
        if not message.head_done or message.framed:
            raise _Stop(Failure("truncated", "the server closed the connection inside its answer"))
        message.keep = False

    def _parse(self, data: bytes) -> None:
        message = self._message
        try:
            message.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            raise _Stop(Failure("malformed", f"not HTTP/1.1 as expected ({error})")) from error
        if message.excess:
            raise _Stop(Failure("malformed", "bytes follow the end of the answer"))

    def _deliver(self, stamp: float, reader: Reader | None) -> None:
        """Hand a stream's bytes on; another body is kept, within its limit."""
        message = self._message
        if reader is None or not message.headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            if message.size > MAX_BODY:
                raise _Stop(Failure("malformed", f"a body of more than {MAX_BODY} bytes"))
            return
        data = b"".join(message.body)
        message.body.clear()
        try:
            reader.read(stamp, data)
        except SSEError as error:
            raise _Stop(Failure("malformed", str(error))) from error
