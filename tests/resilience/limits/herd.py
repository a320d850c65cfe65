"""Many connections that are held: opened one after the other, and fed or read a byte a second by one thread.

Rule: a connection that the server ends is counted once and let go; nothing here waits for a single one of them.
Neighbours: `attacks` (what they do), `play` (for how long).
"""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from loadtests.serve import Server
from tests.resilience.limits.aside import Aside

CONNECT = 3.0
"""Seconds that a connection may take: the kernel answers for a server as long as its backlog has room."""
BEAT = 1.0

Act = Callable[[socket.socket], bool]
"""What is done once a second; False when the server has closed. May raise `OSError`, which says the same."""


def wait(connection: socket.socket) -> bool:
    """Do nothing, and see whether the server has had enough; what it still says is read, or its end would not show."""
    return connection.recv(4096) != b""


def sip(connection: socket.socket) -> bool:
    """Read a byte."""
    return connection.recv(1) != b""


def drip(connection: socket.socket) -> bool:
    """Send a byte: of a header's value or of a body, and white space, so that it is never too much."""
    connection.send(b" ")
    return wait(connection)


class Herd(Aside):
    """The connections, of one kind: what each sends when it opens, and what it does from then on."""

    def __init__(self, server: Server, opening: bytes, act: Act, *, buffer: int | None, reply: bool) -> None:
        super().__init__("herd")
        self._address = (server.host, server.port)
        self._opening, self._act, self._buffer, self._reply = opening, act, buffer, reply
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.closed_at: list[float] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.leave(len(self._open))

    @property
    def opened(self) -> int:
        """How many were opened so far, those that the server has closed since included."""
        return len(self._open) + len(self.closed_at)

    def grow(self, count: int, within: float = CONNECT) -> int:
        """Open so many more; fewer when one cannot be opened, or the time is over. Gives how many."""
        deadline = time.monotonic() + within
        for done in range(count):
            if time.monotonic() > deadline:
                return done
            try:
                connection = self._one()
            except OSError:
                return done
            with self._lock:
                self._open.append(connection)
        return count

    def leave(self, count: int) -> None:
        """Close so many, the last first, as a client does that goes away."""
        with self._lock:
            for _ in range(min(count, len(self._open))):
                self._open.pop().close()

    def _one(self) -> socket.socket:
        connection = socket.socket()
        try:
            if self._buffer:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
            connection.settimeout(CONNECT)
            connection.connect(self._address)
            connection.sendall(self._opening)
            if self._reply and not connection.recv(4096).startswith(b"HTTP/1.1 200 "):
                raise ConnectionError("no 200 to begin with")
        except OSError:
            connection.close()
            raise
        connection.setblocking(False)
        return connection

    def _run(self) -> None:
        while not self._stop.wait(BEAT):
            with self._lock:
                ended = [connection for connection in self._open if not self._alive(connection)]
                self._open = [connection for connection in self._open if connection not in ended]
                self.closed_at += [time.monotonic()] * len(ended)
            for connection in ended:
                connection.close()

    def _alive(self, connection: socket.socket) -> bool:
        try:
            return self._act(connection)
        except BlockingIOError:
            return True
        except OSError:
            return False
