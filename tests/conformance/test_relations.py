"""Answers that stand in a relation to each other: HEAD to GET, one new id to the next, one 422 to all others.

Rule: what one request and one answer can show is a row of `cases`; here are the few promises that take several.
"""

import re

import pytest

from tests.conformance import wire
from tests.conformance.cases.malformed import BODIES
from tests.conformance.samples import LIMIT, ROUTES
from tests.conformance.subject import JSON, Subject, fresh, payload

FAILED_GETS = [
    ("/nope", True, 404),
    ("/sessions/nobody", True, 404),
    ("/sessions/nobody", False, 401),
    ("/chat", True, 405),
]
CHUNKED = ("Transfer-Encoding", "chunked")


@pytest.mark.clause("routes.head")
@pytest.mark.parametrize("target", [route for route, allow in ROUTES.items() if "HEAD" in allow])
def test_head(server: Subject, target: str) -> None:
    """GET and HEAD are sent to a route that answers both.

    Expected: HEAD has the status and the headers of GET, and no body.
    """
    if "sessions" in target:
        assert server.chat("hello", target.rpartition("/")[2]).status == 200
    get = server.get(target)
    head = server.request("HEAD", target, [("X-API-Key", server.key)])
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Type") == get.header("Content-Type")
    assert head.header("Content-Length") in {None, str(len(get.body))}


@pytest.mark.clause("routes.head", "errors.envelope")
@pytest.mark.parametrize(("target", "keyed", "status"), FAILED_GETS)
def test_head_of_an_error(server: Subject, target: str, keyed: bool, status: int) -> None:
    """GET and HEAD are sent to an address where GET fails.

    Expected: HEAD has the status and the headers of the error, and no body.
    """
    headers = [("X-API-Key", server.key)] if keyed else []
    get, head = (server.request(method, target, headers) for method in ("GET", "HEAD"))
    assert (get.status, head.status, head.body) == (status, status, b"")
    assert head.header("Content-Type") == get.header("Content-Type") == "application/json"


@pytest.mark.clause("routes.head")
def test_head_then_get_on_one_connection(server: Subject) -> None:
    """HEAD and GET go out together on one connection.

    Expected: not a byte stands between the headers of the first answer and the second answer.
    """
    with server.connect() as connection:
        connection.expect("HEAD")
        connection.send(wire.request("HEAD", "/health") + wire.request("GET", "/health", [("Connection", "close")]))
        assert connection.answer().status == 200
        rest = connection.rest()
    assert rest == b"" or re.match(rb"HTTP/1\.[01] 200 ", rest), rest[:80]


@pytest.mark.clause("json.same-words")
def test_malformed_says_nothing_of_the_body(server: Subject) -> None:
    """A body of every kind that is no JSON is sent.

    Expected: the same bytes for all, so that no parser's words are part of the contract.
    """
    answers = {server.post("/chat", each.body).body for each in BODIES}
    assert len(answers) == 1, answers


@pytest.mark.clause("errors.too-large-chunked")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
def test_a_chunked_body_gets_the_same_words(server: Subject, route: str) -> None:
    """The same body, over the limit, is sent with its length and in chunks.

    Expected: the same 413.
    """
    body = b" " * (LIMIT + 1)
    head = wire.request("POST", route, [("X-API-Key", server.key), JSON, CHUNKED])
    declared, chunked = server.post(route, body), server.raw(head, *wire.chunked([body]))
    assert (declared.status, chunked.status) == (413, 413)
    assert declared.body == chunked.body


@pytest.mark.clause("answer.new-session", "request.session-null")
@pytest.mark.parametrize("body", [payload("hi"), b'{"message": "hi", "session_id": null}'], ids=["missing", "null"])
def test_new_sessions(server: Subject, body: bytes) -> None:
    """The same turn without a session id is sent twice.

    Expected: two sessions, each with its own turn and nothing of the other's.
    """
    first, second = (server.post("/chat", body).json()["session_id"] for _ in range(2))
    assert first != second
    assert [len(server.messages(session)) for session in (first, second)] == [2, 2]


@pytest.mark.clause("request-id.replaced")
@pytest.mark.parametrize("sent", [[], [("X-Request-ID", "a b")], [("X-Request-ID", "a"), ("X-Request-ID", "a")]],
                         ids=["missing", "bad", "twice"])  # fmt: skip
def test_new_request_ids(server: Subject, sent: list[tuple[str, str]]) -> None:
    """The same request without a usable request id is sent twice.

    Expected: two different new ones.
    """
    first, second = (server.get("/health", *sent).header("X-Request-ID") for _ in range(2))
    assert first
    assert second
    assert first != second


@pytest.mark.clause("order.key-first", "keys.refused")
def test_key_before_session(server: Subject) -> None:
    """A session that is there and one that is not are asked for, and deleted, without a key.

    Expected: 401 in the same words each time, and the session is still there.
    """
    known = fresh()
    assert server.chat("hello", known).status == 200
    answers = [
        server.request(method, f"/sessions/{session}") for method in ("GET", "DELETE") for session in (known, fresh())
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}
    assert server.messages(known)


@pytest.mark.clause("answer.utf8")
def test_utf8_unescaped(server: Subject) -> None:
    """A message outside ASCII is said again by the model, in an answer and in a stream, and read from the session.

    Expected: it is in UTF-8 each time, and no character is escaped.
    """
    session, message = fresh(), "Grüße, 世界 😀 \u2028 </script>"
    server.chat(message, session)
    chat = server.chat("what did I say first?", session)
    stream = server.post("/chat/stream", payload("what did I say first?", session))
    for answer in (chat, stream, server.get(f"/sessions/{session}")):
        assert "Grüße, 世界".encode() in b"".join(answer.body.split(b'"}\n\ndata: {"type":"token","content":"'))
        assert b"\\u" not in answer.body
