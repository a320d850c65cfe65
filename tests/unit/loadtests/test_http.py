"""The client's two connections: framing, reuse, time stamps, truncation, malformed answers, limits; the chat stream."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import gevent
import pytest

from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.exchange import MAX_BODY, MAX_HEAD
from loadtests.drive.client.http import Connection
from loadtests.drive.client.hub import HubConnection
from loadtests.drive.client.message import Endpoint, Reply, prepare
from tests.unit.loadtests.scripted import (
    CLOSE,
    END,
    START,
    STREAM_END,
    STREAM_HEAD,
    Served,
    Step,
    answer,
    chunk,
    event,
    serving,
    token,
)


class Client(NamedTuple):
    """One of the two connections, which must not differ in anything that a reply can show."""

    kind: type[Connection]

    @contextmanager
    def connected(self, *steps: Step, timeout: float = 5.0) -> Iterator[tuple[Connection, bytes, Served]]:
        """A connection to a server that answers every request with these steps, and a request for it."""
        with serving(lambda _: steps) as served, self.open(served, timeout) as connection:
            yield connection, prepare(Endpoint.of(served.url), "GET", "/"), served

    @contextmanager
    def open(self, served: Served, timeout: float = 5.0) -> Iterator[Connection]:
        """A connection to this server, whose time limit is kept."""
        connection = self.kind(Endpoint.of(served.url), timeout=timeout)
        watch = gevent.spawn(_expire, connection) if isinstance(connection, HubConnection) else None
        try:
            yield connection
        finally:
            connection.close()
            if watch is not None:
                watch.kill()

    def exchange(self, *steps: Step, timeout: float = 5.0) -> Reply:
        """The reply to one request that is answered with these steps."""
        with self.connected(*steps, timeout=timeout) as (connection, request, _):
            return connection.exchange(request)

    def streamed(self, *steps: Step) -> tuple[Reply, ChatStream, Served]:
        """The same, read as a chat stream."""
        with self.connected(*steps) as (connection, request, served):
            stream = ChatStream()
            return connection.exchange(request, stream), stream, served


def _expire(connection: HubConnection) -> None:
    while True:
        gevent.sleep(0.01)
        connection.expire(time.monotonic())


@pytest.fixture(params=[Connection, HubConnection], ids=["blocking", "hub"])
def client(request: pytest.FixtureRequest) -> Client:
    """Each of the two."""
    return Client(request.param)


FRAMINGS = {
    "content-length": (answer(b"hello"),),
    "content-length, a byte at a time": tuple(bytes([byte]) for byte in answer(b"hello")),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk(b"hel"), chunk(b"lo"), STREAM_END),
    "until the connection closes": (b"HTTP/1.1 200 OK\r\n\r\nhel", 0.01, b"lo", CLOSE),
    "after an interim answer": (b"HTTP/1.1 100 Continue\r\n\r\n", answer(b"hello")),
}


@pytest.mark.parametrize("steps", FRAMINGS.values(), ids=FRAMINGS)
def test_whole_answer(client: Client, steps: tuple[Step, ...]) -> None:
    """Every framing that HTTP/1.1 allows gives status and body."""
    reply = client.exchange(*steps)
    assert (reply.status, reply.body, reply.failure) == (200, b"hello", None)


def test_times_are_those_of_the_reads(client: Client) -> None:
    """First byte and end are when the reads returned, right after the server's own writes."""
    with client.connected(0.05, answer(b"x" * 8)[:-4], 0.05, b"last") as (connection, request, served):
        reply = connection.exchange(request)
    (first, _), (last, _) = served.writes[0]
    assert reply.first_byte is not None
    assert reply.sent < first <= reply.first_byte < last <= reply.end


def test_connection_is_kept(client: Client) -> None:
    """A server that keeps the connection gets the next request on it."""
    with client.connected(answer(b"hello")) as (connection, request, served):
        bodies = [connection.exchange(request).body for _ in range(3)]
    assert bodies == [b"hello"] * 3
    assert (len(served.connections), len(served.requests)) == (1, 3)


def test_close_is_honoured(client: Client) -> None:
    """A server that says close gets the next request on a new connection."""
    closing = answer(b"hello").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with client.connected(closing, CLOSE) as (connection, request, served):
        replies = [connection.exchange(request) for _ in range(3)]
    assert [reply.failure for reply in replies] == [None] * 3
    assert len(served.connections) == 3


def test_idle_connection_that_the_server_closed_is_replaced(client: Client) -> None:
    """A kept connection that was closed while idle is no failure: the request goes out on a new one."""
    with client.connected(answer(b"hello"), CLOSE) as (connection, request, served):
        replies = [connection.exchange(request) for _ in range(3)]
    assert [reply.failure for reply in replies] == [None] * 3
    assert len(served.connections) == 3


def test_fresh_connection_that_is_closed_is_a_failure(client: Client) -> None:
    """A new connection that is closed without an answer is a failure, and is not tried again."""
    with client.connected(CLOSE) as (connection, request, served):
        reply = connection.exchange(request)
    assert reply.failure is not None
    assert reply.failure.kind == "closed"
    assert len(served.requests) == 1


def test_kept_connection_is_replaced_once_only(client: Client) -> None:
    """A kept connection that ends inside an answer is a failure: that request was taken."""
    pieces = iter([(answer(b"hello"),), (answer(b"hello")[:20], CLOSE)])
    with serving(lambda _: next(pieces)) as served, client.open(served) as connection:
        request = prepare(Endpoint.of(served.url), "GET", "/")
        first, second = connection.exchange(request), connection.exchange(request)
    assert first.failure is None
    assert second.failure is not None
    assert second.failure.kind == "truncated"


CUT = {
    "in the head": (b"HTTP/1.1 200 OK\r\nContent-", CLOSE),
    "in a counted body": (answer(b"hello")[:-1], CLOSE),
    "before the last chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk(b"hello"), CLOSE),
}


@pytest.mark.parametrize("steps", CUT.values(), ids=CUT)
def test_cut_answer_is_truncated(client: Client, steps: tuple[Step, ...]) -> None:
    """An answer that stops before its framing says so is truncated, never taken for whole."""
    failure = client.exchange(*steps).failure
    assert failure is not None
    assert failure.kind == "truncated"


MALFORMED = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a bad chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "bytes after the end": answer(b"hello") + answer(b"again"),
    "an endless head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * (2 * MAX_HEAD),
    "an endless body": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BODY + 1),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_answer_is_a_failure(client: Client, data: bytes) -> None:
    """What is not an HTTP answer within limits is a failure that says so, at once and in bounded memory."""
    failure = client.exchange(data).failure
    assert failure is not None
    assert failure.kind == "malformed"


@pytest.mark.parametrize("steps", [(2.0,), (answer(b"hello")[:-1], 2.0)], ids=["nothing", "some"])
def test_timeout_bounds_the_whole_exchange(client: Client, steps: tuple[Step, ...]) -> None:
    """An answer that is not whole in time is a timeout."""
    reply = client.exchange(*steps, timeout=0.2)
    assert reply.failure is not None
    assert reply.failure.kind == "timeout"
    assert 0.2 <= reply.end - reply.sent < 1.9


def test_dripping_answer_times_out_too(client: Client) -> None:
    """The time limit is for the whole answer: bytes that keep coming do not extend it."""
    failure = client.exchange(
        answer(b"x" * 90)[:-90], *(step for _ in range(90) for step in (0.02, b"x")), timeout=0.3
    ).failure
    assert failure is not None
    assert failure.kind == "timeout"


def test_connection_refused_is_a_failure(client: Client) -> None:
    """A port where nobody listens is a failure to connect, with the system's words."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    endpoint = Endpoint.of(url)
    failure = client.kind(endpoint).exchange(prepare(endpoint, "GET", "/")).failure
    assert failure is not None
    assert str(failure) == "connect: Connection refused"


def test_stream_tokens_have_the_times_of_their_reads(client: Client) -> None:
    """Each token's time is that of the read that brought it, just after the server wrote it."""
    tokens = [step for _ in range(5) for step in (0.02, chunk(token()))]
    reply, stream, served = client.streamed(STREAM_HEAD, chunk(START), *tokens, chunk(END), STREAM_END)
    wrote = [at for at, data in served.writes[0] if b'"token"' in data]
    assert reply.failure is None
    assert stream.problem is None
    assert stream.first_content == stream.stamps[0]
    lateness = [seen - sent for seen, sent in zip(stream.stamps, wrote, strict=True)]
    assert min(lateness) >= 0
    assert sorted(lateness)[2] < 0.01


def test_events_of_one_write_share_their_time(client: Client) -> None:
    """Four events of one write have one time, so that events per read can be told."""
    four = chunk(token() * 4)
    _, stream, _ = client.streamed(STREAM_HEAD, chunk(START), 0.02, four, 0.02, four, 0.02, chunk(END), STREAM_END)
    assert (len(stream.stamps), len(set(stream.stamps))) == (8, 2)


def test_event_split_over_chunks_and_reads_counts_once(client: Client) -> None:
    """An event is timed by the read that completes it."""
    halves: list[Step] = [chunk(token()[:9]), 0.03, chunk(token()[9:])]
    _, stream, served = client.streamed(STREAM_HEAD, chunk(START), *halves, chunk(END), STREAM_END)
    assert len(stream.stamps) == 1
    assert stream.stamps[0] >= served.writes[0][3][0]


BROKEN_STREAMS = {
    "truncated": (chunk(START), chunk(token()), STREAM_END),
    "error event: Bad gateway": (chunk(START), chunk(event("error", error="Bad gateway", detail="x")), STREAM_END),
    "'end' after 'end'": (chunk(START), chunk(token() + END), chunk(END), STREAM_END),
    "'start' after 'start'": (chunk(START), chunk(START), chunk(token() + END), STREAM_END),
    "'tool_call' after None": (chunk(event("tool_call")), chunk(token() + END), STREAM_END),
    "a token out of place": (chunk(token()), chunk(START + END), STREAM_END),
    "no JSON object with a type": (chunk(START), chunk(b"data: [DONE]\n\n"), chunk(token() + END), STREAM_END),
    "no token with content": (chunk(START), chunk(token("")), chunk(END), STREAM_END),
}


@pytest.mark.parametrize(("problem", "steps"), BROKEN_STREAMS.items(), ids=BROKEN_STREAMS)
def test_stream_that_breaks_the_contract(client: Client, problem: str, steps: tuple[Step, ...]) -> None:
    """A stream that ends or is ordered otherwise than promised has a problem that names it."""
    reply, stream, _ = client.streamed(STREAM_HEAD, *steps)
    assert reply.failure is None
    assert problem in str(stream.problem)


def test_empty_token_is_not_the_first(client: Client) -> None:
    """TTFT is the first token with content."""
    steps = (chunk(START + token("")), 0.02, chunk(token()), chunk(END), STREAM_END)
    _, stream, _ = client.streamed(STREAM_HEAD, *steps)
    assert stream.first_content == stream.stamps[1]


def test_comments_are_no_events(client: Client) -> None:
    """A heartbeat neither counts as an event nor breaks the order."""
    steps = (chunk(START), chunk(b": ping\n\n"), chunk(token()), chunk(b": ping\n\n"), chunk(END), STREAM_END)
    _, stream, _ = client.streamed(STREAM_HEAD, *steps)
    assert stream.problem is None
    assert len(stream.stamps) == 1


def test_cut_stream_is_truncated(client: Client) -> None:
    """A stream whose connection closes before the last chunk is truncated, even after its end event."""
    reply, stream, _ = client.streamed(STREAM_HEAD, chunk(START + token() + END), 0.05, CLOSE)
    assert stream.complete
    assert reply.failure is not None
    assert reply.failure.kind == "truncated"


def test_refusal_of_a_stream_keeps_its_body(client: Client) -> None:
    """An answer that is no event stream is kept as a body, so that its words can be shown."""
    reply, stream, _ = client.streamed(answer(b'{"error":"Unauthorized"}', 401))
    assert (reply.status, reply.body) == (401, b'{"error":"Unauthorized"}')
    assert stream.last is None
