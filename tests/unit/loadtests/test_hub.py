"""The load's connection in gevent's hub: faults reach their user, nothing is left watched, none starves another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import psutil
import pytest

from loadtests.drive.client.hub import HubConnection
from loadtests.drive.client.message import Endpoint, Reply, prepare
from tests.unit.loadtests.scripted import CLOSE, START, STREAM_END, STREAM_HEAD, Script, Served, answer, chunk, serving


class Faulty:
    """A reader with a fault of its own."""

    def read(self, stamp: float, data: bytes) -> None:
        """Fail."""
        raise ZeroDivisionError(f"{stamp} {data!r}")


@contextmanager
def connected(script: Script, timeout: float = 5.0) -> Iterator[tuple[HubConnection, bytes, Served]]:
    """A connection to a server that follows this script, a request for it, and proof that nothing is left of it."""
    loop = gevent.get_hub().loop
    with serving(script) as served:
        before = loop.activecnt
        connection = HubConnection(Endpoint.of(served.url), timeout=timeout)
        yield connection, prepare(Endpoint.of(served.url), "GET", "/"), served
        connection.close()
        assert loop.activecnt == before


def test_fault_in_a_reader_is_raised_where_the_request_was_made() -> None:
    """An exception in a callback of the hub ends the exchange and is the user's; the next one works."""
    script: Script = lambda _: (STREAM_HEAD, chunk(START), STREAM_END)  # noqa: E731 - a table's line
    with connected(script) as (connection, request, served):
        with pytest.raises(ZeroDivisionError):
            connection.exchange(request, Faulty())
        assert connection.exchange(request).failure is None
        assert len(served.connections) == 2


def test_killed_exchange_leaves_nothing_to_the_next() -> None:
    """A user killed inside its exchange closes the connection: the rest of the answer meets no other request."""
    waits = iter([5.0, 0.0])
    with connected(lambda _: (answer(b"hello")[:-3], next(waits), b"llo")) as (connection, request, served):
        user = gevent.spawn(connection.exchange, request)
        while not served.writes:
            gevent.sleep(0.005)  # polling for the answer to have begun
        user.kill()
        assert connection.exchange(request).body == b"hello"
        assert len(served.connections) == 2


@pytest.mark.parametrize("steps", [(CLOSE,), (answer(b"hello"), CLOSE), (b"SSH-2.0\r\n",)], ids=str)
def test_no_watcher_and_no_descriptor_is_left(steps: tuple[bytes, ...]) -> None:
    """Connections that end, well or not, leave no watcher active and no descriptor open."""
    with connected(lambda _: steps) as (connection, request, _):
        connection.exchange(request)
        connection.close()
        before = gevent.get_hub().loop.activecnt, psutil.Process().num_fds()
        for _ in range(20):
            connection.exchange(request)
        connection.close()
        assert gevent.get_hub().loop.activecnt == before[0]
        latest = time.monotonic() + 10
        while psutil.Process().num_fds() > before[1] + 1 and time.monotonic() < latest:
            gevent.sleep(0.01)  # polling for the server to have closed its sides, all but the last perhaps
        assert psutil.Process().num_fds() <= before[1] + 1


def test_request_that_nobody_reads_times_out() -> None:
    """A server that takes no request is ended by `expire` too, however much of it was sent."""
    with connected(lambda _: (5.0,), timeout=0.2) as (connection, request, _):
        reply = _expiring(connection, request + b"x" * (64 << 20))
    assert reply.failure is not None
    assert reply.failure.kind == "timeout"
    assert 0.2 <= reply.end - reply.sent < 4


def test_expire_ends_only_what_is_late() -> None:
    """`expire` says whether the exchange was over its time, and leaves one that is not alone."""
    with connected(lambda _: (0.1, answer(b"hello")), timeout=5.0) as (connection, request, _):
        user = gevent.spawn(connection.exchange, request)
        gevent.sleep(0)
        assert connection.expire(time.monotonic()) is False
        assert user.get().body == b"hello"
        assert connection.expire(time.monotonic() + 60) is False


def test_flood_starves_nobody() -> None:
    """While one connection is flooded, another gets all its answers."""
    flood = answer(b"x" * (8 << 20))
    script: Script = lambda head: (flood,) if "/flood" in head else (answer(b"hello"),)  # noqa: E731 - a table's line
    with connected(script) as (connection, request, served):
        endpoint = Endpoint.of(served.url)
        other = HubConnection(endpoint)
        flooded = gevent.spawn(other.exchange, prepare(endpoint, "GET", "/flood"))
        answers = 0
        while not flooded.ready():
            answers += connection.exchange(request).body == b"hello"
        other.close()
        assert flooded.get().failure is None
        assert answers >= 5


def _expiring(connection: HubConnection, request: bytes) -> Reply:
    """The reply, with somebody to keep the time."""
    user = gevent.spawn(connection.exchange, request)
    while not user.ready():
        gevent.sleep(0.02)
        connection.expire(time.monotonic())
    reply: Reply = user.get()
    return reply
