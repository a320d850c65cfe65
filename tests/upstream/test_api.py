"""The upstream's bytes: the shape of chunks, refusals in OpenAI's envelope, and how a cut differs from a clean end."""

import json
from typing import Any

import h11
import pytest

from loadtests.upstream import SECRET, Upstream
from tests.upstream.wire import answer, body, chunks, connection, request

CHUNK = ["id", "object", "created", "model", "service_tier", "system_fingerprint", "choices"]
TOOL = {"type": "function", "function": {"name": "calculate"}}


def test_a_stream(up: Upstream) -> None:
    """The role comes first, then the words, the finish_reason alone, and [DONE]; all chunks are of one completion."""
    got = answer(up, body("Hello"))
    assert got.header("content-type") == "text/event-stream; charset=utf-8"
    parts, last = chunks(got.body)
    assert last == b"data: [DONE]"
    assert [list(part) for part in parts] == [CHUNK] * len(parts)
    assert {(part["id"], part["object"], part["model"]) for part in parts} == {
        (parts[0]["id"], "chat.completion.chunk", "m")
    }
    choices = [part["choices"][0] for part in parts]
    assert choices[0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert all(list(choice["delta"]) == ["content"] for choice in choices[1:-1])
    assert (choices[-1]["delta"], choices[-1]["finish_reason"]) == ({}, "stop")
    assert {choice["finish_reason"] for choice in choices[:-1]} == {None}


def test_usage(up: Upstream) -> None:
    """Asked for, the usage is the last chunk, without choices, and null in the others."""
    parts, last = chunks(answer(up, body("Hello", stream_options={"include_usage": True})).body)
    assert last == b"data: [DONE]"
    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"]["completion_tokens"] == len(parts) - 3  # but for the role, the end and the usage itself
    assert {str(part["usage"]) for part in parts[:-1]} == {"None"}


def test_fragments_of_a_tool_call(up: Upstream) -> None:
    """A tool call begins with its id and name and empty arguments; pieces of the arguments follow."""
    parts, _ = chunks(answer(up, body("calculate 6 * 7", tools=[TOOL])).body)
    pieces = [piece for part in parts for piece in part["choices"][0]["delta"].get("tool_calls", ())]
    first, *others = pieces
    assert first == {
        "index": 0,
        "id": first["id"],
        "type": "function",
        "function": {"name": "calculate", "arguments": ""},
    }
    assert len(others) > 1
    assert all(list(piece) == ["index", "function"] and list(piece["function"]) == ["arguments"] for piece in others)
    assert json.loads("".join(piece["function"]["arguments"] for piece in others)) == {"expression": "6 * 7"}


def test_interleaved_fragments(up: Upstream) -> None:
    """The pieces of two calls take turns."""
    parts, _ = chunks(answer(up, body("/upstream fragments")).body)
    indexes = [piece["index"] for part in parts for piece in part["choices"][0]["delta"].get("tool_calls", ())]
    assert indexes[:6] == [0, 1, 0, 1, 0, 1]


def test_without_tools_none_is_called(up: Upstream) -> None:
    """What looks like a wish for a tool is answered in words where no tool is offered."""
    said = answer(up, body("calculate 6 * 7", stream=False)).json()
    assert said["object"] == "chat.completion"
    assert said["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("status", "how", "sent"),
    [
        (401, {"key": "wrong"}, body("Hello")),
        (404, {"path": "/v1/nothing"}, body("Hello")),
        (405, {"method": "GET"}, None),
        (400, {}, b'{"model": "m", '),
        (400, {}, b'{"model": "m", "messages": []}'),
        (400, {}, b'{"messages": [{"role": "user", "content": "Hello"}]}'),
        (400, {}, body("", messages=[{"role": "robot", "content": "Hello"}])),
    ],
    ids=["key", "path", "method", "no-json", "no-messages", "no-model", "unknown-role"],
)
def test_refused(up: Upstream, status: int, how: dict[str, Any], sent: bytes | None) -> None:
    """What the API does not take is refused in its envelope, with the marker."""
    got = answer(up, sent or b"", **how)
    assert got.status == status
    assert list(got.json()) == ["error"]
    assert list(got.json()["error"]) == ["message", "type", "param", "code"]
    assert SECRET in got.json()["error"]["message"]


CALLING = {
    "role": "assistant",
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "a", "content": "42"}
USER = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([USER, CALLING], "these have none: a"),
        ([USER, CALLING, USER], "these have none: a"),
        ([USER, RESULT], "must answer a preceding message"),
        ([USER, CALLING, RESULT, RESULT], "must answer a preceding message"),
        (
            [USER, {**CALLING, "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}],
            "no JSON object",
        ),
    ],
    ids=["no-result", "result-too-late", "result-of-nothing", "result-twice", "broken-arguments"],
)
def test_calls_and_results_must_match(up: Upstream, messages: list[dict[str, Any]], complaint: str) -> None:
    """As the API does, it refuses a conversation whose tool calls and results do not belong together."""
    got = answer(up, body("", messages=messages))
    assert got.status == 400
    assert complaint in got.json()["error"]["message"]


def test_parts_of_a_message(up: Upstream) -> None:
    """A message in parts is the message that they make; a system message changes no word of the answer."""
    whole, parts = (
        body("Hello there", stream=False),
        [{"type": "text", "text": "Hello "}, {"type": "text", "text": "there"}],
    )
    system = {"role": "system", "content": "Be brief."}
    other = body("", stream=False, messages=[system, {"role": "user", "content": parts}])
    said = [answer(up, sent).json()["choices"] for sent in (whole, other)]
    assert said[0] == said[1]


def test_cut(up: Upstream) -> None:
    """A cut connection ends inside the body: the last chunk of the coding never comes."""
    with connection(up) as one:
        one.expect("POST")
        one.send(request(up, body("/upstream cut")))
        with pytest.raises(h11.RemoteProtocolError, match="incomplete chunked read"):
            one.answer()
        assert one.rest() == b""  # the server has closed it


def test_cut_whole(up: Upstream) -> None:
    """A whole answer is cut too: fewer bytes than were promised."""
    with connection(up) as one:
        one.expect("POST")
        one.send(request(up, body("/upstream cut", stream=False)))
        with pytest.raises(h11.RemoteProtocolError, match=r"received \d+ bytes, expected \d+"):
            one.answer()


def test_cut_clean(up: Upstream) -> None:
    """A clean cut is a whole body, on a connection that goes on, without finish_reason and [DONE]."""
    with connection(up) as one:
        one.expect("POST")
        one.send(request(up, body("/upstream cut-clean")))
        got = one.answer()
    assert got.header("connection") is None
    assert b"[DONE]" not in got.body
    parts, last = chunks(got.body)
    last_choice = json.loads(last.removeprefix(b"data: "))["choices"][0]
    assert {part["choices"][0]["finish_reason"] for part in parts} | {last_choice["finish_reason"]} == {None}


def test_malformed(up: Upstream) -> None:
    """The bad line is one `data:` line that is no JSON, and holds the marker."""
    lines = answer(up, body("/upstream malformed")).body.split(b"\n\n")
    bad = lines[-3].removeprefix(b"data: ")
    assert SECRET.encode() in bad
    with pytest.raises(json.JSONDecodeError):
        json.loads(bad)


def test_hang_and_slow_first(up: Upstream) -> None:
    """A server that hangs sends not even headers; one that is slow has sent them."""
    with connection(up, timeout=0.5) as one:
        one.expect("POST")
        one.send(request(up, body("/upstream hang")))
        with pytest.raises(TimeoutError):
            one.head()
    with connection(up, timeout=5) as one:
        one.expect("POST")
        one.send(request(up, body("/upstream slow-first")))
        assert one.head().status == 200
