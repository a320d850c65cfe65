"""What one answer brought of the model's work: whether the turn came whole, its model calls, tools, tokens, characters.

Rule: pure; read from what the client saw and nothing else, because it is held against what the model says it has sent.
An answer that is not whole is no turn. Neighbours: `generator` asks, `recorder` adds up, `proof` holds the sum
against the model server's.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic_core import from_json

from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.message import Reply


class Turn(NamedTuple):
    """One whole turn. All tools are called by the first answer, so a turn with any asks the model twice."""

    calls: int
    tool_calls: int
    tokens: int
    characters: int


def turn_of(reply: Reply, stream: ChatStream | None) -> Turn | None:
    """The turn that this answer brought; None where it is refused, broken or none that the contract knows."""
    if reply.status != 200 or reply.failure is not None:
        return None
    try:
        return _replied(reply.body) if stream is None else _streamed(stream)
    except (ValueError, KeyError, TypeError):  # its check, or the stream's own order, says what is wrong with it
        return None


def _replied(body: bytes) -> Turn:
    fields = from_json(body)
    return _turn(len(fields["tool_calls"]), 0, len(fields["reply"]))


def _streamed(stream: ChatStream) -> Turn | None:
    if stream.last != "end":
        return None
    return _turn(len(stream.tool_calls), len(stream.stamps), len(stream.text))


def _turn(tool_calls: int, tokens: int, characters: int) -> Turn:
    return Turn(2 if tool_calls else 1, tool_calls, tokens, characters)
