"""The stream's grammar: its headers, its events and their order, and that it says what POST /chat says.

Neighbours: `test_timing` (when the events come), `test_faults` (streams that fail), `events` (reads the grammar).
"""

import json
import uuid

import pytest

from tests.conformance.events import calls, kinds, outline, parse, text
from tests.conformance.subject import Subject, fresh, payload

FIELDS = {
    "start": ["type", "session_id"],
    "token": ["type", "content"],
    "tool_call": ["type", "name", "arguments", "result"],
    "end": ["type"],
}
MESSAGES = (
    "hello",
    "calculate 6 * 7",
    "calculate 6 * 7 and time in Nowhere/Land and calculate 1/4",
    "what did I say first?",
    "calculate 1/0",
    "Grüße 😀\n\ndata: x",
    " \n ",
    "x" * 5000,
)
EACH = pytest.mark.parametrize("message", MESSAGES, ids=lambda value: ascii(value)[1:17])
LINE_ENDS = 'one\r\ntwo\n\ndata: {}\n\n: ping\r\rthree\u2028\u2029\x85\x0b\x00\x7f"\\/ 😀\r\n\r\n'


@pytest.mark.clause("stream.headers")
def test_headers(server: Subject) -> None:
    """A stream is opened and its headers are read.

    Expected: the three headers that browsers and proxies need to pass events on at once, no length, no compression.
    """
    with server.stream("hello") as stream:
        head = stream.head
    assert head.header("Content-Type") == "text/event-stream; charset=utf-8"
    assert head.header("Cache-Control") == "no-cache"
    assert head.header("X-Accel-Buffering") == "no"
    assert head.header("Content-Length") is None
    assert head.header("Content-Encoding") is None


@pytest.mark.clause("stream.headers", "stream.unbuffered")
def test_no_compression(server: Subject) -> None:
    """A client that takes compressed answers opens a stream.

    Expected: it is sent plain all the same, because compression would hold events back.
    """
    with server.stream("hello", None, ("Accept-Encoding", "gzip, br")) as stream:
        assert stream.head.header("Content-Encoding") is None
        assert list(stream.events())[-1] == {"type": "end"}


@EACH
@pytest.mark.clause("stream.grammar", "stream.start", "stream.terminal", "answer.field-order")
def test_grammar(server: Subject, message: str) -> None:
    """A message is streamed: short, long, with tool calls, with line ends, with characters outside ASCII.

    Expected: one start, tokens and tool calls, one end and not a byte more; each event's fields in their order.
    """
    answer = server.post("/chat/stream", payload(message))
    events, _ = parse(answer.body)
    first, *between, last = outline(answer.body)
    assert (first, last) == ("start", "end")
    assert set(between) <= {"token", "tool_call"}
    assert [event for event in events if list(event) != FIELDS[event["type"]]] == []


@EACH
@pytest.mark.clause("stream.tokens", "stream.tool-calls", "sessions.turn")
def test_same_as_chat(server: Subject, message: str) -> None:
    """The same message goes twice to a session by POST /chat and twice to another by POST /chat/stream.

    Expected: the tokens joined are the reply, the tool calls are the same in the same order, and this is stored.
    """
    chat, stream = fresh(), fresh()
    replies = []
    for _ in range(2):
        answer = server.chat(message, chat).json()
        events = server.streamed(message, stream)
        assert (text(events), calls(events)) == (answer["reply"], answer["tool_calls"])
        replies.append(answer["reply"])
    assert [said["content"] for said in server.messages(chat)] == [message, replies[0], message, replies[1]]
    assert server.messages(chat) == server.messages(stream)


@pytest.mark.clause("stream.tool-calls", "stream.unbuffered")
def test_tool_calls_stand_where_they_happen(server: Subject) -> None:
    """A message that needs a tool is streamed.

    Expected: the tool call comes after the words that announce it and before the words that tell its result.
    """
    order = kinds(server.streamed("calculate 6 * 7"))
    at = order.index("tool_call")
    assert order.count("tool_call") == 1
    assert set(order[1:at]) == set(order[at + 1 : -1]) == {"token"}


@pytest.mark.clause("stream.grammar", "answer.utf8")
@pytest.mark.parametrize("message", ["calculate 6 * 7", "Grüße, 世界 😀"], ids=["tool-call", "not-ascii"])
def test_exact_bytes(server: Subject, message: str) -> None:
    """The bytes of a whole stream are compared with its events written anew.

    Expected: not a byte stands between, before or after the blocks; the JSON is compact and not escaped to ASCII.
    """
    answer = server.post("/chat/stream", payload(message))
    events, rest = parse(answer.body)
    blocks = [json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() for event in events]
    assert rest == b""
    assert answer.body == b"".join(b"data: %b\n\n" % block for block in blocks)


@pytest.mark.clause("stream.framing", "stream.grammar", "sessions.turn")
def test_line_ends_do_not_break_events(server: Subject) -> None:
    """A message of line ends of every kind and of text that looks like events is stored, then recalled in a stream.

    Expected: the session and the tool call of the stream both hold it to the last character.
    """
    session = fresh()
    assert server.chat(LINE_ENDS, session).status == 200
    assert server.messages(session)[0]["content"] == LINE_ENDS
    events = server.streamed("what did I say first?", session)
    assert [call["result"] for call in calls(events)] == [LINE_ENDS]
    assert kinds(events)[-1] == "end"


@pytest.mark.clause("stream.tokens")
def test_tokens_are_pieces(server: Subject) -> None:
    """A reply of some sentences is streamed.

    Expected: it comes in several tokens, and none of them is empty.
    """
    tokens = [event["content"] for event in server.streamed("hello") if event["type"] == "token"]
    assert len(tokens) > 5
    assert all(tokens)


@pytest.mark.clause("stream.start", "answer.new-session")
def test_new_session(server: Subject) -> None:
    """Two messages are streamed without a session id.

    Expected: each start event names a new session, a UUID of version 4, and the turn is found there.
    """
    first, second = (server.streamed("hello")[0]["session_id"] for _ in range(2))
    assert first != second
    assert str(uuid.UUID(first)) == first
    assert uuid.UUID(first).version == 4
    assert [message["role"] for message in server.messages(first)] == ["user", "assistant"]
