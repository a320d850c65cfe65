"""What streams must say: the scenarios have the model's own words, and whatever is not the same is found."""

from __future__ import annotations

from typing import Final

import pytest

from loadtests.checks import Said, misheard
from loadtests.drive.client.chatstream import ChatStream
from loadtests.floors.words import prepared
from loadtests.scenarios import SCENARIOS, find

CALL: Final = {"name": "calculate", "arguments": {"expression": "6 * 7"}, "result": "42"}
ASKED: Final = Said("one two", 2, (CALL,))


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if scenario.streams])
def test_a_scenario_knows_what_the_model_says(name: str) -> None:
    """Asked for its message, the agent of both servers says these words, in so many tokens, with these tool calls."""
    for call in find(name).calls:
        stream = ChatStream()
        for event in prepared({}).streams[call.body or b""]:
            stream.read(0.1, event.block)
        assert stream.complete
        assert stream.said == call.said


@pytest.mark.parametrize(
    ("came", "problem"),
    [
        (ASKED, None),
        (ASKED._replace(text="one too"), "the words are not the model's"),
        (ASKED._replace(text=None), "the words are not the model's"),
        (ASKED._replace(text="one", tokens=1), "the tokens are not the 2 that the model says"),
        (ASKED._replace(tokens=1), "the tokens are not the 2 that the model says"),
        (ASKED._replace(tool_calls=()), "the tool calls are not the 1 that the model makes"),
        (ASKED._replace(tool_calls=(CALL, CALL)), "the tool calls are not the 1 that the model makes"),
        (ASKED._replace(tool_calls=(CALL | {"result": "43"},)), "the tool calls are not the 1 that the model makes"),
    ],
    ids=["the same", "a word", "no text", "one token less", "two in one", "no tool", "a tool twice", "another result"],
)
def test_whatever_is_not_what_was_to_be_said_is_told_in_one_phrase(came: Said, problem: str | None) -> None:
    """The same text in fewer events is not the same work, so tokens are counted too."""
    assert misheard(ASKED, came) == problem


def test_a_stream_whose_tokens_are_no_text_said_none() -> None:
    """Bytes that are no UTF-8 are what the server sent wrong, and no error of the one who reads them."""
    stream = ChatStream()
    for block in (b'{"type":"start","session_id":"s"}', b'{"type":"token","content":"\xff"}', b'{"type":"end"}'):
        stream.read(0.1, b"data: " + block + b"\n\n")
    assert stream.complete
    assert stream.said == Said(None, 1)
