"""The stream's grammar: its headers, its events and their order, and that it says what POST /chat says."""

import json

import pytest

from tests.conformance.events import TERMINAL, kinds, parse, text
from tests.conformance.subject import Subject, fresh, payload

FIELDS = {
    "start": ["type", "session_id"],
    "token": ["type", "content"],
    "tool_call": ["type", "name", "arguments", "result"],
    "end": ["type"],
    "error": ["type", "error", "detail"],
}
MESSAGES = (
    "hello",
    "calculate 6 * 7",
    "what did I say first?",
    "calculate 1/0",
    "Grüße 😀\n\ndata: x",
    " \n ",
    "x" * 5000,
)
EACH = pytest.mark.parametrize("message", MESSAGES, ids=lambda value: ascii(value)[1:17])


@pytest.mark.clause("stream.headers")
def test_headers(server: Subject) -> None:
    """The headers are those that browsers and proxies need to pass events on at once."""
    with server.stream("hello") as stream:
        head = stream.head
    assert head.header("Content-Type") == "text/event-stream; charset=utf-8"
    assert head.header("Cache-Control") == "no-cache"
    assert head.header("X-Accel-Buffering") == "no"
    assert head.header("Content-Length") is None
    assert head.header("Content-Encoding") is None


@pytest.mark.clause("stream.headers", "stream.unbuffered")
def test_no_compression(server: Subject) -> None:
    """A client that takes compressed answers gets a plain stream all the same."""
    with server.stream("hello", None, ("Accept-Encoding", "gzip, br")) as stream:
        assert stream.head.header("Content-Encoding") is None
        assert list(stream.events())[-1] == {"type": "end"}


@EACH
@pytest.mark.clause("stream.grammar", "stream.start", "stream.terminal", "answer.field-order")
def test_grammar(server: Subject, message: str) -> None:
    """start, tokens and tool calls, end; each in one data line, its fields in order, and nothing after it."""
    events = server.streamed(message)
    assert kinds(events)[0] == "start"
    assert kinds(events)[-1] == "end"
    assert set(kinds(events)[1:-1]) <= {"token", "tool_call"}
    assert [event for event in events if list(event) != FIELDS[event["type"]]] == []


@EACH
@pytest.mark.clause("stream.tokens", "stream.tool-calls")
def test_same_as_chat(server: Subject, message: str) -> None:
    """Tokens joined are the reply of POST /chat, in the same state, and the tool calls are the same."""
    chat, stream = fresh(), fresh()
    for turn in (message, message):
        answer = server.chat(turn, chat).json()
        events = server.streamed(turn, stream)
        assert text(events) == answer["reply"]
        calls = [{k: v for k, v in event.items() if k != "type"} for event in events if event["type"] == "tool_call"]
        assert calls == answer["tool_calls"]
    assert server.messages(chat) == server.messages(stream)


@pytest.mark.clause("stream.grammar")
def test_exact_bytes(server: Subject) -> None:
    """Not a byte stands between, before or after the blocks, and the JSON is compact."""
    answer = server.post("/chat/stream", payload("calculate 6 * 7"))
    events, rest = parse(answer.body)
    blocks = [json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() for event in events]
    assert rest == b""
    assert answer.body == b"".join(b"data: %b\n\n" % block for block in blocks)


@pytest.mark.clause("stream.tokens")
def test_tokens_are_pieces(server: Subject) -> None:
    """A reply comes in several tokens, and none of them is empty."""
    tokens = [event["content"] for event in server.streamed("hello") if event["type"] == "token"]
    assert len(tokens) > 5
    assert all(tokens)


@pytest.mark.clause("stream.start", "answer.new-session")
def test_new_session(server: Subject) -> None:
    """The start event names the new session, and the turn is found there."""
    session = server.streamed("hello")[0]["session_id"]
    assert [message["role"] for message in server.messages(session)] == ["user", "assistant"]


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.in-stream", "stream.terminal", "sessions.dropped")
@pytest.mark.parametrize(("command", "status"), [("/fail", 502), ("/hang", 504), ("/crash", 500), ("/stall", 502)])
def test_error_event(server: Subject, command: str, status: int) -> None:
    """What fails inside a stream is its last event, in the words of POST /chat, and the turn is not stored."""
    session = fresh()
    events = server.streamed(command, session)
    answer = server.chat(command, fresh())
    assert answer.status == status
    assert events[-1] == {"type": "error", **answer.json()}
    assert [kind for kind in kinds(events) if kind in TERMINAL] == ["error"]
    assert list(events[-1]) == FIELDS["error"]
    assert server.get(f"/sessions/{session}").status == 404


@pytest.mark.profile("faults")
@pytest.mark.clause("errors.in-stream-kept")
def test_events_before_an_error_are_kept(server: Subject) -> None:
    """Tokens that were sent before the model failed reach the client."""
    assert kinds(server.streamed("/stall"))[:2] == ["start", "token"]
    assert kinds(server.streamed("/crash")) == ["start", "error"]


@pytest.mark.profile("faults")
@pytest.mark.clause("sessions.dropped")
def test_a_session_goes_on_after_a_failure(server: Subject) -> None:
    """A failed turn leaves the session as it was, and the next turn works."""
    session = fresh()
    server.chat("first", session)
    before = server.messages(session)
    assert server.streamed("/stall", session)[-1]["type"] == "error"
    assert server.messages(session) == before
    assert server.chat("second", session).status == 200
    assert [m["content"] for m in server.messages(session)[::2]] == ["first", "second"]
