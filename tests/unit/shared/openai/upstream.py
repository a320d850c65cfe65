"""An upstream of a few lines, in threads: it answers each request with the next of the plays that it was given.

Rule: a play gets the connection and writes what it likes, so a test can break what a real server would not. Under
gevent's patch the threads are greenlets. Neighbours: `test_client` (uses it); `loadtests.upstream` is the real one.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Play = Callable[[socket.socket], None]

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Upstream:
    """What was asked of it, and how often it was connected to; `gone` counts the connections that clients closed."""

    def __init__(self, plays: list[Play], tls: ssl.SSLContext | None) -> None:
        self._plays, self._tls = plays, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self.gone = 0
        threading.Thread(target=self._accept, daemon=True, name="upstream").start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[connection], daemon=True, name="upstream").start()

    def _serve(self, plain: socket.socket) -> None:
        with plain, suppress(OSError):
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            with connection:
                while request := _read(connection):
                    self.requests.append(request)
                    self._plays.pop(0)(connection)
        self.gone += 1


def _read(connection: socket.socket) -> dict[str, Any] | None:
    """The JSON of the next request; None when there is none."""
    head = b""
    while b"\r\n\r\n" not in head:
        if not (some := connection.recv(65536)):
            return None
        head += some
    headers, _, body = head.partition(b"\r\n\r\n")
    length = int(headers.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    decoded: dict[str, Any] = json.loads(body)
    return decoded


@contextmanager
def answering(*plays: Play, tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """An upstream that plays these, one for each request."""
    upstream = Upstream(list(plays), tls)
    try:
        yield upstream
    finally:
        upstream.close()


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """A chunk of the stream, as the API defines it."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def part(data: bytes) -> bytes:
    """A chunk of the body, as HTTP frames it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(content: dict[str, Any]) -> bytes:
    """An event of the stream."""
    return part(b"data: " + json.dumps(content).encode() + b"\n\n")


DONE = part(b"data: [DONE]\n\n")
LAST = part(b"")


def says(*words: str, done: bytes = DONE + LAST) -> Play:
    """An answer of these words, each sent by itself."""

    def play(connection: socket.socket) -> None:
        connection.sendall(EVENTS)
        for word in words:
            connection.sendall(event(chunk({"content": word})))
        connection.sendall(event(chunk({}, "stop")))
        connection.sendall(done)

    return play


def raw(data: bytes, *, close: bool = False) -> Play:
    """These bytes."""

    def play(connection: socket.socket) -> None:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return play


def refuses(status: int, headers: str = "", body: bytes = b'{"error":{"message":"secret-word"}}') -> Play:
    """An error."""
    head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return raw(head.encode() + body)


def waits(after: bytes = b"") -> Play:
    """These bytes, then nothing until the client has gone."""

    def play(connection: socket.socket) -> None:
        connection.sendall(after)
        connection.recv(1)

    return play
