"""Failures of the model and of the code, on POST /chat and in streams: the words, and what must not leak."""

import json

import pytest

from tests.conformance.requests import ERRORS, FAULTS, TITLES, Case
from tests.conformance.subject import Subject, fresh, payload

LEAKS = ("Traceback", "RuntimeError", "ConnectionError", "scripted", "secret", "Exception", ".py", "raise ")


@pytest.mark.clause("errors.envelope", "errors.not-found", "errors.method", "answer.field-order")
@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.id)
def test_envelope(server: Subject, case: Case) -> None:
    """Every error is a JSON object of exactly the status's title and a detail, in this order."""
    answer = case.send(server)
    assert (answer.status, answer.header("Content-Type")) == (case.status, "application/json")
    assert list(answer.json()) == ["error", "detail"]
    assert answer.json()["error"] == TITLES[case.status]
    assert isinstance(answer.json()["detail"], list if case.status == 422 else str)
    assert answer.json()["detail"]


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.bad-gateway", "errors.gateway-timeout", "errors.internal", "sessions.dropped")
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_failures(server: Subject, case: Case) -> None:
    """A model that fails is 502, one that is silent 504, an unexpected failure 500; no turn is stored."""
    session = fresh()
    command = json.loads(case.body or b"")["message"]
    answer = server.chat(command, session)
    assert (answer.status, answer.json()["error"]) == (case.status, TITLES[case.status])
    assert list(answer.json()) == ["error", "detail"]
    assert isinstance(answer.json()["detail"], str)
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.internal")
def test_words_of_an_internal_error(server: Subject) -> None:
    """An unexpected failure has the fixed words."""
    assert server.chat("/crash").json() == {
        "error": "Internal server error",
        "detail": "Service temporarily unavailable, please try again later",
    }


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.internal", "errors.bad-gateway", "errors.gateway-timeout", "errors.in-stream")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_nothing_leaks(server: Subject, case: Case, route: str) -> None:
    """No text of an exception or of the upstream is in the body or in any header."""
    answer = server.post(route, case.body or b"")
    sent = answer.body.decode() + repr(answer.headers)
    assert [leak for leak in LEAKS if leak in sent] == []


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.internal-logged", "log.secrets")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_crash_is_logged(server: Subject, route: str) -> None:
    """The traceback of an unexpected failure is in the log with the request's id, and the message is not."""
    name, marker = fresh("id"), fresh("private")
    server.post(route, payload(f"/crash {marker}"), ("X-Request-ID", name))
    server.log_line(name)
    log = server.log_text()
    told = [line for line in log.splitlines() if name in line and "RuntimeError" in line]
    assert len(told) == 1
    assert marker not in log
    assert server.key not in log


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.internal")
def test_the_server_lives_on(server: Subject) -> None:
    """After failures of every kind the same server answers as before."""
    for case in FAULTS:
        case.send(server)
    assert server.chat("hello").status == 200
    assert server.streamed("hello")[-1] == {"type": "end"}
