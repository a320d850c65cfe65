"""What the agent asks of a language model: the protocol that every model keeps.

A model is opened once per question and then *polled*: `receive(timeout)` gives the pieces of the reply that have
come, none when nothing came in time. Polling is what lets one thread (or greenlet, or task) also send heartbeats and
notice a drain, with no thread per token. Neighbours: `turn` (the logic that asks), `scripted` (the model built in).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.agent.tools import Tool


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the reply, as it came: usually a token. An empty one is a sign of life: nothing is sent for it."""

    content: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool run; `arguments` is the decoded JSON object, not yet validated."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """The model has nothing more to say to this question."""


Delta = Text | ToolCall | End


@dataclass(frozen=True, slots=True)
class User:
    """What the user said."""

    content: str


@dataclass(frozen=True, slots=True)
class Assistant:
    """What the model answered: text, tool calls or both."""

    content: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back for the call with this id."""

    call: ToolCall
    result: str


Utterance = User | Assistant | ToolResult


class ModelCall(Protocol):
    """One question under way, for code that may block."""

    def receive(self, timeout: float) -> Sequence[Delta]:
        """Wait at most `timeout` seconds for the next piece; all that have come by then, which may be none.

        Raises `ModelError` when the model failed and `ModelTimeout` when it gave up by itself.
        """

    def close(self) -> None:
        """Cancel whatever is still under way; safe to call twice."""


class AsyncModelCall(Protocol):
    """One question under way, for code on an event loop."""

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - polling is the protocol
        """As `ModelCall.receive`."""

    async def close(self) -> None:
        """As `ModelCall.close`."""


class Model(Protocol):
    """A language model, for code that may block."""

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> ModelCall:
        """Ask: the conversation ends with the user's message or with tool results."""

    def close(self) -> None:
        """Let go of what is kept between calls; none is open any more."""


class AsyncModel(Protocol):
    """A language model, for code on an event loop."""

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncModelCall:
        """As `Model.open`; nothing is awaited before the first `receive`."""

    async def close(self) -> None:
        """As `Model.close`."""
