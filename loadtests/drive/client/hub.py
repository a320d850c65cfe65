"""The connection of the load: the same exchange, read inside gevent's hub.

Rule: a socket that can be read is read and understood in the hub's own callback, one `read`, one
`time.monotonic()`, nothing between them; the user's greenlet is woken once, when its exchange is over. That costs
no switch and no timer for a token, and no socket starves another, because a callback reads once. Whatever goes wrong
in a callback is raised in the user's greenlet. Neighbours: `http` (all but the reading), `exchange`, `generator`.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar, Final

from gevent.hub import Waiter, get_hub
from gevent.socket import socket as gevent_socket

from loadtests.drive.client.http import READ_SIZE, Connection
from loadtests.drive.client.message import Endpoint

READABLE: Final = 1  # libev's EV_READ


class HubConnection(Connection):
    """A connection without timers of its own: whoever makes it calls `expire` now and then."""

    _kind: ClassVar[Any] = gevent_socket

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0) -> None:
        """`timeout` is for a whole exchange, in seconds."""
        super().__init__(endpoint, timeout=timeout)
        self._descriptor = -1
        self._watcher: Any = None
        self._waiter: Waiter[None] = Waiter()

    def close(self) -> None:
        """Close the socket and its watcher, if there are any; the next exchange opens others."""
        if self._watcher is not None:  # first: a descriptor must not be watched when its number is given away
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None
        super().close()

    def expire(self, now: float) -> bool:
        """End the exchange under way if it has taken too long at `now`, whatever it is doing; whether it has."""
        if now <= self._deadline:
            return False
        if self._socket is not None:
            with suppress(OSError):  # not connected any more: its reading is ending by itself
                self._socket.shutdown(socket.SHUT_RDWR)
        return True

    def _connect(self) -> socket.socket | None:
        sock = super()._connect()
        if sock is not None:
            self._descriptor = sock.fileno()
            self._watcher = get_hub().loop.io(self._descriptor, READABLE)
        return sock

    def _send(self, sock: socket.socket, request: bytes) -> bool:
        try:
            sent = os.write(self._descriptor, request)  # nearly always all of it, without gevent's loop around it
        except BlockingIOError:
            sent = 0
        except OSError:
            return True
        return sent == len(request) or super()._send(sock, request[sent:])

    def _receive(self, sock: socket.socket) -> None:  # noqa: ARG002 - its descriptor is what is watched
        waiter = self._waiter = Waiter()
        self._watcher.start(self._readable)
        try:
            waiter.get()
        finally:
            self._watcher.stop()

    def _readable(self) -> None:
        """The hub's callback: one read. An error of ours goes to the user; the hub would print it and go on."""
        try:
            data = os.read(self._descriptor, READ_SIZE)
            stamp = monotonic()
            over = self._exchange.feed(stamp, data) if data else self._ended(stamp)
        except BlockingIOError:
            return
        except OSError as error:
            over = self._ended(monotonic(), error)
        except Exception:
            self._waiter.throw(*sys.exc_info())
            return
        if over:  # the user goes on when all that can be read now has its time stamp: its work would make others late
            self._watcher.stop()
            get_hub().loop.run_callback(self._waiter.switch, None)

    def _ended(self, now: float, error: OSError | None = None) -> bool:
        """The connection is at its end: cut off by `expire`, closed or broken by the server."""
        if now > self._deadline:
            return self._exchange.too_slow(self._timeout)
        return self._exchange.feed(now, b"") if error is None else self._exchange.broke(error)
