"""The small closed loop counts what it is given: whole answers, events, errors with an example, closed connections."""

import socketserver
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from loadtests.drive.client.message import Endpoint, prepare
from loadtests.growth.loop import Loop, Seen
from tests.serving import serving

Reply = tuple[int, dict[str, str], bytes]
EVENTS = b"data: 1\n\ndata: 2\n\n"
LENGTH = {"Content-Length": "2"}


class Server(socketserver.ThreadingTCPServer):
    """Answers what it is told, and counts."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, reply: Callable[[int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.asked = reply, 0


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Answer with the next reply, in one write."""
        self.server.asked += 1
        status, headers, body = self.server.reply(self.server.asked)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)
        self.close_connection = "Connection" in headers


def played(reply: Callable[[int], Reply], connections: int = 1, *, streams: bool = False) -> tuple[Seen, int]:
    """What the loop saw in a moment, and how often it asked."""
    server = Server(reply)
    with serving(server) as where:
        endpoint = Endpoint.of(f"http://{where}")
        with Loop(endpoint, [prepare(endpoint, "POST", "/")], connections, streams=streams) as loop:
            seen = loop.burst(0.2)
        return seen, server.asked


@pytest.mark.parametrize("headers", [LENGTH, LENGTH | {"Connection": "close"}], ids=["kept", "closed"])
def test_answers_are_counted(headers: dict[str, str]) -> None:
    """Every answer counts, once, whether the server keeps its connections or not."""
    seen, asked = played(lambda _: (200, headers, b"ok"), connections=4)
    assert (seen.errors, seen.problem) == (0, "")
    assert seen.answers == asked > 4


def test_other_answers_are_errors() -> None:
    """An answer of another status, or of another length than those before it, is an error and no answer."""
    refused, asked = played(lambda number: (200 if number % 2 else 503, LENGTH, b"ok"))
    assert refused.problem == "status 503"
    assert (refused.answers, refused.errors) == (-(-asked // 2), asked // 2)
    longer, _ = played(lambda number: (200, {"Content-Length": str(number)}, b"x" * number))
    assert "where others have" in longer.problem


def test_events_are_counted() -> None:
    """Of a stream every event counts."""
    head = {"Content-Type": "text/event-stream", "Content-Length": str(len(EVENTS))}
    seen, asked = played(lambda _: (200, head, EVENTS), streams=True)
    assert (seen.answers, seen.events) == (asked, 2 * asked)
