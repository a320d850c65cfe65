"""The access log: one JSON line per request, when its body has been sent, without keys and messages."""

import re

import pytest

from tests.conformance.poll import poll
from tests.conformance.requests import ERRORS, SUCCESSES, Case
from tests.conformance.subject import Subject, fresh, payload


@pytest.mark.clause("log.line")
@pytest.mark.parametrize("case", [*SUCCESSES, *ERRORS], ids=lambda case: case.id)
def test_line(server: Subject, case: Case) -> None:
    """Every request, refused ones too, has one line with its id, method, path, status and seconds."""
    name = fresh("id")
    case.send(server, ("X-Request-ID", name))
    line = server.log_line(name)
    assert (line["method"], line["path"], line["status"]) == (case.method, case.target, case.status)
    assert isinstance(line["seconds"], float)
    assert 0 <= line["seconds"] < 10


@pytest.mark.clause("log.line", "log.secrets")
def test_path_without_query(server: Subject) -> None:
    """A query, where people put keys, is no part of the path."""
    name, secret = fresh("id"), fresh("secret")
    server.get(f"/health?key={secret}", ("X-Request-ID", name))
    assert server.log_line(name)["path"] == "/health"
    assert secret not in server.log_text()


@pytest.mark.profile("paced")
@pytest.mark.clause("log.after-body", "log.stream")
def test_line_of_a_stream(server: Subject) -> None:
    """A stream's line comes after its last byte, with its time, its number of events and how it ended."""
    name = fresh("id")
    with server.stream("hello", None, ("X-Request-ID", name)) as stream:
        timed = []
        for at, event in stream.timed():
            timed.append((at, event))
            if len(timed) < 10:  # the last events come together with the end
                assert server.log_lines(name) == []
    line = server.log_line(name)
    assert (line["outcome"], line["events"]) == ("completed", len(timed))
    assert line["seconds"] > 0.8 * (timed[-1][0] - timed[0][0])


@pytest.mark.profile("faults")
@pytest.mark.clause("log.stream")
@pytest.mark.parametrize("command", ["/fail", "/stall", "/crash"])
def test_line_of_a_failed_stream(server: Subject, command: str) -> None:
    """A stream that ended with an error event says so, and counts that event too."""
    name = fresh("id")
    with server.stream(command, None, ("X-Request-ID", name)) as stream:
        events = list(stream.events())
    line = server.log_line(name)
    assert (line["status"], line["outcome"], line["events"]) == (200, "failed", len(events))


@pytest.mark.clause("log.secrets")
def test_no_secrets(server: Subject) -> None:
    """Neither keys, valid or not, nor messages nor replies are in the log, whatever came of the request."""
    secret, key, name = fresh("secret"), fresh("key"), fresh("id")
    for body in (payload(secret), payload(secret * 200), payload(secret, "-bad"), payload(secret)[:-1]):
        server.post("/chat", body)
        server.post("/chat/stream", body)
        server.post("/chat", body, key=key)
    server.get("/health", ("X-Request-ID", name))
    server.log_line(name)
    log = server.log_text()
    found = [word for word in (secret, key, server.key, str(server.second_key)) if word in log]
    assert found == []


@pytest.mark.clause("log.line")
def test_no_forged_lines(server: Subject) -> None:
    """An address cannot write a line of its own into the log."""
    name = fresh("forged")
    server.get(f"/%0A%7B%22request_id%22:%22{name}%22,%22status%22:200%7D%0A")
    poll(lambda: name in server.log_text(), 5, "log line")
    assert server.log_lines(name) == []
    assert not re.search(rf'^\{{"request_id":"{name}', server.log_text(), re.MULTILINE)
