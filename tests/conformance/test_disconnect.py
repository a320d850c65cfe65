"""Clients that go away: the turn is given up, not stored, and leaves nothing behind."""

import psutil
import pytest

from tests.conformance import wire
from tests.conformance.fixtures import Launch
from tests.conformance.poll import poll
from tests.conformance.profiles import HEARTBEAT
from tests.conformance.subject import Subject, fresh, payload

SLACK = 1.5


@pytest.mark.profile("silent")
@pytest.mark.clause("stream.disconnect", "stream.disconnect-dropped", "log.stream")
def test_while_the_model_is_silent(server: Subject) -> None:
    """A client that leaves while nothing flows is noticed within two heartbeats, and its turn is not stored."""
    name, session = fresh("id"), fresh()
    with server.stream("hello", session, ("X-Request-ID", name)) as stream:
        next(stream.events())
    line = server.log_line(name, timeout=2 * HEARTBEAT + SLACK)
    assert line["outcome"] == "disconnected"
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.profile("slow")
@pytest.mark.clause("stream.disconnect", "stream.disconnect-dropped", "log.stream")
def test_while_tokens_flow(server: Subject) -> None:
    """A client that leaves between tokens is noticed at the second write after that, and its turn is not stored."""
    name, session = fresh("id"), fresh()
    with server.stream("hello", session, ("X-Request-ID", name)) as stream:
        received = len(stream.until("token"))
    line = server.log_line(name, timeout=2 * HEARTBEAT + SLACK)
    assert line["outcome"] == "disconnected"
    assert received <= line["events"] <= received + 6
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.profile("paced")
@pytest.mark.clause("stream.disconnect-dropped")
def test_an_earlier_turn_stays(server: Subject) -> None:
    """What a session held before stays when a client leaves in a later turn."""
    name, session = fresh("id"), fresh()
    server.chat("first", session)
    with server.stream("second", session, ("X-Request-ID", name)) as stream:
        stream.until("token")
    server.log_line(name)
    assert [message["content"] for message in server.messages(session)][::2] == ["first"]


@pytest.mark.clause("sessions.turn")
def test_in_the_middle_of_the_body(server: Subject) -> None:
    """A body that is cut short of its announced length is no request: nothing is run, nothing is stored."""
    name, session = fresh("id"), fresh()
    headers = [("X-API-Key", server.key), ("Content-Type", "application/json"), ("X-Request-ID", name)]
    with server.connect() as connection:
        body = payload("hello", session)
        whole = wire.request("POST", "/chat", [*headers, ("Content-Length", str(len(body) + 100))])
        connection.send(whole + body)
    server.log_line(name)
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.one_process
@pytest.mark.concurrent(20)
@pytest.mark.clause("stream.disconnect-clean", "stream.disconnect")
def test_nothing_is_left_behind(launch: Launch) -> None:
    """Twenty clients that leave, and the server holds as many threads and connections as before."""
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
