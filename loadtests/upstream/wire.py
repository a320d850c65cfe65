"""A call's bytes: the chunks of a stream and the body of a whole answer, in the API's exact shape.

Rule: pure. What all chunks of a call share is encoded once, so that a token costs one small `json.dumps`.
Neighbours: `score` (the steps), `player` (sends).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from loadtests.upstream.score import Finish, Fragment, Raw, Score
from shared.agent.model import Text

DONE = b"data: [DONE]\n\n"
FINGERPRINT = "fp_parity"


class Chunks:
    """The encoder of one call's stream."""

    def __init__(self, call: str, created: int, model: str, *, usage: bool) -> None:
        shared = _shared(call, "chat.completion.chunk", created, model)
        self._head = encoded(shared)[:-1] + b', "choices": '
        self._tail = (b', "usage": null}' if usage else b"}") + b"\n\n"
        self._usage = usage

    def role(self) -> bytes:
        """The first chunk: who speaks."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None}, None)

    def of(self, step: Text | Fragment | Finish) -> bytes:
        """The chunk of this step."""
        if isinstance(step, Text):
            return self._chunk({"content": step.content}, None)
        if isinstance(step, Fragment):
            return self._chunk({"tool_calls": [_fragment(step)]}, None)
        return self._chunk({}, step.reason)

    def end(self, usage: Mapping[str, int]) -> bytes:
        """What follows the last chunk: its usage, if it was asked for, and the end mark."""
        last = b"data: " + self._head + b'[], "usage": ' + encoded(usage) + b"}\n\n" if self._usage else b""
        return last + DONE

    def _chunk(self, delta: Mapping[str, Any], reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return b"data: " + self._head + b"[" + encoded(choice) + b"]" + self._tail


def raw(step: Raw) -> bytes:
    """A line of a stream as it is."""
    return b"data: " + step.line.encode() + b"\n\n"


def whole(call: str, created: int, model: str, score: Score, usage: Mapping[str, int]) -> bytes:
    """The body of an answer that is not streamed; a raw line of the score stands for all of it."""
    for step in score:
        if isinstance(step, Raw):
            return step.line.encode()
    calls = _assembled(step for step in score if isinstance(step, Fragment))
    message: dict[str, Any] = {"role": "assistant", "content": content(score) or None, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    reason = next((step.reason for step in score if isinstance(step, Finish)), None)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    body = _shared(call, "chat.completion", created, model) | {"choices": [choice], "usage": dict(usage)}
    return encoded(body)


def content(score: Score) -> str:
    """All of its text."""
    return "".join(step.content for step in score if isinstance(step, Text))


def usage(score: Score, prompt: int) -> Mapping[str, int]:
    """How many tokens it is made of."""
    completion = sum(isinstance(step, Text | Fragment) for step in score)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def encoded(value: object) -> bytes:
    """Compact enough JSON in UTF-8, with a mark where a string holds what UTF-8 has no bytes for."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _shared(call: str, kind: str, created: int, model: str) -> dict[str, Any]:
    head = {"id": call, "object": kind, "created": created, "model": model}
    return head | {"service_tier": "default", "system_fingerprint": FINGERPRINT}


def _fragment(step: Fragment) -> Mapping[str, Any]:
    if step.id is None:
        return {"index": step.index, "function": {"arguments": step.arguments}}
    function = {"name": step.name, "arguments": step.arguments}
    return {"index": step.index, "id": step.id, "type": "function", "function": function}


def _assembled(fragments: Iterable[Fragment]) -> list[dict[str, Any]]:
    calls: dict[int, dict[str, Any]] = {}
    for piece in fragments:
        if piece.id is not None:
            function = {"name": piece.name, "arguments": ""}
            calls[piece.index] = {"id": piece.id, "type": "function", "function": function}
        calls[piece.index]["function"]["arguments"] += piece.arguments
    return list(calls.values())
