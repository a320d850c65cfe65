"""A proxy that breaks promises: in front of a healthy server, it makes one that Schemathesis must find something in.

Rule: each break is a function of a request or of an answer, small enough to be read at a glance, and without any the
proxy changes nothing. It is for these tests alone: it holds whole bodies. Neighbours: `test_finds` (which breaks).
"""

import http.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.serving import serving

Headers = dict[str, str]
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass(slots=True)
class Exchange:
    """A request, and its answer once there is one (`status` 0: not yet); header names are in lower case."""

    method: str
    path: str
    sent: Headers
    body: bytes
    status: int = 0
    headers: Headers | None = None
    answer: bytes = b""

    def reply(self, status: int, headers: Headers, answer: bytes = b"") -> None:
        """Answer it so."""
        self.status, self.headers, self.answer = status, headers, answer


Break = Callable[[Exchange], None]
"""Called twice for each exchange: before it is passed on, which an answer set there prevents, and after."""


@contextmanager
def proxy(url: str, breaks: Sequence[Break]) -> Iterator[str]:
    """The address of a proxy to `url` for the length of the block."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(url).netloc, breaks))) as place:
        yield f"http://{place}"


def _handler(upstream: str, breaks: Sequence[Break]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.pass_on
            raise AttributeError(name)

        def pass_on(self) -> None:
            sent = {key.lower(): value for key, value in self.headers.items()}
            body = self.rfile.read(int(sent.get("content-length", 0)))
            exchange = Exchange(self.command, self.path, sent, body)
            _apply(breaks, exchange)
            if not exchange.status:
                _forward(upstream, exchange)
                _apply(breaks, exchange)
            self.answer(exchange)

        def answer(self, exchange: Exchange) -> None:
            self.send_response_only(exchange.status)
            for key, value in (exchange.headers or {}).items():
                self.send_header(key, value)
            if exchange.status != 204:
                self.send_header("content-length", str(len(exchange.answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(exchange.answer)

    return Handler


def _apply(breaks: Sequence[Break], exchange: Exchange) -> None:
    for one in breaks:
        one(exchange)


def _forward(upstream: str, exchange: Exchange) -> None:
    connection = http.client.HTTPConnection(upstream, timeout=30)
    try:
        sent = {key: value for key, value in exchange.sent.items() if key != "connection"}
        connection.request(exchange.method, exchange.path, exchange.body or None, sent)
        answer = connection.getresponse()
        headers = {key.lower(): value for key, value in answer.getheaders() if key.lower() not in HOP_BY_HOP}
        exchange.reply(answer.status, headers, answer.read())
    finally:
        connection.close()
