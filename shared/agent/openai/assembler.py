"""What the model answers: the stream's chunks in, deltas out.

Rule: text goes out at once; a tool call is put together from its fragments and given when the answer is complete,
in the order of the indexes. Servers differ, so only what is needed is asked for: ids and indexes may be missing, and
what is not known is skipped. What makes no sense is a `Nonsense`. Neighbours: `client` (feeds this), `failures`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json

from shared.agent.model import Delta, Text, ToolCall

STILL_THERE = Text("")  # a sign of life: the model works on what is not for the client


class Nonsense(Exception):
    """The answer cannot be used; the message is ours and holds nothing of it."""


class _Part(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Function(_Part):
    name: str | None = None
    arguments: str | None = None


class _Fragment(_Part):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(_Part):
    content: str | None = None
    tool_calls: list[_Fragment] | None = None
    reasoning_content: str | None = None  # of DeepSeek, vLLM and others
    reasoning: str | None = None  # of Ollama, OpenRouter and others


class _Choice(_Part):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(_Part):
    choices: list[_Choice] | None = None


@dataclass(slots=True)
class _Call:
    """A tool call as far as it has come."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def add(self, fragment: _Fragment) -> int:
        """Take a fragment; gives the characters it had."""
        self.id = self.id or fragment.id or ""
        name = (fragment.function and fragment.function.name) or ""
        arguments = (fragment.function and fragment.function.arguments) or ""
        if name != self.name:  # some servers say it again with every fragment
            self.name += name
        self.arguments.append(arguments)
        return len(name) + len(arguments)


class Assembler:
    """One answer. `spare_id` begins the ids of calls that came without; `limit` is in characters, with tool calls."""

    def __init__(self, spare_id: str, limit: int) -> None:
        self._spare_id, self._limit = spare_id, limit
        self._characters = 0
        self.begun = False  # whether the client has been sent something of it
        self._calls: dict[int, _Call] = {}
        self._last = -1
        self._finished = False

    def take(self, chunk: Any) -> Iterator[Delta]:
        """The deltas that this chunk brings, decoded or as a model of the SDK's; raises `Nonsense`."""
        try:
            choices = _Chunk.model_validate(chunk).choices or ()
        except ValueError:
            choices = None
        if choices is None:
            raise Nonsense("a chunk of the stream is not what the API defines")
        for choice in choices:
            if not choice.index:  # one answer was asked for
                yield from self._choice(choice)

    def end(self) -> Iterator[Delta]:
        """The tool calls, now that the stream is over; raises `Nonsense` when it broke off."""
        if not self._finished:
            raise Nonsense("the stream ended without a finish_reason")
        for index, call in sorted(self._calls.items()):
            yield ToolCall(call.id or f"{self._spare_id}-{index}", _named(call), _object("".join(call.arguments)))

    def _choice(self, choice: _Choice) -> Iterator[Delta]:
        delta = choice.delta or _Delta()
        if delta.content:
            self._count(len(delta.content))
            self.begun = True
            yield Text(delta.content)
        for fragment in delta.tool_calls or ():
            self._count(self._call(fragment).add(fragment))
        if delta.tool_calls or delta.reasoning_content or delta.reasoning:
            yield STILL_THERE
        self._finished = self._finished or bool(choice.finish_reason)

    def _call(self, fragment: _Fragment) -> _Call:
        """The call that a fragment belongs to: that of its id, else that of its index, else the last one."""
        index = self._index(fragment)
        known = self._calls.get(index)
        other = known is not None and known.id and fragment.id and known.id != fragment.id
        named = fragment.id or (fragment.function and fragment.function.name)
        if known is None or other or (fragment.index is None and known.id != fragment.id and named):
            index = index if known is None and index >= 0 else max([-1, *self._calls]) + 1
            self._calls[index] = _Call()
        self._last = index
        return self._calls[index]

    def _index(self, fragment: _Fragment) -> int:
        ids = {call.id: index for index, call in self._calls.items() if call.id}
        return ids.get(fragment.id or "", self._last if fragment.index is None else fragment.index)

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > self._limit:
            raise Nonsense(f"the answer is longer than MODEL_MAX_CHARS={self._limit} characters")


def _named(call: _Call) -> str:
    if not call.name:
        raise Nonsense("a tool call has no name")
    return call.name


def _object(arguments: str) -> dict[str, Any]:
    """The arguments, decoded; none at all is how some servers say that there are none."""
    try:
        decoded = from_json(arguments.encode() or b"{}", allow_inf_nan=False)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise Nonsense("a tool call's arguments are no JSON object")
    return decoded
