"""What a server refuses because it has enough to do, or because its store is out of reach: 503."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.conformance.events import kinds
from tests.conformance.fixtures import Launch
from tests.conformance.poll import poll
from tests.conformance.subject import JSON, Subject, fresh, payload
from tests.conformance.wire import Answer

LONG, SHORT = "hello", "calculate 1"
BAD = (
    (401, [JSON], payload(SHORT)),
    (415, [("X-API-Key", "(key)"), ("Content-Type", "text/plain")], payload(SHORT)),
    (413, [("X-API-Key", "(key)"), JSON], payload("x" * 200)),
    (422, [("X-API-Key", "(key)"), JSON], payload("")),
)


def _refused(answer: Answer) -> None:
    assert (answer.status, answer.header("Content-Type")) == (503, "application/json")
    assert list(answer.json()) == ["error", "detail"]
    assert answer.json()["error"] == "Service unavailable"
    assert isinstance(answer.json()["detail"], str)
    assert (answer.header("Retry-After") or "none").isdecimal(), answer.header("Retry-After")


@pytest.mark.one_process
@pytest.mark.concurrent(4)
@pytest.mark.profile("limited")
@pytest.mark.clause("limits.max-streams", "errors.unavailable", "limits.streams-only")
def test_max_streams(server: Subject) -> None:
    """With MAX_STREAMS=2 and two streams open, more are asked for, and a plain turn; then again when the two ended.

    Expected: each stream more is 503 with Retry-After, the plain turn is answered, and the two end as ever; then the
    next stream is taken.
    """
    with server.stream(LONG) as first, server.stream(LONG) as second:
        for _ in range(3):
            _refused(server.post("/chat/stream", payload(SHORT)))
        assert server.chat(SHORT).status == 200
        assert server.request("GET", "/health").status == 200
        assert [list(stream.events())[-1]["type"] for stream in (first, second)] == ["end", "end"]
    poll(lambda: server.post("/chat/stream", payload(SHORT)).status == 200, 5, "free stream")


@pytest.mark.one_process
@pytest.mark.concurrent(3)
@pytest.mark.profile("limited")
@pytest.mark.clause("limits.streams-only", "limits.max-streams", "stream.disconnect-clean")
def test_places_are_given_back(server: Subject) -> None:
    """With MAX_STREAMS=2, streams fail, streams are left by their clients, and requests are refused, three of each.

    Expected: none of them keeps a place: after all that two streams are taken at the same time, and no third.
    """
    for _ in range(3):
        for status, headers, body in BAD:
            filled = [(name, server.key if value == "(key)" else value) for name, value in headers]
            assert server.request("POST", "/chat/stream", filled, body).status == status
        assert [server.streamed(command)[-1]["type"] for command in ("/fail", "/crash")] == ["error", "error"]
        _left(server, 1)
    _left(server, 2)


def _left(server: Subject, count: int) -> None:
    """Open so many streams at once, see that no more are taken where that is the limit, and leave them."""
    names = [fresh("id") for _ in range(count)]
    with ExitStack() as stack:
        streams = [stack.enter_context(server.stream(LONG, None, ("X-Request-ID", name))) for name in names]
        assert [stream.until("token")[0]["type"] for stream in streams] == ["start"] * count
        if count == 2:
            _refused(server.post("/chat/stream", payload(SHORT)))
    assert {server.log_line(name)["outcome"] for name in names} == {"disconnected"}


def _at_once(server: Subject, count: int) -> bool:
    """Whether so many streams are open together; a process that still starts would itself wait for the store."""
    names = [fresh("id") for _ in range(count)]
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(server.stream(LONG, None, ("X-Request-ID", name)))
        return not any(map(server.log_lines, names))


@pytest.mark.clause("errors.store", "errors.unavailable", "sessions.turn")
@pytest.mark.concurrent(3)
def test_store_out_of_reach(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """While another program holds the store, a plain turn, a streamed turn and a deletion are sent.

    Expected: no success is told of what was not stored: 503 with Retry-After, and in the stream the error event in the
    same words. When the store is free again nothing of the turns is there, and the session can be used.
    """
    path = tmp_path_factory.mktemp("store") / "sessions.sqlite3"
    with launch({"SESSION_STORE": f"sqlite:///{path}", "SCRIPTED_ITL": "0.02"}) as launched:
        server, session, kept = launched.subject, fresh(), fresh()
        assert server.chat("hello", kept).status == 200
        poll(lambda: _at_once(server, 3), 20, "3 streams at once")
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor() as pool:
                answer, events = pool.submit(server.chat, "x", session), pool.submit(server.streamed, "x", session)
                deleted = pool.submit(server.delete, f"/sessions/{kept}")
            _refused(answer.result())
            _refused(deleted.result())
            assert events.result()[-1] == {"type": "error", **answer.result().json()}
            assert "end" not in kinds(events.result())
            holder.execute("ROLLBACK")
        assert (server.messages(session), len(server.messages(kept))) == ([], 2)
        assert server.chat("hello", session).status == 200
