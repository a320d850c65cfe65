"""The access log: one JSON line per request, when its body has been sent, without keys and messages."""

import re

import pytest

from tests.conformance.events import parse
from tests.conformance.poll import poll
from tests.conformance.profiles import MODEL_TIMEOUT
from tests.conformance.samples import ERRORS, SUCCESSES, Sample
from tests.conformance.subject import JSON, Subject, fresh, payload

HEAD = Sample("head", "HEAD", "/health", 200, keyed=False)
ASKS = (JSON, ("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST"))


@pytest.mark.clause("log.line")
@pytest.mark.parametrize("case", [*SUCCESSES, *ERRORS, HEAD], ids=lambda case: case.id)
def test_line(server: Subject, case: Sample) -> None:
    """A request is sent, right or wrong, and its line is looked for in the log when a later request has its own.

    Expected: exactly one line, with the request's id, method, path, status and seconds.
    """
    name = fresh("id")
    case.send(server, ("X-Request-ID", name))
    line = server.log_line(name)
    assert (line["method"], line["path"], line["status"]) == (case.method, case.target, case.status)
    assert isinstance(line["seconds"], float)
    assert 0 <= line["seconds"] < 10
    later = fresh("id")
    server.get("/health", ("X-Request-ID", later))
    assert server.log_line(later)["path"] == "/health"
    assert server.log_lines(name) == [line]


@pytest.mark.clause("log.line", "request-id.replaced")
def test_line_of_a_new_id(server: Subject) -> None:
    """A request is sent without an id, and a browser's preflight with one.

    Expected: the log has a line for the id that the answer names, and one for the preflight.
    """
    name = fresh("id")
    told = server.request("GET", "/health").header("X-Request-ID") or "none"
    server.request("OPTIONS", "/chat", [*ASKS, ("X-Request-ID", name)])
    assert (server.log_line(told)["path"], server.log_line(told)["status"]) == ("/health", 200)
    assert (server.log_line(name)["method"], server.log_line(name)["path"]) == ("OPTIONS", "/chat")


@pytest.mark.clause("log.line", "log.secrets")
def test_path_without_query(server: Subject) -> None:
    """A request is sent with a query, where people put keys.

    Expected: the query is no part of the path in the log, and nowhere else in it.
    """
    name, secret = fresh("id"), fresh("secret")
    server.get(f"/health?key={secret}", ("X-Request-ID", name))
    assert server.log_line(name)["path"] == "/health"
    assert secret not in server.log_text()


@pytest.mark.profile("paced")
@pytest.mark.clause("log.after-body", "log.stream")
def test_line_of_a_stream(server: Subject) -> None:
    """A stream is read to its end, and the log is looked at after each of its first events and after the last.

    Expected: no line while events are still to come; then one with the stream's time, its number of events, tool
    calls included, and the outcome completed.
    """
    name = fresh("id")
    with server.stream("calculate 6 * 7", None, ("X-Request-ID", name)) as stream:
        timed = []
        for at, event in stream.timed():
            timed.append((at, event))
            if len(timed) < 15:  # the last events come together with the end
                assert server.log_lines(name) == []
    line = server.log_line(name)
    assert (line["status"], line["outcome"], line["events"]) == (200, "completed", len(timed))
    assert line["seconds"] > 0.8 * (timed[-1][0] - timed[0][0])


@pytest.mark.profile("slow")
@pytest.mark.clause("log.stream")
def test_line_counts_no_pings(server: Subject) -> None:
    """A stream is read that comment lines keep alive until the model speaks.

    Expected: the line counts the events, and none of the comment lines.
    """
    name = fresh("id")
    with server.stream("calculate 1", None, ("X-Request-ID", name)) as stream:
        reads = b"".join(read.data for read in stream.reads())
    assert reads.count(b": ping\n\n") > 1
    assert server.log_line(name)["events"] == len(parse(reads)[0])


@pytest.mark.profile("faults")
@pytest.mark.clause("log.stream")
@pytest.mark.parametrize("command", ["/fail", "/stall", "/crash", "/hang"])
def test_line_of_a_failed_stream(server: Subject, command: str) -> None:
    """A stream is read that ends with an error event, for each way that a turn can fail.

    Expected: the line's outcome is failed, its events count that event too, and its seconds the wait for the model.
    """
    name = fresh("id")
    with server.stream(command, None, ("X-Request-ID", name)) as stream:
        events = list(stream.events())
    line = server.log_line(name)
    assert (line["status"], line["outcome"], line["events"]) == (200, "failed", len(events))
    assert line["seconds"] > (0.9 * MODEL_TIMEOUT if command == "/hang" else 0)


@pytest.mark.clause("log.secrets")
def test_no_secrets(server: Subject) -> None:
    """Requests of many kinds, taken and refused, carry a marked message, a marked wrong key and the valid keys.

    Expected: none of these words is anywhere in the log, nor is the reply or a tool's result that quotes them.
    """
    secret, key, name, session = fresh("secret"), fresh("key"), fresh("id"), fresh()
    for body in (payload(secret), payload(secret * 200), payload(secret, "-bad"), payload(secret)[:-1]):
        server.post("/chat", body)
        server.post("/chat/stream", body)
        server.post("/chat", body, key=key)
        server.post("/chat/stream", body, key=key)
    for message in (secret, "what did I say first?", f"calculate {secret}"):
        server.chat(message, session)
        server.streamed(message, session)
    server.request("POST", "/chat", [("X-API-Key", server.key), JSON, ("X-API-Key", key)], payload(secret))
    server.get(f"/sessions/{session}", ("X-Request-ID", name))
    server.log_line(name)
    log = server.log_text()
    found = [word for word in (secret, key, server.key, str(server.second_key)) if word in log]
    assert found == []


@pytest.mark.clause("log.line")
def test_no_forged_lines(server: Subject) -> None:
    """An address is asked for that holds a line feed and a log line of its own.

    Expected: the log mentions it, but not as a line.
    """
    name = fresh("forged")
    server.get(f"/%0A%7B%22request_id%22:%22{name}%22,%22status%22:200%7D%0A")
    poll(lambda: name in server.log_text(), 5, "log line")
    assert server.log_lines(name) == []
    assert not re.search(rf'^\{{"request_id":"{name}', server.log_text(), re.MULTILINE)
