"""Holds what came of a fault to what is promised; pure, so that its own tests can show it a broken promise.

Rule: a sentence for each promise that was broken, none for a server that kept them all. Neighbours: `promises` (what is
promised), `play` (what came).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import ModelError, ModelTimeout, problem
from tests.conformance import events
from tests.resilience.faults.promises import SECRET, SLACK, Promise

TABLE = {told.status: told.body.model_dump() for told in map(problem, (ModelError(), ModelTimeout()))}
STATUSES = {words["error"]: status for status, words in TABLE.items()}


@dataclass(frozen=True, slots=True)
class Said:
    """What a client was told. `body` is every byte after the head, `pings` of it the comment lines of a stream."""

    status: int
    seconds: float
    body: bytes
    ending: Mapping[str, Any]
    calls: tuple[Mapping[str, Any], ...] = ()
    reply: str = ""
    pings: int | None = None


@dataclass(frozen=True, slots=True)
class After:
    """What was found when it was over: the log's line of the request, the session, and a turn more in it."""

    outcome: object
    stored: int
    next_status: int


def from_chat(status: int, seconds: float, body: bytes, content: dict[str, Any]) -> Said:
    """An answer of POST /chat."""
    if status != 200:
        return Said(status, seconds, body, content)
    return Said(200, seconds, body, {"type": "end"}, tuple(content["tool_calls"]), content["reply"])


def from_stream(seconds: float, body: bytes) -> Said:
    """A stream; its `error` event counts as the status that its title belongs to, 0 when it belongs to none."""
    seen, _ = events.parse(body)
    ending = {name: value for name, value in seen[-1].items() if name != "type"} if seen else {}
    status = STATUSES.get(ending.get("error", ""), 0)
    if seen and seen[-1] == {"type": "end"}:
        status, ending = 200, seen[-1]
    pings = events.outline(body).count(events.COMMENT)
    return Said(status, seconds, body, ending, tuple(events.calls(seen)), events.text(seen), pings)


def broken(promise: Promise, said: Said, after: After, key: str) -> Iterator[str]:
    """What was promised and not kept, a sentence each."""
    wanted = promise.answer.status if promise.answer else 200
    if said.status != wanted:
        yield f"answered {said.status} {dict(said.ending)}, not {wanted}"
    elif promise.answer and said.ending != (words := _words(promise, wanted)):
        yield f"said {dict(said.ending)}, not {words}"
    earliest, latest = promise.shape.not_before * 0.9, promise.shape.within + SLACK
    if not earliest <= said.seconds <= latest:
        yield f"took {said.seconds:.1f} s, not {earliest:g} to {latest:g}"
    for what, marker in (("the upstream's words", SECRET), ("the upstream's key", key)):
        if marker.encode() in said.body:
            yield f"told the client {what}"
    if said.pings == 0 and promise.shape.silent:
        yield "sent no ping while the model was silent"
    yield from _reply(promise, said)
    yield from _after(promise, after)


def _words(promise: Promise, status: int) -> Mapping[str, Any]:
    return TABLE[status] | ({"detail": promise.shape.detail} if promise.shape.detail else {})


def _reply(promise: Promise, said: Said) -> Iterator[str]:
    if promise.answer is not None:
        return
    if not said.reply:
        yield "gave no reply"
    wrong = sum(str(call["result"]).startswith("error: ") for call in said.calls)
    tools, errors = promise.shape.tools, promise.shape.tool_errors
    if (len(said.calls), wrong) != (tools, errors):
        yield f"ran {len(said.calls)} tools, {wrong} in error, not {tools} and {errors}"


def _after(promise: Promise, after: After) -> Iterator[str]:
    failed = promise.answer is not None
    if after.outcome not in {("failed" if failed else "completed"), (promise.answer.status if promise.answer else 200)}:
        yield f"is in the log as {after.outcome!r}"
    if after.stored != (0 if failed else 2):
        yield f"left {after.stored} messages in the session"
    if after.next_status != 200:
        yield f"was followed by {after.next_status} to the next message"
