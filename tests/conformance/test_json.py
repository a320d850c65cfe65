"""Bodies that are not JSON by RFC 8259, and those that only look so."""

import pytest

from tests.conformance.requests import MALFORMED, nested
from tests.conformance.subject import Subject, fresh, payload


@pytest.mark.clause("json.malformed", "json.encoding", "json.surrogate", "json.nesting", "json.numbers")
@pytest.mark.parametrize("route", ["/chat", "/chat/stream"])
@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed(server: Subject, route: str, kind: str) -> None:
    """Malformed JSON of every kind is 422 with exactly one entry, of type json_invalid."""
    answer = server.post(route, MALFORMED[kind])
    assert answer.status == 422
    assert answer.json()["error"] == "Validation error"
    (entry,) = answer.json()["detail"]
    assert (entry["type"], entry["loc"][0], bool(entry["msg"])) == ("json_invalid", "body", True)


@pytest.mark.clause("json.same-words")
def test_malformed_says_nothing_of_the_body(server: Subject) -> None:
    """The message is the same for every kind, so that no parser's words are part of the contract."""
    answers = {server.post("/chat", body).body for body in MALFORMED.values()}
    assert len(answers) == 1, answers


@pytest.mark.clause("json.nesting", "request.unknown-fields")
def test_a_hundred_levels(server: Subject) -> None:
    """100 levels of nesting are taken."""
    assert server.post("/chat", nested(100)).status == 200


@pytest.mark.clause("json.duplicates")
def test_duplicate_keys(server: Subject) -> None:
    """Of duplicate keys the last wins."""
    session = fresh()
    body = b'{"message": 5, "session_id": "x", "message": "last", "session_id": "%b"}' % session.encode()
    assert server.post("/chat", body).status == 200
    assert server.messages(session)[0]["content"] == "last"


@pytest.mark.clause("json.malformed")
@pytest.mark.parametrize("body", [b"[]", b'"hello"', b"5", b"1e999", b"null", b"true", b'"{\\"message\\":\\"hi\\"}"'])
def test_json_that_is_no_object(server: Subject, body: bytes) -> None:
    """JSON that is no object is 422, but not malformed; a string is not parsed a second time."""
    answer = server.post("/chat", body)
    assert answer.status == 422
    assert [entry["type"] == "json_invalid" for entry in answer.json()["detail"]] == [False]


@pytest.mark.clause("json.surrogate", "answer.utf8")
def test_surrogate_pair(server: Subject) -> None:
    """A pair of surrogate escapes is one character."""
    session = fresh()
    body = b'{"message": "\\ud83d\\ude00", "session_id": "%b"}' % session.encode()
    assert server.post("/chat", body).status == 200
    assert server.messages(session)[0]["content"] == "😀"


@pytest.mark.clause("json.numbers")
@pytest.mark.parametrize("number", ["12345678901234567890123", "-0", "1e5", "0.1E-7", "1" * 300])
def test_numbers_that_are_fine(server: Subject, number: str) -> None:
    """Numbers of a usual length are JSON, also where a machine word ends."""
    assert server.post("/chat", b'{"message": "hi", "n": %b}' % number.encode()).status == 200


@pytest.mark.clause("json.malformed")
def test_white_space_around(server: Subject) -> None:
    """The four white space characters of JSON may stand around a value."""
    assert server.post("/chat", b"\t\r\n " + payload("hi") + b" \n\r\t").status == 200
