"""The small pure rules of a stream: its blocks of bytes, what the log says of it, and the place that it holds.

Neighbour: `test_rules` (those of requests and of the process).
"""

from collections.abc import Generator

import pytest

from shared.agent.outputs import Slots, Stream
from shared.agent.turn import Failed, Output, Ping, Tokens
from shared.errors import ModelTimeout, Unavailable
from shared.models import EndEvent, StartEvent, TokenEvent, ToolCallEvent
from shared.sse import StreamRecord, blocks

HOSTILE = ('"naïve"\n\r\n → \u2028', "\x00\\ %b %s {}", "👩‍💻 😀")


@pytest.mark.parametrize("content", HOSTILE)
def test_tokens_are_one_block_each(content: str) -> None:
    """Tokens that came together are an event each, in their model's form; no line break inside breaks a block."""
    found = blocks(Tokens((content, " b")))
    assert [block.type for block in found] == ["token", "token"]
    assert found[0].content == b"data: %b\n\n" % TokenEvent(content=content).model_dump_json().encode()
    assert found[0].content.count(b"\n") == 2
    assert found[1].content == b'data: {"type":"token","content":" b"}\n\n'


def test_every_other_output_is_one_block() -> None:
    """A start, a tool call, an end and a ping are written as they are."""
    call = ToolCallEvent(name="a", arguments={"b": 1}, result="ï")
    outputs: list[Output] = [StartEvent(session_id="s"), call, Ping(), EndEvent()]
    assert [block.content for output in outputs for block in blocks(output)] == [
        b'data: {"type":"start","session_id":"s"}\n\n',
        'data: {"type":"tool_call","name":"a","arguments":{"b":1},"result":"ï"}\n\n'.encode(),
        b": ping\n\n",
        b'data: {"type":"end"}\n\n',
    ]


def test_a_failure_is_encoded_in_the_table_s_words() -> None:
    """The error event says what the envelope would."""
    (block,) = blocks(Failed(ModelTimeout()))
    assert b'"error":"Gateway timeout"' in block.content


@pytest.mark.parametrize(
    ("outputs", "told", "outcome"),
    [
        ([StartEvent(session_id="s"), Tokens(("a", "b")), EndEvent()], ["start", "token", "token", "end"], "completed"),
        ([StartEvent(session_id="s"), Ping(), Failed(ModelTimeout())], ["start", "error"], "failed"),
        ([StartEvent(session_id="s"), Ping()], ["start"], "disconnected"),
    ],
)
def test_what_the_log_says_of_a_stream(outputs: list[Output], told: list[str], outcome: str) -> None:
    """Every event is told, pings are none, and a stream without its last event was left by its client."""
    heard: list[str] = []
    record = StreamRecord(heard.append)
    for output in outputs:
        for block in blocks(output):
            record.sent(block)
    assert (heard, record.events, record.outcome) == (told, len(told), outcome)
    assert isinstance(record.cause, ModelTimeout) == (outcome == "failed")


def test_slots() -> None:
    """A place is refused when none is free, and free again once it was given back."""
    slots = Slots(1)
    release = slots.take()
    with pytest.raises(Unavailable):
        slots.take()
    release()
    slots.take()


def _nothing() -> Generator[Output, None, None]:
    yield from ()


def test_a_stream_gives_its_place_back_once() -> None:
    """Closing twice, or before anything was read, gives the place back exactly once."""
    slots = Slots(1)
    stream = Stream(_nothing(), slots.take())
    stream.close()
    stream.close()
    slots.take()
    with pytest.raises(Unavailable):
        slots.take()


def test_a_stream_that_cannot_be_closed_gives_its_place_back() -> None:
    """An error while closing does not keep the place."""

    def stubborn() -> Generator[Output, None, None]:
        try:
            yield Ping()
        finally:
            raise RuntimeError("stuck")

    slots = Slots(1)
    stream = Stream(stubborn(), slots.take())
    assert next(iter(stream)) == Ping()
    with pytest.raises(RuntimeError, match="stuck"):
        stream.close()
    slots.take()
