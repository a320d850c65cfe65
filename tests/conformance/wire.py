"""A raw HTTP/1.1 client: exactly the bytes that are asked for go out, and every read of the answer is kept.

Rule: nothing is repaired or hidden; headers keep their order and duplicates, and each read has its time stamp.
h11 parses the answers. Neighbours: `subject` (requests to one server), `events` (the stream's grammar).
"""

import json
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import h11

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Read:
    """One read from the socket that carried body bytes: when (monotonic seconds) and which, framing removed."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; header names are lower case, in the order of arrival, duplicates kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]

    def header(self, name: str) -> str | None:
        """The header's only value, None when it is absent; a header sent twice is an error here."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        """The body as JSON, which must be valid UTF-8."""
        return json.loads(self.body.decode("utf-8"))


class Witness(Protocol):
    """Who is told of the bytes of one connection, in the order in which they went over it."""

    def sent(self, data: bytes) -> None:
        """These bytes are about to go out."""

    def received(self, data: bytes) -> None:
        """These bytes have come."""


@dataclass(slots=True)
class Connection:
    """One TCP (or TLS) connection to a server; `send` and `read` are as raw as they look."""

    host: str
    port: int
    timeout: float = 10.0
    tls: bool = False
    witness: Witness | None = None
    _socket: socket.socket = field(init=False)
    _parser: h11.Connection = field(init=False)

    def __post_init__(self) -> None:
        raw = socket.create_connection((self.host, self.port), timeout=self.timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = ssl.create_default_context() if self.tls else None
        self._socket = context.wrap_socket(raw, server_hostname=self.host) if context else raw
        self._parser = h11.Connection(h11.CLIENT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def local_port(self) -> int:
        """Our end's port, by which a server's process can be found that has the other end."""
        port: int = self._socket.getsockname()[1]
        return port

    def close(self) -> None:
        """Go away, as a client does that has had enough."""
        self._socket.close()

    def send(self, *pieces: bytes) -> None:
        """Send each piece in a write of its own."""
        for piece in pieces:
            if self.witness:
                self.witness.sent(piece)
            self._socket.sendall(piece)

    def leave(self) -> None:
        """End our side: nothing more will be sent, and an answer can still be read."""
        self._socket.shutdown(socket.SHUT_WR)

    def expect(self, method: str) -> None:
        """Tell the parser which method is being answered; only then it knows that HEAD has no body."""
        self._parser.send(h11.Request(method=method, target="/", headers=[("Host", self.host)]))
        self._parser.send(h11.EndOfMessage())

    def head(self) -> Answer:
        """Wait for the status line and the headers; the body is still to come."""
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Response):
                return Answer(event.status_code, _decoded(event.headers), b"")
            if event is h11.NEED_DATA:
                self._feed()

    def reads(self) -> Iterator[Read]:
        """The body, one item for each read that carried any of it; ends where the response ends."""
        finished, at = False, time.monotonic()
        while not finished:
            data, finished = self._parsed()
            if data:
                yield Read(at, data)
            if not finished:
                self._feed()
                at = time.monotonic()

    def answer(self) -> Answer:
        """Wait for a whole response."""
        head = self.head()
        return Answer(head.status, head.headers, b"".join(read.data for read in self.reads()))

    def rest(self) -> bytes:
        """Whatever the server still sends, unparsed, until it closes the connection."""
        data = bytearray(self._parser.trailing_data[0])
        while received := self._received():
            data += received
        return bytes(data)

    def _received(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if self.witness:
            self.witness.received(data)
        return data

    def _feed(self) -> None:
        data = self._received()
        if not data and self._parser.their_state is h11.SEND_RESPONSE:
            raise ConnectionError("the server closed the connection without an answer")
        self._parser.receive_data(data)

    def _parsed(self) -> tuple[bytes, bool]:
        data = bytearray()
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Data):
                data += event.data
            else:
                return bytes(data), event is not h11.NEED_DATA


def request(method: str, target: str, headers: Headers = (), body: bytes | None = None) -> bytes:
    """A request's bytes; `Host`, and `Content-Length` where there is a body, are added unless they are given."""
    names = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [] if "host" in names else ["Host: parity.test"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def chunked(pieces: Iterable[bytes], *, end: bool = True) -> Iterator[bytes]:
    """The pieces in chunked coding; without `end` the body stays open."""
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    if end:
        yield b"0\r\n\r\n"


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("ascii").lower(), value.decode("latin-1")) for name, value in headers)
