"""Failures of the model and of the code, on POST /chat and in streams: the words, what is kept, what must not leak.

Rule: what one request and its answer can show is a row (`cases/errors.py`); here is what only several can.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.events import TERMINAL, kinds, parse
from tests.conformance.profiles import MODEL_TIMEOUT
from tests.conformance.samples import FAULTS, Sample
from tests.conformance.subject import Subject, fresh, payload
from tests.conformance.wire import Answer

pytestmark = pytest.mark.profile("faults")
LEAKS = ("Traceback", "RuntimeError", "ConnectionError", "scripted", "secret", "Exception", ".py", "raise ")
EACH = pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)


def _leaks(answer: Answer) -> list[str]:
    return [leak for leak in LEAKS if leak in answer.body.decode() + repr(answer.headers)]


@EACH
@pytest.mark.clause("errors.in-stream", "errors.gateway-timeout", "errors.internal", "sessions.dropped")
def test_failures(server: Subject, case: Sample) -> None:
    """A turn fails by POST /chat and in a stream: at once, halfway, by silence, or in an unexpected way.

    Expected: the stream ends with an error event in the very words of POST /chat; nothing of the cause is in bodies or
    headers; silence fails at MODEL_TIMEOUT and not before; neither turn is stored.
    """
    plain, streamed, asked = fresh(), fresh(), time.monotonic()
    message: str = json.loads(case.body or b"")["message"]
    with ThreadPoolExecutor() as pool:
        told = pool.submit(server.chat, message, plain)
        answer = server.post("/chat/stream", payload(message, streamed))
    events, _ = parse(answer.body)
    assert (told.result().status, answer.status) == (case.status, 200)
    assert list(events[-1].items()) == [("type", "error"), *told.result().json().items()]
    assert [kind for kind in kinds(events) if kind in TERMINAL] == ["error"]
    assert _leaks(answer) + _leaks(told.result()) == []
    assert case.id != "hang" or time.monotonic() - asked > 0.9 * MODEL_TIMEOUT
    assert [server.get(f"/sessions/{session}").status for session in (plain, streamed)] == [404, 404]


@pytest.mark.concurrent(8)
@pytest.mark.clause("sessions.dropped", "errors.internal")
def test_a_session_survives_failures(server: Subject) -> None:
    """In a session with one turn, turns fail in all four ways on both routes, all at the same time.

    Expected: the session holds that one turn as before, and the server takes the next turns on both routes.
    """
    session = fresh()
    server.chat("first", session)
    before = server.messages(session)
    bodies = [payload(json.loads(case.body or b"")["message"], session) for case in FAULTS] * 2
    routes = ["/chat"] * len(FAULTS) + ["/chat/stream"] * len(FAULTS)
    with ThreadPoolExecutor(len(bodies)) as pool:
        statuses = [answer.status for answer in pool.map(server.post, routes, bodies)]
    assert statuses == [case.status for case in FAULTS] + [200] * len(FAULTS)
    assert server.messages(session) == before
    assert server.chat("second", session).status == 200
    assert server.streamed("third", session)[-1] == {"type": "end"}
    assert [message["content"] for message in server.messages(session)[::2]] == ["first", "second", "third"]


@pytest.mark.clause("errors.internal-logged", "log.secrets")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_crash_is_logged(server: Subject, route: str) -> None:
    """A turn fails in an unexpected way, and the server's log is read.

    Expected: one entry has the request's id and tells the exception with its text; the message and the key are
    nowhere in the log.
    """
    name, marker = fresh("id"), fresh("private")
    server.post(route, payload(f"/crash {marker}"), ("X-Request-ID", name))
    server.log_line(name)
    log = server.log_text()
    told = [line for line in log.splitlines() if name in line and "RuntimeError: scripted crash" in line]
    assert len(told) == 1
    assert marker not in log
    assert server.key not in log
