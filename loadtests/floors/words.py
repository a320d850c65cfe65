"""What a floor says, prepared before the first request: the bytes of each answer, and when each event is due.

Rule: the twins' own agent and encoder are asked once, at start-up, for each body that a scenario sends, so the words
are theirs by construction; the schedule is the model's own, absolute and from the environment. Ids are fixed ones of
the same length as the twins'. Neighbours: `asgi` and `wsgi` send these, `proof` compares.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from loadtests.scenarios import ASKING, SCENARIOS
from shared import sse
from shared.agent import build
from shared.agent.service import Agent
from shared.clock import Clock
from shared.drain import Drain
from shared.models import VERSION, ChatRequest
from shared.settings import Settings

SESSION: Final = "5b1f7d0e-3c1a-4a44-9d53-0a6f2f6d1c11"
REQUEST: Final = "9f0c2b7d4e5a4c1b8d3e6f7a8b9c0d1e"
ALWAYS: Final = {"Vary": "Origin", "X-Request-ID": REQUEST}
JSON: Final = {"Content-Type": "application/json"} | ALWAYS
STREAM: Final = dict(sse.HEADERS) | ALWAYS
HEALTH: Final = json.dumps({"status": "healthy", "version": VERSION}, separators=(",", ":")).encode()


class Event(NamedTuple):
    """One write, and the seconds from the stream's beginning at which it is due."""

    due: float
    block: bytes


@dataclass(frozen=True, slots=True)
class Answers:
    """By the request's body. A body that no scenario sends gets the `other` ones, as in the look before a load."""

    replies: Mapping[bytes, bytes]
    streams: Mapping[bytes, Sequence[Event]]
    other_reply: bytes
    other_stream: Sequence[Event]

    def reply(self, body: bytes) -> bytes:
        """The body of `POST /chat`."""
        return self.replies.get(body, self.other_reply)

    def stream(self, body: bytes) -> Sequence[Event]:
        """The events of `POST /chat/stream`."""
        return self.streams.get(body, self.other_stream)


def prepared(environment: Mapping[str, str] = os.environ) -> Answers:
    """All answers, with the model's times of this environment."""
    ttft, itl = (float(environment.get(f"SCRIPTED_{name}", "0")) for name in ("TTFT", "ITL"))
    replies = {body: _reply(message) for body, message in _asked()}
    streams = {body: tuple(_events(message, ttft, itl)) for body, message in _asked()}
    first = next(iter(replies))
    return Answers(replies, streams, replies[first], streams[first])


def _asked() -> Iterator[tuple[bytes, str]]:
    """Every body of the scenarios that is answered with a turn, and its message."""
    for scenario in SCENARIOS.values():
        for call in scenario.calls:
            if call.path in ASKING and call.expect == 200 and call.body is not None:
                yield call.body, json.loads(call.body)["message"]


def _agent() -> Agent:
    """The twins' own, without any latency."""
    settings = Settings(session_store="memory://", scripted_ttft=0.0, scripted_itl=0.0)
    return build.agent(settings, Drain(settings.drain_seconds), Clock())


def _reply(message: str) -> bytes:
    told = _agent().chat("floor", ChatRequest(message=message, session_id=SESSION))
    return told.model_dump_json().encode()


def _events(message: str, ttft: float, itl: float) -> Iterator[Event]:
    """Each event as it is due: a token after the one before it, the first of each model call after its own time."""
    due, first = 0.0, True
    outputs = _agent().stream("floor", ChatRequest(message=message, session_id=SESSION))
    for block in (block for output in outputs for block in sse.blocks(output)):
        if block.type == "token":
            due += ttft if first else itl
        first = block.type != "token"
        yield Event(due, block.content)
