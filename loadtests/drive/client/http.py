"""One HTTP/1.1 client connection over a plain socket: send prepared bytes, read and time-stamp the answer.

Rule: one `recv`, one `time.monotonic()`, nothing between them; blocks its thread, and is for all that is not the
load itself. Neighbours: `exchange` understands what is read, `message` has the values, `hub` is the same
connection inside gevent.
"""

from __future__ import annotations

import socket
from math import inf
from time import monotonic
from typing import ClassVar, Final

from loadtests.drive.client.exchange import Exchange
from loadtests.drive.client.message import Endpoint, Failure, Reader, Reply

READ_SIZE: Final = 65_536


class Connection:
    """Opened when first needed, kept while the server keeps it; for one user at a time."""

    _kind: ClassVar[type[socket.socket]] = socket.socket

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0) -> None:
        """`timeout` is for a whole exchange, in seconds."""
        self._endpoint = endpoint
        self._timeout = timeout
        self._deadline = inf
        self._socket: socket.socket | None = None
        self._exchange = Exchange()

    def exchange(self, request: bytes, reader: Reader | None = None) -> Reply:
        """Send one request and read its whole answer; an event stream's body goes to `reader`, read by read.

        A kept connection that the server had closed before it answered is replaced once: the request was
        not lost, it was never taken (RFC 9112, 9.3.1). A fresh one that fails is a failure.
        """
        sent = monotonic()
        self._deadline = sent + self._timeout
        reused = self._socket is not None
        try:
            failure = self._attempt(request, reader)
            if reused and failure is not None and failure.kind == "closed":
                failure = self._attempt(request, reader)
        except BaseException:  # interrupted: the rest of this answer must not meet the next request
            self.close()
            raise
        finally:
            self._deadline = inf
        return self._exchange.reply(sent, self._exchange.last if failure is None else monotonic())

    def close(self) -> None:
        """Close the socket, if there is one; the next exchange opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _attempt(self, request: bytes, reader: Reader | None) -> Failure | None:
        sock = self._socket
        if sock is None:
            self._exchange = Exchange()
            sock = self._connect()
        exchange = self._exchange
        if sock is not None:
            exchange.begin(reader)
            if self._send(sock, request):
                self._receive(sock)
        if not exchange.kept:
            self.close()
        return exchange.failure

    def _connect(self) -> socket.socket | None:
        """A new socket, or None and a failure."""
        sock = self._kind(self._endpoint.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._timeout)
            sock.connect(self._endpoint.address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException as error:
            sock.close()
            if not isinstance(error, OSError):
                raise
            self._exchange.fail("connect", error.strerror or str(error))
            return None
        self._socket = sock
        return sock

    def _send(self, sock: socket.socket, request: bytes) -> bool:
        """Whether there is an answer to be read. A refusal may be waiting where a request could not be sent."""
        sock.settimeout(self._left())
        try:
            sock.sendall(request)
        except TimeoutError:
            self._exchange.fail("timeout", "the request could not be sent")
            return False
        except OSError:
            return True  # refused while sending: the answer may be there, and if not, reading says so
        return True

    def _receive(self, sock: socket.socket) -> None:
        """Read until the exchange is over."""
        exchange, over = self._exchange, False
        while not over:
            sock.settimeout(self._left())
            try:
                data = sock.recv(READ_SIZE)
                stamp = monotonic()
            except TimeoutError:
                over = exchange.too_slow(self._timeout)
            except OSError as error:
                over = exchange.broke(error)
            else:
                over = exchange.feed(stamp, data)

    def _left(self) -> float:
        """Seconds that this exchange may still take; 0 would mean not to wait at all."""
        return max(self._deadline - monotonic(), 0.001)
