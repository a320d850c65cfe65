"""What a client sees of a server's habits: how long it keeps an idle connection, how many streams it takes at once.

Rule: plain sockets, bounded in number and time; nothing is judged. Neighbours: `look` puts the system's word beside.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Final

BODY: Final = b'{"message":"hello"}'
BEGUN: Final = b"data:"
"""In what a stream has sent once it has begun: the block of its `start` event."""
TIMEOUT: Final = 5.0
CHUNK: Final = 65_536


class Idle:
    """A connection that has had one answer and then says nothing, watched by a thread: its server may close it.

    `says`: the Server header of the answer. `kept`: seconds until the server closed, None as long as it has not.
    """

    def __init__(self, host: str, port: int, watched: float) -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT)
        self._socket.sendall(request("GET", "/health", host))
        self.says = _header(self._socket.recv(CHUNK), b"server")
        self.kept: float | None = None
        self._socket.settimeout(watched)
        self._thread = threading.Thread(target=self._watch, args=(time.monotonic(),), name="idle", daemon=True)
        self._thread.start()

    def _watch(self, since: float) -> None:
        with suppress(TimeoutError):
            with suppress(ConnectionError):
                while self._socket.recv(CHUNK):
                    pass
            self.kept = round(time.monotonic() - since, 1)

    def wait(self) -> float | None:
        """Seconds until the server closed; None where it has not while it was watched."""
        self._thread.join()
        return self.kept

    def close(self) -> None:
        """Be done with it, also before the time is over."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


def request(method: str, path: str, host: str, key: str = "", body: bytes = b"") -> bytes:
    """The bytes of a request that leaves its connection open."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *([f"X-API-Key: {key}"] if key else [])]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def said(host: str, port: int, path: str) -> None:
    """Send one GET and read its answer's head."""
    with closing(socket.create_connection((host, port), TIMEOUT)) as connection:
        connection.sendall(request("GET", path, host))
        connection.recv(CHUNK)


def streams(host: str, port: int, key: str, count: int, seconds: float) -> int:
    """How many of so many streams, opened at once, have begun within that time; fewer are not waited for."""
    with _opened(host, port, key, count) as waiting:
        begun, deadline, seen = 0, time.monotonic() + seconds, dict[int, bytes]()
        while waiting.get_map() and time.monotonic() < deadline:
            for key_, _ in waiting.select(0.05):
                place = key_.fd
                connection = key_.fileobj
                assert isinstance(connection, socket.socket)
                data = _read(connection)
                seen[place] = seen.get(place, b"") + data
                begun += BEGUN in seen[place]
                if BEGUN in seen[place] or not data:
                    waiting.unregister(connection)
    return begun


@contextmanager
def _opened(host: str, port: int, key: str, count: int) -> Iterator[selectors.BaseSelector]:
    """So many streams that have been asked for, waiting to be read."""
    with ExitStack() as kept:
        selector = kept.enter_context(selectors.DefaultSelector())
        for _ in range(count):
            connection = kept.enter_context(closing(socket.create_connection((host, port), TIMEOUT)))
            connection.sendall(request("POST", "/chat/stream", host, key, BODY))
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
        yield selector


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(CHUNK)
    except ConnectionError:
        return b""


def _header(head: bytes, name: bytes) -> str:
    lines = (line.partition(b":") for line in head.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    return next((value.strip().decode("latin-1") for key, _, value in lines if key.lower() == name), "")
