"""What a chat request may hold: the message, the session id, unknown fields."""

import uuid
from typing import Any

import pytest

from tests.conformance.subject import Subject, fresh, payload

SESSION_IDS = ("a", "Z9", "0", "a.b_c:d-e", "9" * 128, "A" + "-" * 127)
NO_SESSION_IDS = (
    "",
    "-a",
    ".a",
    "_a",
    ":a",
    "a b",
    "a/b",
    "a\n",
    "\na",
    "a\r\n",
    "a\x00",
    "é",
    "a" * 129,
    "\uff41",
    "a٣",
    " a",
    "a ",
)


def _problems(server: Subject, body: bytes) -> list[dict[str, Any]]:
    answer = server.post("/chat", body)
    assert answer.status == 422, answer
    assert answer.json()["error"] == "Validation error"
    problems: list[dict[str, Any]] = answer.json()["detail"]
    return problems


@pytest.mark.clause("request.message")
@pytest.mark.parametrize("message", ["x", " ", "\x00", "x" * 5000, "😀" * 5000, "é\r\n" * 1666], ids=len)
def test_message_lengths_taken(server: Subject, message: str) -> None:
    """1 to 5,000 characters are taken, a character beyond the basic plane is one, and nothing is trimmed."""
    session = fresh()
    assert server.chat(message, session).status == 200
    assert server.messages(session)[0]["content"] == message


@pytest.mark.clause("request.message", "errors.validation")
@pytest.mark.parametrize("message", ["", "x" * 5001, "😀" * 5001], ids=["empty", "5001", "5001-astral"])
def test_message_lengths_refused(server: Subject, message: str) -> None:
    """No character and 5,001 of them are refused, with the place named."""
    (problem,) = _problems(server, payload(message))
    assert problem["loc"] == ["body", "message"]


@pytest.mark.clause("request.message", "errors.validation")
@pytest.mark.parametrize("value", [b"5", b"null", b"true", b"[]", b'["a"]', b'{"a": "b"}', b"1.5"])
def test_message_of_another_type(server: Subject, value: bytes) -> None:
    """A message that is no string is refused, not converted."""
    (problem,) = _problems(server, b'{"message": %b}' % value)
    assert problem["loc"] == ["body", "message"]


@pytest.mark.clause("request.message", "errors.validation", "answer.field-order")
def test_message_missing(server: Subject) -> None:
    """A request without a message is refused; an entry has type, place and message, in this order."""
    (problem,) = _problems(server, b"{}")
    assert list(problem) == ["type", "loc", "msg"]
    assert (problem["type"], problem["loc"]) == ("missing", ["body", "message"])


@pytest.mark.clause("errors.validation")
def test_every_problem_is_told(server: Subject) -> None:
    """Two fields that are wrong are two entries."""
    places = [problem["loc"] for problem in _problems(server, b'{"message": "", "session_id": 5}')]
    assert sorted(places) == [["body", "message"], ["body", "session_id"]]


@pytest.mark.clause("request.session-id", "answer.given-session")
@pytest.mark.parametrize("session", SESSION_IDS, ids=lambda value: value[:12])
def test_session_ids_taken(server: Subject, session: str) -> None:
    """Letters, digits and . _ : - after a first letter or digit, 128 at most; the answer has the same one."""
    assert server.chat("hello", session).json()["session_id"] == session
    assert server.streamed("hello", session)[0] == {"type": "start", "session_id": session}


@pytest.mark.clause("request.session-id", "errors.validation")
@pytest.mark.parametrize("session", NO_SESSION_IDS, ids=lambda value: ascii(value)[:16])
def test_session_ids_refused(server: Subject, session: str) -> None:
    """Whatever is not wholly of that form is refused, a line feed at the end too."""
    (problem,) = _problems(server, payload("hello")[:-1] + b', "session_id": ' + _quoted(session) + b"}")
    assert problem["loc"] == ["body", "session_id"]


def _quoted(text: str) -> bytes:
    return payload(text).removeprefix(b'{"message": ').removesuffix(b"}")


@pytest.mark.clause("request.session-id")
@pytest.mark.parametrize("value", [b"5", b"true", b'["a"]', b"{}"])
def test_session_id_of_another_type(server: Subject, value: bytes) -> None:
    """A session id that is neither string nor null is refused."""
    (problem,) = _problems(server, b'{"message": "hi", "session_id": %b}' % value)
    assert problem["loc"] == ["body", "session_id"]


@pytest.mark.clause("request.session-null", "answer.new-session")
@pytest.mark.parametrize("body", [payload("hi"), b'{"message": "hi", "session_id": null}'], ids=["missing", "null"])
def test_new_session(server: Subject, body: bytes) -> None:
    """No session id, or null, makes a new session each time, named by a UUID of version 4."""
    first, second = (server.post("/chat", body).json()["session_id"] for _ in range(2))
    assert first != second
    assert uuid.UUID(first).version == 4
    assert str(uuid.UUID(first)) == first
    assert len(server.messages(first)) == 2


@pytest.mark.clause("request.unknown-fields")
def test_unknown_fields(server: Subject) -> None:
    """Unknown fields of any type are ignored, a name with a dot or an empty one too."""
    extra: dict[str, Any] = {
        "stream": True,
        "": None,
        "a.b": [1, {"c": 2}],
        "reply": "x",
        "Message": "y",
        "model_config": {},
    }
    assert server.post("/chat", payload("hi", None, **extra)).status == 200


@pytest.mark.clause("answer.field-order", "answer.tool-calls", "model.tools")
def test_chat_answer(server: Subject) -> None:
    """An answer has reply, session id and tool calls, and a call name, arguments and result, in this order."""
    answer = server.chat("calculate 6 * 7").json()
    assert list(answer) == ["reply", "session_id", "tool_calls"]
    (call,) = answer["tool_calls"]
    assert list(call) == ["name", "arguments", "result"]
    assert "42" in call["result"]
    assert "42" in answer["reply"]


@pytest.mark.clause("model.tools", "answer.tool-calls")
def test_tool_calls_in_order(server: Subject) -> None:
    """Two tools in one message are listed in the order they were called."""
    calls = server.chat("calculate 6 * 7 and time in Europe/Paris").json()["tool_calls"]
    assert ["42" in call["result"] for call in calls] == [True, False]
    assert "Europe/Paris" in calls[1]["arguments"].values()


@pytest.mark.clause("answer.tool-calls")
def test_no_tool_calls(server: Subject) -> None:
    """A turn without tools has an empty list."""
    assert server.chat("hello").json()["tool_calls"] == []


@pytest.mark.clause("answer.utf8")
def test_utf8_unescaped(server: Subject) -> None:
    """Characters outside ASCII are sent as UTF-8 in answers, events and sessions, and none is escaped."""
    session, message = fresh(), "Grüße, 世界 😀 \u2028 </script>"
    server.chat(message, session)
    chat = server.chat("what did I say first?", session)
    stream = server.post("/chat/stream", payload("what did I say first?", session))
    for answer in (chat, stream, server.get(f"/sessions/{session}")):
        assert "Grüße, 世界".encode() in b"".join(answer.body.split(b'"}\n\ndata: {"type":"token","content":"'))
        assert b"\\u" not in answer.body


@pytest.mark.clause("model.faults-off")
@pytest.mark.parametrize("command", ["/fail", "/hang", "/crash", "/stall"])
def test_fault_commands_are_off(server: Subject, command: str) -> None:
    """Without SCRIPTED_FAULTS the fault commands are messages like any other."""
    assert server.chat(command).status == 200
    assert server.streamed(command)[-1] == {"type": "end"}
