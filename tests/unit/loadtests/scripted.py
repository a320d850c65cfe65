"""A server that does exactly what a test says, over a raw socket, and writes down when it really did it.

Rule: a script is a function from the request's head to steps: bytes are sent in one write, a number is a pause in
seconds, CLOSE closes the connection at once. Neighbours: test_http, test_drive.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Act(Enum):
    """What is neither bytes nor a pause."""

    CLOSE = "close"


CLOSE: Final = Act.CLOSE
Step = bytes | float | Act
Script = Callable[[str], Iterable[Step]]


@dataclass
class Served:
    """A running server's address and record: every request's first line, every write with its time."""

    port: int
    requests: list[str] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    writes: list[list[tuple[float, bytes]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(script: Script) -> Iterator[Served]:
    """Answer every request as `script` says, each connection in a thread, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    listener.settimeout(0.1)
    served = Served(listener.getsockname()[1])
    over = threading.Event()
    threads: list[threading.Thread] = []

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=_serve, args=(connection, script, served, over)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield served
    finally:
        over.set()
        accepting.join()
        for thread in threads:
            thread.join()
        listener.close()


def _serve(connection: socket.socket, script: Script, served: Served, over: threading.Event) -> None:
    number = len(served.connections)
    served.connections.append(number)
    with connection:
        connection.settimeout(0.2)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (head := _request(connection, over)) is not None:
                served.requests.append(head.partition("\r\n")[0])
                if not _play(connection, script(head), served, over):
                    return
        except (ConnectionError, TimeoutError):
            return  # the client went away, which is its right


def _play(connection: socket.socket, steps: Iterable[Step], served: Served, over: threading.Event) -> bool:
    """Do the steps; whether the connection is still open."""
    record: list[tuple[float, bytes]] = []
    served.writes.append(record)
    for step in steps:
        if step is CLOSE or over.is_set():
            return False
        if isinstance(step, bytes):
            record.append((time.monotonic(), step))
            connection.sendall(step)
        elif isinstance(step, float):
            over.wait(step)
    return True


def _request(connection: socket.socket, over: threading.Event) -> str | None:
    data = b""
    while not over.is_set():
        head, end, body = data.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            return head.decode("latin-1")
        try:
            more = connection.recv(65_536)
        except TimeoutError:
            continue
        if not more:
            return None
        data += more
    return None


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


def answer(body: bytes, status: int = 200, kind: str = "application/json") -> bytes:
    """A whole answer, in one piece."""
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


HEALTHY: Final = answer(b'{"status":"healthy","version":"1.0.0"}')
NOT_FOUND: Final = answer(b'{"error":"Not found","detail":"There is no such session."}', 404)
STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)
STREAM_END: Final = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(kind: str, **fields: object) -> bytes:
    """One event of the contract's stream."""
    return b"data: " + json.dumps({"type": kind, **fields}, ensure_ascii=False).encode() + b"\n\n"


def token(text: str = " word") -> bytes:
    """A token event."""
    return event("token", content=text)


START: Final = event("start", session_id="s")
END: Final = event("end")


def reply(tools: int = 0) -> bytes:
    """A chat reply that passes every check."""
    calls = [{"name": "calculate", "arguments": {}, "result": "42"}] * tools
    session = "9d7d6ed7-cc61-4b42-9841-f2879dd617e1"
    return answer(json.dumps({"reply": "Hello", "session_id": session, "tool_calls": calls}).encode())


def contract(chat: Script) -> Script:
    """A script that answers what `drive` asks before the load, and leaves the rest to `chat`."""

    def script(head: str) -> Iterable[Step]:
        if head.startswith("GET /health "):
            return (HEALTHY,)
        if head.startswith("GET /sessions/"):
            return (NOT_FOUND,) if "X-API-Key: good" in head else (answer(b"{}", 401),)
        return chat(head)

    return script
