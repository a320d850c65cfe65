"""SIGTERM: what an open stream, a new client and an operator see of it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from tests.conformance.events import kinds
from tests.conformance.fixtures import Launch, Launched
from tests.conformance.poll import poll
from tests.conformance.subject import JSON, Subject, fresh, payload
from tests.conformance.wire import Answer, Connection, request

GRACE = 2.0
PACE = 0.25
MOMENT = 15  # tokens at 0.1 s: longer than any server program takes to heed a signal that is the app's
SLACK = 1.5  # a busy machine takes its time; the promise itself is 2 s after the grace
pytestmark = pytest.mark.concurrent(3)


@contextmanager
def _gone(launched: Launched, within: float) -> Iterator[float]:
    """SIGTERM goes out at the block's beginning, which gets its time; so long after it no process is left."""
    family: set[psutil.Process] = set(launched.process.processes())
    assert family
    started = time.monotonic()
    launched.process.terminate()
    yield started
    left = started + within + SLACK - time.monotonic()
    poll(lambda: not _alive(family | set(launched.process.processes())), max(left, 0.1), "end of the last process")


def _alive(family: set[psutil.Process]) -> list[psutil.Process]:
    return [process for process in family if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _refusal(server: Subject) -> Answer:
    """The first 503 of POST /chat after the signal; the signal takes a moment to arrive."""
    refusals = poll(
        lambda: [answer for answer in (server.chat("calculate 1"),) if answer.status == 503], 4, "503 to new work"
    )
    return refusals[0]


def _ask(server: Subject, connection: Connection) -> None:
    """Send a turn to POST /chat, and see that it is under way."""
    connection.expect("POST")
    connection.send(request("POST", "/chat", [("X-API-Key", server.key), JSON], payload("hello")))
    assert server.request("GET", "/health").status == 200


@pytest.mark.clause("stop.idle", "stop.gone")
def test_idle(launch: Launch) -> None:
    """SIGTERM goes to an idle server with a long DRAIN_SECONDS, while a client keeps a connection open.

    Expected: it has ended soon after, every process of it.
    """
    with launch({"DRAIN_SECONDS": "20"}) as launched, launched.subject.connect() as kept:
        kept.expect("GET")
        kept.send(request("GET", "/health"))
        assert kept.answer().status == 200
        with _gone(launched, within=3):
            pass
        assert launched.process.wait(1) is not None


@pytest.mark.clause("stop.draining", "stop.no-new-work", "stop.gone")
@pytest.mark.concurrent_in_one_process(2)  # idle processes have gone: the one with the stream refuses
def test_new_work_while_a_stream_is_open(launch: Launch) -> None:
    """SIGTERM comes while a stream is open; a health check, a turn and another stream are sent; then the client leaves.

    Expected: /health is 503 and says draining, turns are 503 with Retry-After, at once and some time later, the open
    stream goes on; when it is left, nothing keeps the server any more.
    """
    with launch({"DRAIN_SECONDS": "20", "SCRIPTED_ITL": "0.1"}) as launched, ExitStack() as client:
        server = launched.subject
        stream = client.enter_context(server.stream("hello"))
        with _gone(launched, within=6):
            refusals = [_refusal(server), server.post("/chat/stream", payload("x"))]
            health = server.request("GET", "/health")
            for _ in range(MOMENT):
                stream.until("token")
            refusals.append(server.post("/chat", payload("x")))
            client.close()
    assert (health.status, list(health.json().items())) == (503, [("status", "draining"), ("version", "1.0.0")])
    assert [(answer.status, answer.json()["error"]) for answer in refusals] == [(503, "Service unavailable")] * 3
    assert [list(answer.json()) for answer in refusals] == [["error", "detail"]] * 3
    assert all((answer.header("Retry-After") or "none").isdecimal() for answer in refusals)


@pytest.mark.clause("stop.cut", "stop.gone", "errors.in-stream", "log.stream", "sessions.dropped")
@pytest.mark.concurrent_in_one_process(2)  # idle processes have gone: the one with the stream refuses
def test_a_stream_that_cannot_finish(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """SIGTERM comes while a stream is open that needs longer than DRAIN_SECONDS.

    Expected: its tokens go on coming for as long as that; then it ends with the error event, in the words of the 503
    that new work gets; the log says failed; and after a restart nothing of the turn is stored.
    """
    name, session = fresh("id"), fresh()
    store = {"SESSION_STORE": f"sqlite:///{tmp_path_factory.mktemp('store')}/sessions.sqlite3"}
    with launch({**store, "DRAIN_SECONDS": str(GRACE), "SCRIPTED_ITL": str(PACE)}) as launched:
        server = launched.subject
        with server.stream("x" * 400, session, ("X-Request-ID", name)) as stream, _gone(launched, GRACE + 2) as started:
            refusal = _refusal(server)
            timed = list(stream.timed())
        assert timed[-1][1] == {"type": "error", **refusal.json()}
        assert timed[-1][1]["error"] == "Service unavailable"
        assert timed[-1][0] - started > 0.9 * GRACE
        assert len([at for at, _ in timed[:-1] if at > started + PACE]) > 0.5 * GRACE / PACE
        assert server.log_line(name)["outcome"] == "failed"
    with launch(store) as again:
        assert again.subject.messages(session) == []


@pytest.mark.clause("stop.cut", "stop.gone")
def test_silence_does_not_keep_the_server(launch: Launch) -> None:
    """SIGTERM comes while a stream and a POST /chat wait for a model that says nothing.

    Expected: at the end of the grace the stream gets its error event, and soon after no process is left.
    """
    with launch({"DRAIN_SECONDS": "1", "SCRIPTED_TTFT": "25"}) as launched, launched.subject.connect() as plain:
        _ask(launched.subject, plain)
        with launched.subject.stream("hello") as stream, _gone(launched, 1 + 2):
            events = list(stream.events())
        assert kinds(events) == ["start", "error"]
        assert events[-1]["error"] == "Service unavailable"


@pytest.mark.clause("stop.finish", "stop.gone")
def test_work_that_can_finish(launch: Launch) -> None:
    """SIGTERM comes while a stream and a POST /chat are under way that need less than DRAIN_SECONDS.

    Expected: both are answered to their ends as ever, and the server has ended as soon as they have.
    """
    with (
        launch({"DRAIN_SECONDS": "20", "SCRIPTED_TTFT": "0.5", "SCRIPTED_ITL": "0.02"}) as launched,
        launched.subject.connect() as plain,
    ):
        _ask(launched.subject, plain)
        with launched.subject.stream("hello") as stream, _gone(launched, within=6):
            assert list(stream.events())[-1] == {"type": "end"}
            answer = plain.answer()
        assert (answer.status, bool(answer.json()["reply"])) == (200, True)
