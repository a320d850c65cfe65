"""The clients that run in Python: httpx-sse over both of httpx's clients, used as its own documentation has it.

Rule: events are taken as they come, and closing the iterator is going away. Neighbours: `sent` (what a reader is),
`web/clients.js` (those that run in a page).
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from itertools import islice

import httpx
from httpx_sse import SSEError, aconnect_sse, connect_sse

from tests.clients.sent import Sent, Unreadable
from tests.conformance.events import Event

# httpx gives up after 5 s without a byte, by itself; the server's heartbeat is 15 s unless set otherwise
TIMEOUT = httpx.Timeout(20.0)


class Blocking:
    """httpx-sse for code that may block."""

    def read(self, turn: Sent) -> list[Event]:
        """The whole turn."""
        with _unreadable():
            return list(self._events(turn))

    def leave(self, turn: Sent, after: int) -> list[str]:
        """Its first events."""
        with closing(self._events(turn)) as events:
            return [event["type"] for event in islice(events, after)]

    def _events(self, turn: Sent) -> Generator[Event, None, None]:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False) as client,
            connect_sse(client, "POST", turn.url, headers=dict(turn.headers), content=turn.body) as source,
        ):
            for message in source.iter_sse():
                yield json.loads(message.data)


class Async:
    """httpx-sse on an event loop."""

    def read(self, turn: Sent) -> list[Event]:
        """The whole turn."""
        with _unreadable():
            return asyncio.run(self._take(turn, None))

    def leave(self, turn: Sent, after: int) -> list[str]:
        """Its first events."""
        return [event["type"] for event in asyncio.run(self._take(turn, after))]

    async def _take(self, turn: Sent, after: int | None) -> list[Event]:
        taken: list[Event] = []
        async with aclosing(self._events(turn)) as events:
            async for event in events:
                taken.append(event)
                if len(taken) == after:
                    break
        return taken

    async def _events(self, turn: Sent) -> AsyncGenerator[Event, None]:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client,
            aconnect_sse(client, "POST", turn.url, headers=dict(turn.headers), content=turn.body) as source,
        ):
            async for message in source.aiter_sse():
                yield json.loads(message.data)


@contextmanager
def _unreadable() -> Iterator[None]:
    try:
        yield
    except (SSEError, httpx.HTTPError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
