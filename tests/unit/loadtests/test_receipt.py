"""What an answer is counted as, to be held against what the model has sent."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.message import Failure, Reply
from loadtests.drive.receipt import Turn, turn_of
from loadtests.drive.recorder import Recorder
from loadtests.drive.totals import Received, merge

CALL = {"name": "calculate", "arguments": {"expression": "6 * 7"}, "result": "42"}
START, END = {"type": "start", "session_id": "s"}, {"type": "end"}
WORDS = ("Grüße,", " 世界", ' "🌍"\n', " \\u00e9")


def answered(body: bytes = b"", *, status: int = 200, failure: Failure | None = None) -> Reply:
    """An answer with this body."""
    return Reply(0.0, 0.1, 0.2, status, {}, body, failure)


def replied(*calls: object, reply: str = "".join(WORDS)) -> bytes:
    """A body of POST /chat."""
    return json.dumps({"reply": reply, "session_id": "s", "tool_calls": calls}, ensure_ascii=False).encode()


def streamed(*events: object, cut: int | None = None) -> ChatStream:
    """A stream that has brought these; with `cut`, in pieces of so many bytes and not event by event."""
    stream = ChatStream()
    parts = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events]
    whole = b"".join(parts)
    edges = range(0, len(whole) + (cut or 0), cut or 1)
    for part in [whole[a:b] for a, b in pairwise(edges)] if cut else parts:
        stream.read(0.1, part)
    return stream


TOKENS = tuple({"type": "token", "content": word} for word in WORDS)


@pytest.mark.parametrize("calls", [(), (CALL,), (CALL, CALL)], ids=["no tool", "one", "two"])
def test_a_reply_is_one_call_of_the_model_and_one_more_after_tools(calls: tuple[object, ...]) -> None:
    """All tools are called by the first answer; characters are those of the text, whatever bytes they take."""
    expected = Turn(2 if calls else 1, len(calls), 0, len("".join(WORDS)))
    assert turn_of(answered(replied(*calls)), None) == expected


@pytest.mark.parametrize("cut", [None, 7], ids=["event by event", "in pieces"])
def test_a_stream_shows_its_tokens_too(cut: int | None) -> None:
    """Whether a token was read by the short way or by the long one."""
    stream = streamed(START, *TOKENS, {"type": "tool_call", **CALL}, *TOKENS, END, cut=cut)
    assert turn_of(answered(), stream) == Turn(2, 1, 8, 2 * len("".join(WORDS)))


@pytest.mark.parametrize(
    ("reply", "stream"),
    [
        (answered(replied(), status=502), None),
        (answered(b"not JSON"), None),
        (answered(b'{"reply": null, "tool_calls": []}'), None),
        (answered(replied(), failure=Failure("timeout", "too long")), None),
        (answered(), streamed(START, *TOKENS)),
        (answered(), streamed(START, *TOKENS, {"type": "error", "error": "Bad gateway", "detail": "x"})),
    ],
    ids=["status", "no JSON", "no reply", "time-out", "truncated", "error event"],
)
def test_what_did_not_come_whole_is_no_turn(reply: Reply, stream: ChatStream | None) -> None:
    """It is the model's work lost, and is to show as that."""
    assert turn_of(reply, stream) is None


def test_turns_are_counted_outside_the_window_too_and_over_all_processes() -> None:
    """Before the window has opened, and in each process; two of them add up."""
    recorder = Recorder()
    for _ in range(2):
        recorder.received(Turn(2, 1, 30, 400))
    recorder.received(Turn(1, 0, 0, 100))
    totals = recorder.totals(cpu_percent=1.0)
    assert totals.received == Received(turns=3, calls=5, tool_calls=2, tokens=60, characters=900)
    assert merge((totals, totals)).received.characters == 1_800
