"""SIGTERM: what an open stream, a new client and an operator see of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.conformance.fixtures import Launch, Launched
from tests.conformance.poll import poll
from tests.conformance.subject import JSON, Subject, fresh, payload
from tests.conformance.wire import Answer, request

GRACE = 2.0
SLACK = 1.5  # a busy machine takes its time; the promise itself is 2 s after the grace
pytestmark = pytest.mark.concurrent(3)


@contextmanager
def _gone(launched: Launched, within: float) -> Iterator[None]:
    """SIGTERM goes out at the block's beginning; so long after it no process is left."""
    family: list[psutil.Process] = launched.process.processes()
    assert family
    started = time.monotonic()
    launched.process.terminate()
    yield
    left = started + within + SLACK - time.monotonic()
    poll(lambda: not [one for one in family if _alive(one)], max(left, 0.1), "end of the last process")


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _refusal(server: Subject) -> Answer:
    """The first 503 of POST /chat after the signal; the signal takes a moment to arrive."""
    refusals = poll(
        lambda: [answer for answer in (server.chat("hello"),) if answer.status == 503], 2, "503 to new work"
    )
    return refusals[0]


@pytest.mark.clause("stop.idle", "stop.gone")
def test_idle(launch: Launch) -> None:
    """An idle server is gone soon after SIGTERM, long before DRAIN_SECONDS, whatever connections are kept open."""
    with launch({"DRAIN_SECONDS": "20"}) as launched, launched.subject.connect() as kept:
        kept.expect("GET")
        kept.send(request("GET", "/health"))
        assert kept.answer().status == 200
        with _gone(launched, within=3):
            pass
        assert launched.process.wait(1) is not None


@pytest.mark.clause("stop.draining", "stop.no-new-work", "stop.cut", "stop.gone", "errors.in-stream", "log.stream")
def test_a_stream_that_cannot_finish(launch: Launch) -> None:
    """While a stream is open health says draining and new work is 503; then the stream is cut in the same words."""
    name, session = fresh("id"), fresh()
    with launch({"DRAIN_SECONDS": str(GRACE), "SCRIPTED_ITL": "0.25"}) as launched:
        server = launched.subject
        with server.stream("x" * 400, session, ("X-Request-ID", name)) as stream, _gone(launched, GRACE + 2):
            refusal = _refusal(server)
            health = server.request("GET", "/health")
            refused_stream = server.request("POST", "/chat/stream", [("X-API-Key", server.key), JSON], payload("x"))
            events = list(stream.events())
        assert (health.status, next(iter(health.json().items()))) == (503, ("status", "draining"))
        assert [int(answer.header("Retry-After") or "") >= 0 for answer in (refusal, refused_stream)] == [True, True]
        assert refused_stream.status == 503
        assert events[-1] == {"type": "error", **refusal.json()}
        assert server.log_line(name)["outcome"] == "failed"


@pytest.mark.clause("stop.cut", "stop.gone", "sessions.dropped")
def test_a_silent_stream_is_cut_too(launch: Launch) -> None:
    """A stream whose model says nothing gets its error event at the end of the grace as well, and is not stored."""
    with launch({"DRAIN_SECONDS": "1", "SCRIPTED_TTFT": "25"}) as launched:
        with launched.subject.stream("hello") as stream, _gone(launched, 1 + 2):
            events = list(stream.events())
        assert [event["type"] for event in events] == ["start", "error"]
        assert events[-1]["error"] == "Service unavailable"


@pytest.mark.clause("stop.finish", "stop.gone")
def test_a_stream_that_can_finish(launch: Launch) -> None:
    """A stream that ends within the grace ends as ever, and the server goes as soon as it has."""
    with (
        launch({"DRAIN_SECONDS": "20", "SCRIPTED_ITL": "0.03"}) as launched,
        launched.subject.stream("hello") as stream,
        _gone(launched, within=6),
    ):
        assert list(stream.events())[-1] == {"type": "end"}


@pytest.mark.clause("stop.finish", "stop.gone")
def test_a_plain_turn_finishes(launch: Launch) -> None:
    """A POST /chat under way when SIGTERM comes is answered."""
    with launch({"DRAIN_SECONDS": "20", "SCRIPTED_TTFT": "0.7"}) as launched:
        server = launched.subject
        with server.connect() as connection:
            connection.expect("POST")
            connection.send(request("POST", "/chat", [("X-API-Key", server.key), JSON], payload("hello")))
            assert server.request("GET", "/health").status == 200  # by now the turn is under way
            with _gone(launched, within=3):
                assert connection.answer().status == 200
