"""A turn's outputs -> blocks of bytes: the wire form of a stream. Pure.

Rule: one event is one `data: <JSON>` block and one `bytes` object, so that one write carries it whole. Tokens that came
together part here: each is an event. Source: the WHATWG HTML standard, section "Server-sent events". Neighbours:
`agent.turn` (makes the outputs), each server's `routes.py` (writes the bytes).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic_core import to_json

from shared.agent.turn import Failed, Output, Ping, Tokens
from shared.errors import error_event
from shared.models import EndEvent, ErrorEvent, StartEvent, TokenEvent, ToolCallEvent

HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}


class Block(NamedTuple):
    """What one write carries: an event, or a comment, whose type is "ping"."""

    type: str
    content: bytes
    cause: Exception | None = None  # of an `error` event


def _event(event: StartEvent | TokenEvent | ToolCallEvent | EndEvent | ErrorEvent) -> bytes:
    return b"data: %b\n\n" % event.model_dump_json().encode()


PING = Block("ping", b": ping\n\n")
TOKEN = _event(TokenEvent(content="")).replace(b'""', b"%b")
"""Nearly every event is a token: its model's own form is made once, and its content put in (docs/layers.md)."""


def blocks(output: Output) -> Sequence[Block]:
    """An output as a stream sends it. A `Failed` is the `error` event of its cause, in the words of the error table."""
    if isinstance(output, Tokens):
        return [Block("token", TOKEN % to_json(content)) for content in output.contents]
    if isinstance(output, Ping):
        return [PING]
    if isinstance(output, Failed):
        return [Block("error", _event(error_event(output.cause)), output.cause)]
    return [Block(output.type, _event(output))]


OUTCOMES = {"end": "completed", "error": "failed"}


class StreamRecord:
    """What the log says of one stream: how many events were written, and how it ended.

    `tell`, if there is one, hears of each event's type.
    """

    __slots__ = ("_tell", "cause", "events", "outcome")

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell
        self.events = 0
        self.outcome = "disconnected"
        self.cause: Exception | None = None

    def sent(self, block: Block) -> None:
        """Count a block, after its write has returned; a stream without a last event was cut by its client."""
        if block is PING:
            return
        self.events += 1
        if block.type in OUTCOMES:
            self.outcome, self.cause = OUTCOMES[block.type], block.cause
        if self._tell is not None:
            self._tell(block.type)
