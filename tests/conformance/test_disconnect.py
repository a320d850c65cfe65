"""Clients that go away: the turn is given up, not stored, and leaves nothing behind."""

import psutil
import pytest

from tests.conformance import wire
from tests.conformance.fixtures import Launch
from tests.conformance.poll import poll
from tests.conformance.profiles import HEARTBEAT
from tests.conformance.subject import JSON, Subject, fresh, payload

SLACK = 1.5
SHORT = "calculate 6 * 7"


@pytest.mark.profile("silent")
@pytest.mark.clause("stream.disconnect", "stream.disconnect-dropped", "log.stream")
def test_while_the_model_is_silent(server: Subject) -> None:
    """A client leaves a stream while the model says nothing.

    Expected: the turn is given up within two heartbeats, and logged as disconnected after one event: heartbeats are
    none; nothing is stored.
    """
    name, session = fresh("id"), fresh()
    with server.stream("hello", session, ("X-Request-ID", name)) as stream:
        next(stream.events())
    line = server.log_line(name, timeout=2 * HEARTBEAT + SLACK)
    assert (line["outcome"], line["events"]) == ("disconnected", 1)
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.disconnect", "stream.disconnect-dropped", "log.stream")
def test_while_tokens_flow(server: Subject) -> None:
    """A client leaves a stream between two tokens.

    Expected: the turn is given up some tokens later at most, logged as disconnected, and not stored.
    """
    name, session = fresh("id"), fresh()
    with server.stream("hello", session, ("X-Request-ID", name)) as stream:
        received = len(stream.until("token"))
    line = server.log_line(name, timeout=2 * HEARTBEAT + SLACK)
    assert line["outcome"] == "disconnected"
    assert received <= line["events"] <= received + 6
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.disconnect-dropped")
def test_a_turn_that_was_left_is_never_stored(server: Subject) -> None:
    """In a session with one turn, a client leaves in the middle of the second; then a third turn is run to its end.

    Expected: although the second would have ended by then, the session holds the first and the third only.
    """
    session = fresh()
    server.chat(SHORT, session)
    with server.stream(f"{SHORT}0", session) as stream:
        stream.until("token")
    assert server.streamed("hello", session)[-1] == {"type": "end"}
    assert [message["content"] for message in server.messages(session)][::2] == [SHORT, "hello"]


@pytest.mark.clause("sessions.turn")
def test_in_the_middle_of_the_body(server: Subject) -> None:
    """A client leaves before it has sent as much of its body as it announced.

    Expected: that is no request: nothing is run, nothing is stored.
    """
    name, session = fresh("id"), fresh()
    with server.connect() as connection:
        body = payload("hello", session)
        headers = [("X-API-Key", server.key), JSON, ("X-Request-ID", name), ("Content-Length", str(len(body) + 100))]
        connection.send(wire.request("POST", "/chat", headers) + body)
    server.log_line(name)
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.one_process
@pytest.mark.concurrent(20)
@pytest.mark.clause("stream.disconnect-clean", "stream.disconnect")
def test_nothing_is_left_behind(launch: Launch) -> None:
    """Twenty clients leave their streams while the model is silent, and then twenty more.

    Expected: after the second twenty the server holds no more threads and connections than after the first.
    """
    settings = {"SCRIPTED_TTFT": "20", "STREAM_HEARTBEAT": str(HEARTBEAT)}
    with launch(settings) as launched:
        processes = launched.process.processes()
        _leave(launched.subject, 20)
        before = _connections(processes), _threads(processes)
        _leave(launched.subject, 20)
        poll(lambda: _connections(processes) <= before[0], 5, "end of the connections")
        assert _threads(processes) <= before[1] + 2
        assert launched.subject.request("GET", "/health").status == 200


def _leave(server: Subject, clients: int) -> None:
    names = [fresh("id") for _ in range(clients)]
    for name in names:
        with server.stream("hello", None, ("X-Request-ID", name)) as stream:
            next(stream.events())
    assert {server.log_line(name)["outcome"] for name in names} == {"disconnected"}


def _connections(processes: list[psutil.Process]) -> int:
    return sum(
        connection.status in {"ESTABLISHED", "CLOSE_WAIT"}
        for process in processes
        for connection in process.net_connections("tcp")
    )


def _threads(processes: list[psutil.Process]) -> int:
    return sum(process.num_threads() for process in processes)
