"""Plays a call's score in time: streamed, step by step, or whole, when its last token is due.

Rule: a client that leaves ends the call at once, in the middle of whatever is played: one task listens for that.
Every outcome is noted in the same breath as the bytes that make it true, so that a client which leaves right after the
end has not cancelled anything. Neighbours: `score`, `pace`, `wire`, `ledger`; `app` makes players.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import anyio
from starlette.types import Receive, Scope, Send

from loadtests.upstream import wire
from loadtests.upstream.ledger import CANCELLED, COMPLETED, Entry
from loadtests.upstream.score import Begin, Cut, Done, Finish, Fragment, Raw, Score, Silence, Stop
from shared.agent.model import Text

EVENTS = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
JSON = (b"content-type", b"application/json")


class Connection(Protocol):
    """What a request came by."""

    def close(self) -> None:
        """Close it when all that was written has been sent, whatever the body still lacks."""


@dataclass
class Schedule:
    """When the tokens of one call go out; silences put off what comes after them."""

    dues: Iterator[float]
    start: float = field(default_factory=time.monotonic)

    async def token(self) -> None:
        """Wait until the next token is due; a turn of the loop at least, so that others get theirs."""
        await asyncio.sleep(max(0.0, self.start + next(self.dues) - time.monotonic()))

    async def silence(self, seconds: float) -> None:
        """Wait, and be late with everything after it."""
        self.start += seconds
        await anyio.sleep(seconds)


class Player:
    """A response that ends when its client leaves; what is played is the subclasses' `play`."""

    def __init__(self, entry: Entry, score: Score, schedule: Schedule) -> None:
        self.entry, self.score, self.schedule = entry, score, schedule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play it."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, receive, group.cancel_scope)
                await self.play(scope, send)
                group.cancel_scope.cancel()
        finally:
            self.entry.end(CANCELLED)  # unless it has ended otherwise

    async def play(self, scope: Scope, send: Send) -> None:
        """Send it all."""
        raise NotImplementedError

    @property
    def outcome(self) -> str:
        """What the call has ended as when all of its score was played."""
        return COMPLETED if isinstance(self.score[-1], Done) and not self._raw else self.entry.fault or COMPLETED

    @property
    def _raw(self) -> bool:
        return any(isinstance(step, Raw) for step in self.score)

    async def cut(self, scope: Scope) -> None:
        """Close the connection; `_until_gone` then ends us."""
        self.entry.end(self.outcome)
        connection: Connection = scope["state"]["connection"]
        connection.close()
        await anyio.sleep_forever()


class Streamed(Player):
    """As server-sent events, each step in its own write."""

    def __init__(
        self, entry: Entry, score: Score, schedule: Schedule, chunks: wire.Chunks, usage: Mapping[str, int]
    ) -> None:
        super().__init__(entry, score, schedule)
        self._chunks, self._usage = chunks, usage
        self._spoken = False

    async def play(self, scope: Scope, send: Send) -> None:  # noqa: D102 - as Player.play
        for step in self.score:
            match step:
                case Silence(seconds):
                    await self.schedule.silence(seconds)
                case Begin():
                    await send({"type": "http.response.start", "status": 200, "headers": EVENTS})
                case Text(content):
                    await self.schedule.token()
                    await self._write(send, self._chunks.of(step))
                    self.entry.said(1, len(content))
                case Fragment() | Finish():
                    await self._write(send, self._chunks.of(step))
                    self.entry.called(isinstance(step, Fragment) and step.id is not None)
                case Raw():
                    await self._write(send, wire.raw(step))
                case Done():
                    await self._end(send, self._chunks.end(self._usage))
                case Stop():
                    await self._end(send, b"")
                case Cut():
                    await self.cut(scope)

    async def _write(self, send: Send, data: bytes) -> None:
        if not self._spoken:
            data, self._spoken = self._chunks.role() + data, True
        await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _end(self, send: Send, data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": False})
        self.entry.end(self.outcome)


class Whole(Player):
    """As one JSON body, when the last token is due."""

    def __init__(self, entry: Entry, score: Score, schedule: Schedule, body: bytes) -> None:
        super().__init__(entry, score, schedule)
        self._body = body

    async def play(self, scope: Scope, send: Send) -> None:  # noqa: D102 - as Player.play
        for step in self.score:
            if isinstance(step, Silence):
                await self.schedule.silence(step.seconds)
            elif isinstance(step, Text):
                await self.schedule.token()
        headers = [JSON, (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if isinstance(self.score[-1], Cut):
            await send({"type": "http.response.body", "body": self._body[: len(self._body) // 2], "more_body": True})
            await self.cut(scope)
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
        self._count()
        self.entry.end(self.outcome)

    def _count(self) -> None:
        texts = [step for step in self.score if isinstance(step, Text)]
        self.entry.said(len(texts), sum(len(text.content) for text in texts))
        self.entry.called(sum(isinstance(step, Fragment) and step.id is not None for step in self.score))


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
