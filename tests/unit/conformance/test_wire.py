"""The raw client and the stream's grammar, against bytes that a test writes."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.conformance import events, wire

Serve = Callable[..., wire.Connection]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A peer that reads once, then sends the given pieces and closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(*pieces: bytes, method: str = "GET") -> wire.Connection:
        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(1 << 16)
                for piece in pieces:
                    peer.sendall(piece)

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        connection = wire.Connection(*listener.getsockname()[:2])
        connection.expect(method)
        connection.send(wire.request(method, "/"))
        return connection

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()


def test_headers_keep_order_and_duplicates(serve: Serve) -> None:
    """Headers come as they were sent, and a header that came twice is not taken for one."""
    with serve(b"HTTP/1.1 200 OK\r\nB: 1\r\nA: 2\r\nB: 3\r\nContent-Length: 2\r\n\r\n", b"hi") as connection:
        answer = connection.answer()
    assert answer.headers == (("b", "1"), ("a", "2"), ("b", "3"), ("content-length", "2"))
    assert (answer.body, answer.all("B"), answer.header("a")) == (b"hi", ["1", "3"], "2")
    with pytest.raises(AssertionError, match="came 2 times"):
        answer.header("b")


def test_head_has_no_body(serve: Serve) -> None:
    """The answer to HEAD ends with its headers, whatever length they name; what follows is kept as the rest."""
    with serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra", method="HEAD") as connection:
        assert connection.answer().body == b""
        assert connection.rest() == b"extra"


def test_a_chunked_body_is_joined(serve: Serve) -> None:
    """Chunked framing is removed from the reads."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serve(head, *wire.chunked([b"data: {}", b"\n\n"])) as connection:
        assert connection.answer().body == b"data: {}\n\n"


def test_a_closed_connection_is_an_error(serve: Serve) -> None:
    """A server that closes without an answer is said so."""
    with serve() as connection, pytest.raises(ConnectionError, match="without an answer"):
        connection.answer()


@pytest.mark.parametrize("end", [True, False])
def test_chunks(end: bool) -> None:
    """A chunk is its length in hex and its bytes; the last one is left out on demand."""
    assert b"".join(wire.chunked([b"x" * 16], end=end)) == b"10\r\n" + b"x" * 16 + b"\r\n" + b"0\r\n\r\n" * end


def test_events_and_rest() -> None:
    """Whole blocks are events, comments are none, and an unfinished block is the rest."""
    assert events.parse(b': ping\n\ndata: {"type":"end"}\n\ndata: {"ty') == ([{"type": "end"}], b'data: {"ty')


@pytest.mark.parametrize("block", [b"event: x\n\n", b"data:{}\n\n", b"data: {}\ndata: {}\n\n", b"data: []\n\n"])
def test_other_forms_are_errors(block: bytes) -> None:
    """What the contract does not name is an error, even where the SSE grammar would take it."""
    with pytest.raises(AssertionError):
        events.parse(block)
