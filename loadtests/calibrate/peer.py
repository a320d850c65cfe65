"""A server that does exactly what its schedule says, as cheaply as Python can, and writes down when it really did it.

Rule: every write has an absolute due time, so a late one delays none of those after it. Its time stamp is taken just
before the system call: over loopback the client can have the bytes before the call returns, so a stamp after it could
lie behind the client's own, and the true moment is never before ours. A request's stamp is taken when its last byte has
been read; between 16 writes the peer looks for requests. One heap for all streams, bytes made beforehand, one call of
`send` a write. It ends by a signal, or when whoever started it has closed its standard input. Neighbours: `schedule`,
`record`, `running` (starts it).
"""

from __future__ import annotations

import gc
import select
import selectors
import socket
import sys
from collections.abc import Sequence
from functools import lru_cache
from heapq import heappop, heappush, heapreplace
from math import inf
from time import monotonic, process_time
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from loadtests.calibrate.record import Record, record_of
from loadtests.calibrate.schedule import Schedule, Script, scripts, whole

WRITES: Final = 16  # before the peer looks for requests again
MARK: Final = 0.1  # seconds between two looks at its own CPU time
BACKLOG: Final = 4_096
IDLE: Final = 1.0
HEALTHY: Final = whole(b'{"status":"healthy","version":"1.0.0"}')
NO_SESSION: Final = whole(b'{"error":"Not found","detail":"There is no such session."}', "404 Not Found")
NOT_FOUND: Final = whole(b'{"error":"Not found","detail":"The peer has no such route."}', "404 Not Found")


class Turn:
    """One answer under way: the writes that were done have a stamp each."""

    __slots__ = ("connection", "received", "script", "stamps")

    def __init__(self, connection: socket.socket, script: Script, received: float) -> None:
        self.connection = connection
        self.script = script
        self.received = received
        self.stamps: list[float] = []

    @property
    def tokens(self) -> Sequence[int]:
        """The token events that each write completes."""
        return self.script.tokens

    @property
    def offsets(self) -> Sequence[float]:
        """When each write is due after the request."""
        return self.script.offsets


class Head(NamedTuple):
    """A request's head, read: what is asked, and how long its body is."""

    method: str
    path: str
    length: int


@lru_cache(maxsize=64)  # a load has a handful of different heads and sends each many thousand times
def read_head(head: bytes) -> Head:
    """The head of a request, without the blank line that ends it."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    fields = (line.partition(":") for line in lines)
    return Head(method, path, next((int(value) for name, _, value in fields if name.lower() == "content-length"), 0))


class Connections:
    """The sockets: who is here, who has asked for something."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._unread: dict[socket.socket, bytes] = {}
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)

    def wait(self, seconds: float) -> list[socket.socket]:
        """The sockets with something to read, within this time.

        Epoll counts in ms; select on epoll's own descriptor waits for microseconds, whatever the number of sockets.
        """
        ready, _, _ = select.select((self._selector,), (), (), seconds)
        if not ready:
            return []
        keys = [key.fileobj for key, _ in self._selector.select(0)]
        if sys.stdin in keys:  # nothing is ever written there: it was closed
            raise SystemExit(0)
        if self._listener in keys:
            self._accept()
        return [key for key in keys if isinstance(key, socket.socket) and key is not self._listener]

    def read(self, connection: socket.socket) -> tuple[Head, bytes] | None:
        """The request that is complete now, if one is."""
        try:
            data = connection.recv(65_536)
        except ConnectionError:
            data = b""
        if not data:
            self.hang_up(connection)
            return None
        data = self._unread[connection] + data
        head, end, body = data.partition(b"\r\n\r\n")
        if not end or len(body) < read_head(head).length:
            self._unread[connection] = data
            return None
        self._unread[connection] = b""
        return read_head(head), body

    def hang_up(self, connection: socket.socket) -> None:
        """Close the connection, if it is still open."""
        if self._unread.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._unread[connection] = b""
            self._selector.register(connection, selectors.EVENT_READ)


class Peer:
    """Answers requests as scheduled until it is told to end."""

    def __init__(self, schedule: Schedule, listener: socket.socket) -> None:
        self._schedule = schedule
        self._scripts = scripts(schedule)
        self._connections = Connections(listener)
        self._turns: list[Turn] = []
        self._due: list[tuple[float, int, Turn]] = []
        self._stall = (inf, inf)  # from, to
        self._marks: list[tuple[float, float]] = []
        self._refused = 0

    def serve(self) -> None:
        """Wait, answer, send what is due; for ever."""
        while True:
            for connection in self._connections.wait(self._patience()):
                request = self._connections.read(connection)
                if request is not None:
                    self._answer(connection, *request, monotonic())
            now = monotonic()
            if not self._marks or now - self._marks[-1][0] >= MARK:
                self._marks.append((now, process_time()))
            if not self._stall[0] <= now < self._stall[1]:
                self._send_due()

    def _patience(self) -> float:
        """How long nothing is due."""
        due, now = self._due[0][0] if self._due else inf, monotonic()
        if self._stall[0] <= now < self._stall[1]:
            due = self._stall[1]
        return min(max(due - now, 0.0), IDLE)

    def _send_due(self) -> None:
        """Write what is due, at most so many; the hot loop, 20,000 times a second."""
        heap = self._due
        for _ in range(WRITES):
            if not heap:
                return
            due, order, turn = heap[0]
            stamps, script = turn.stamps, turn.script
            number = len(stamps)
            now = monotonic()
            if due > now:
                return
            if not self._write(turn.connection, script.writes[number]):
                heappop(heap)
                continue
            stamps.append(now)
            number += 1
            if number < len(script.offsets):
                heapreplace(heap, (turn.received + script.offsets[number], order, turn))
            else:
                heappop(heap)

    def _write(self, connection: socket.socket, data: bytes) -> bool:
        """Whether the socket took all of it; if not, the client has left or does not read, and is left too."""
        try:
            if connection.send(data) == len(data):
                return True
            self._refused += 1
        except BlockingIOError:
            self._refused += 1
        except OSError:  # the client has left, which is its right
            pass
        self._connections.hang_up(connection)
        return False

    def _answer(self, connection: socket.socket, head: Head, body: bytes, now: float) -> None:
        if head.method == "POST":
            name = "stream" if head.path == "/chat/stream" else "tool" if b"calculate" in body else "chat"
            choice = self._scripts[name]
            turn = Turn(connection, choice[len(self._turns) % len(choice)], now)
            if not self._turns and self._schedule.stall_after is not None:
                start = now + self._schedule.stall_after
                self._stall = (start, start + self._schedule.stall)
            self._turns.append(turn)
            heappush(self._due, (now + turn.script.offsets[0], len(self._turns), turn))
            return
        url = urlsplit(head.path)
        if url.path == "/record":
            start, seconds = (float(parse_qs(url.query)[name][0]) for name in ("start", "seconds"))
            self._write(connection, whole(self._record(start, seconds).model_dump_json().encode()))
        else:
            self._write(connection, HEALTHY if url.path == "/health" else _session(url.path))

    def _record(self, start: float, seconds: float) -> Record:
        cpu = self._cpu_percent(start, start + seconds)
        return record_of(self._turns, start, seconds, cpu_percent=cpu, refused=self._refused)

    def _cpu_percent(self, start: float, end: float) -> float:
        """CPU time between the marks next to the window's ends, in percent of one core."""
        inside = [mark for mark in self._marks if start - MARK <= mark[0] <= end + MARK]
        if len(inside) < 2:
            return 0.0
        (first, spent), (last, spent_later) = inside[0], inside[-1]
        return 100 * (spent_later - spent) / (last - first)


def _session(path: str) -> bytes:
    return NO_SESSION if path.startswith("/sessions/") else NOT_FOUND


def main() -> None:
    """Listen on a free port, say which, and play the schedule given as JSON."""
    schedule = Schedule.model_validate_json(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    peer = Peer(schedule, listener)
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing here goes round in circles, and a collection would hold up every stream
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    peer.serve()


if __name__ == "__main__":
    main()
