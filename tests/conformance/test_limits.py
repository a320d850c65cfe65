"""What a server refuses because it has enough to do, or because its store is out of reach: 503."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.conformance.fixtures import Launch
from tests.conformance.poll import poll
from tests.conformance.subject import Subject, fresh, payload
from tests.conformance.wire import Answer


def _refused(answer: Answer) -> None:
    assert (answer.status, answer.json()["error"]) == (503, "Service unavailable")
    assert list(answer.json()) == ["error", "detail"]
    assert isinstance(answer.json()["detail"], str)
    assert int(answer.header("Retry-After") or "") >= 0


@pytest.mark.one_process
@pytest.mark.concurrent(4)
@pytest.mark.profile("limited")
@pytest.mark.clause("limits.max-streams", "errors.unavailable")
def test_max_streams(server: Subject) -> None:
    """A stream over MAX_STREAMS is 503; plain turns go on; when a stream has ended the next is taken."""
    with ExitStack() as stack:
        first = stack.enter_context(server.stream("hello"))
        second = stack.enter_context(server.stream("hello"))
        _refused(server.post("/chat/stream", payload("hello")))
        assert server.request("GET", "/health").status == 200
        assert [list(stream.events())[-1]["type"] for stream in (first, second)] == ["end", "end"]
    poll(lambda: server.post("/chat/stream", payload("hello")).status == 200, 5, "free stream")


@pytest.mark.one_process
@pytest.mark.concurrent(3)
@pytest.mark.profile("limited")
@pytest.mark.clause("limits.max-streams", "stream.disconnect-clean")
def test_streams_that_are_left_make_room(server: Subject) -> None:
    """Clients that go away give their places back; so do requests that are refused."""
    for _ in range(3):
        for body in (b"{", payload("")):
            assert server.post("/chat/stream", body).status == 422
        name = fresh("id")
        with server.stream("hello", None, ("X-Request-ID", name)) as stream:
            stream.until("token")
        server.log_line(name)
    with server.stream("hello") as first, server.stream("hello") as second:
        assert [next(stream.events())["type"] for stream in (first, second)] == ["start", "start"]


@pytest.mark.clause("errors.store", "errors.unavailable")
def test_store_out_of_reach(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """While another program holds the store, turns fail with 503's words and are not stored; then all is well."""
    path = tmp_path_factory.mktemp("store") / "sessions.sqlite3"
    with launch({"SESSION_STORE": f"sqlite:///{path}"}) as launched:
        server, session = launched.subject, fresh()
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor() as pool:
                answer, events = pool.submit(server.chat, "x", session), pool.submit(server.streamed, "x", session)
            _refused(answer.result())
            assert events.result()[-1] == {"type": "error", **answer.result().json()}
            holder.execute("ROLLBACK")
        assert server.messages(session) == []
        assert server.chat("hello", session).status == 200
