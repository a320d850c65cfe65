"""Chunks in, deltas out: made-up chunks, as several servers send them."""

from collections.abc import Sequence
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from shared.agent.model import Delta, Text, ToolCall
from shared.agent.openai.assembler import STILL_THERE, Assembler, Nonsense
from tests.unit.shared.openai.upstream import chunk

END = chunk({}, "stop")


def assembled(*chunks: Any) -> list[Delta]:
    """All deltas of these chunks, without the signs of life."""
    assembler = Assembler("spare", 100_000)
    deltas = [delta for made_up in chunks for delta in assembler.take(_as_the_sdk_has_it(made_up))]
    return [delta for delta in [*deltas, *assembler.end()] if delta != STILL_THERE]


def _as_the_sdk_has_it(made_up: Any) -> Any:
    return ChatCompletionChunk.construct(**made_up) if isinstance(made_up, dict) else made_up


def fragment(arguments: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk with a piece of a tool call: `index`, `id` and `name` if they are given."""
    function = {"name": more.pop("name", None), "arguments": arguments}
    return chunk({"tool_calls": [{"function": function, **more}]})


def test_text_is_given_at_once() -> None:
    """Each chunk's text is a delta of its own; what has none gives none."""
    assembler = Assembler("spare", 100)
    assert list(assembler.take(chunk({"role": "assistant", "content": ""}))) == []
    assert list(assembler.take(chunk({"content": "It"}))) == [Text("It")]


def test_parallel_calls_in_fragments() -> None:
    """Fragments of two calls, interleaved and out of order, make two calls in the order of their indexes."""
    assert assembled(
        chunk({"content": "See: "}),
        fragment("", index=1, id="c-b", name="get_time"),
        fragment('{"expr', index=0, id="c-a", name="calculate"),
        fragment('{"zone":', index=1),
        fragment('ession":"6 * 7"}', index=0),
        fragment('"UTC"}', index=1),
        chunk({}, "tool_calls"),
    ) == [
        Text("See: "),
        ToolCall("c-a", "calculate", {"expression": "6 * 7"}),
        ToolCall("c-b", "get_time", {"zone": "UTC"}),
    ]


OTHERS: dict[str, Sequence[dict[str, Any]]] = {
    "no id": (fragment('{"a":1}', index=0, name="f"), fragment('{"a":2}', index=1, name="f")),
    "no index, ids": (
        fragment('{"a"', id="x", name="f"),
        fragment(":1}"),
        fragment('{"a":2}', id="y", name="f"),
    ),
    "index 0 for all, ids": (
        fragment('{"a":1}', index=0, id="x", name="f"),
        fragment('{"a":', index=0, id="y", name="f"),
        fragment("2}", index=0, id="y"),
    ),
    "id and name with every fragment": (
        fragment('{"a"', index=0, id="x", name="f"),
        fragment(":1}", index=0, id="x", name="f"),
        fragment('{"a":2}', index=1, id="y", name="f"),
    ),
    "neither": (fragment('{"a":1}', name="f"), fragment('{"a"', name="f"), fragment(":2}")),
    "both in one chunk": (
        chunk(
            {
                "tool_calls": [
                    {"index": 3, "id": "x", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
                    {"index": 5, "id": "y", "type": "function", "function": {"name": "f", "arguments": '{"a":2}'}},
                ]
            }
        ),
    ),
    "the end with the last fragment": (
        fragment('{"a":1}', index=0, id="x", name="f"),
        chunk({"tool_calls": [{"index": 1, "function": {"name": "f", "arguments": '{"a":2}'}}]}, "tool_calls"),
    ),
}


@pytest.mark.parametrize("chunks", OTHERS.values(), ids=OTHERS)
def test_other_servers_are_understood(chunks: Sequence[dict[str, Any]]) -> None:
    """Missing ids and indexes, one index for all, everything repeated: two calls all the same, with ids that differ."""
    calls = [delta for delta in assembled(*chunks, END) if isinstance(delta, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [("f", {"a": 1}), ("f", {"a": 2})]
    assert len({call.id for call in calls}) == 2


@pytest.mark.parametrize("arguments", [None, "", "{}"])
def test_no_arguments_are_an_empty_object(arguments: str | None) -> None:
    """Some servers send nothing for a tool without arguments."""
    assert assembled(fragment(arguments, index=0, id="x", name="f"), END) == [ToolCall("x", "f", {})]


@pytest.mark.parametrize(
    "delta",
    [{"reasoning_content": "hm"}, {"reasoning": "hm"}, {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}],
    ids=["reasoning_content", "reasoning", "a fragment"],
)
def test_work_that_is_not_shown_is_a_sign_of_life(delta: dict[str, Any]) -> None:
    """A model that thinks, or writes a long tool call, is not silent."""
    assembler = Assembler("spare", 100)
    assert list(assembler.take(chunk(delta))) == [STILL_THERE]
    assert not assembler.begun


def test_what_is_not_needed_is_skipped() -> None:
    """Chunks without choices (usage), other answers' choices and unknown fields do no harm."""
    other = {"index": 1, "delta": {"content": "other"}, "finish_reason": "stop"}
    assert assembled({"choices": []}, {"choices": [other]}, chunk({"content": "a", "new": 1}), END, {}) == [Text("a")]


NONSENSE: dict[str, tuple[Sequence[Any], str]] = {
    "no finish_reason": ([chunk({"content": "a"})], "without a finish_reason"),
    "bad JSON": ([fragment('{"a"', index=0, name="f"), END], "no JSON object"),
    "no object": ([fragment("[1]", index=0, name="f"), END], "no JSON object"),
    "half a surrogate pair": ([fragment("\ud83d", index=0, name="f"), END], "no JSON object"),
    "not a number": ([fragment('{"a":NaN}', index=0, name="f"), END], "no JSON object"),
    "nested too deep": ([fragment('{"a":' * 5000, index=0, name="f"), END], "no JSON object"),
    "no name": ([fragment("{}", index=0, id="x"), END], "no name"),
    "text of another type": ([chunk({"content": ["a"]})], "not what the API defines"),
    "choices of another type": ([{"choices": {"a": 1}}], "not what the API defines"),
    "a number": ([5], "not what the API defines"),
    "nothing": ([None], "not what the API defines"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense(name: str) -> None:
    """What cannot be used is told in our words."""
    chunks, told = NONSENSE[name]
    with pytest.raises(Nonsense, match=told):
        assembled(*chunks)


@pytest.mark.parametrize(
    "one",
    [chunk({"content": "ten chars."}), fragment("ten chars.", index=0), fragment(None, index=0, name="ten chars.")],
    ids=["text", "arguments", "names"],
)
def test_an_answer_has_a_length(one: dict[str, Any]) -> None:
    """Text, arguments and names together may be as long as the limit, and no longer."""
    assembler = Assembler("spare", 35)
    list(assembler.take(one))
    list(assembler.take(chunk({"content": "x" * 25})))
    with pytest.raises(Nonsense, match="MODEL_MAX_CHARS=35"):
        list(assembler.take(chunk({"content": "x"})))
