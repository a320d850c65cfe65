"""Models over what gives deltas as a generator: a client of ours, or a user's own agent.

Rule: `open` starts a reader, whatever it reads. An agent may have a `close()` (or `aclose()`, on a loop), which is
called once, in the end. Neighbours: `polled` (the calls), `own` and `openai` (the agents).
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import suppress
from typing import Protocol

from shared.agent.model import Delta, Utterance
from shared.agent.polled import AsyncPolledCall, PolledCall
from shared.agent.tools import Tool


class Asks(Protocol):
    """An agent that blocks."""

    def ask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> Generator[Delta, None, None]:
        """A generator of the answer's deltas, as they come; that there are no more ends it."""


class AsksAsync(Protocol):
    """An agent for an event loop."""

    def aask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        """As `Asks.ask`: an asynchronous generator."""


class PolledModel:
    """For code that may block."""

    def __init__(self, agent: Asks) -> None:
        self._agent = agent

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> PolledCall:
        """Ask, in a thread of the call's own."""
        return PolledCall(lambda: self._agent.ask(conversation, tools))

    def close(self) -> None:
        """Close the agent, if that is anything to it."""
        if close := getattr(self._agent, "close", None):
            close()


class AsyncPolledModel:
    """For code on an event loop."""

    def __init__(self, agent: AsksAsync) -> None:
        self._agent = agent

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncPolledCall:
        """Ask, in a task of the call's own."""
        return AsyncPolledCall(lambda: self._agent.aask(conversation, tools))

    async def close(self) -> None:
        """Close the agent, if that is anything to it."""
        if aclose := getattr(self._agent, "aclose", None):
            await aclose()
        elif close := getattr(self._agent, "close", None):
            close()


class ThreadedModel:
    """For code on an event loop, over an agent that blocks."""

    def __init__(self, agent: Asks) -> None:
        self._agent = agent

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> "ThreadedCall":
        """Ask, in a thread of the call's own."""
        return ThreadedCall(self._agent, conversation, tools)

    async def close(self) -> None:
        """Close the agent, if that is anything to it."""
        PolledModel(self._agent).close()


class ThreadedCall:
    """A call in a thread, polled from an event loop, which the thread wakes."""

    def __init__(self, agent: Asks, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> None:
        self._loop, self._ready = asyncio.get_running_loop(), asyncio.Event()
        self._call = PolledCall(lambda: agent.ask(conversation, tools), self._wake)

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - polling is the protocol
        """As `PolledCall.receive`."""
        deltas: Sequence[Delta] = ()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not (deltas := self._call.receive(0)):
                    await self._ready.wait()
                    self._ready.clear()  # before the queue is looked into, or what comes in between would be missed
        return deltas

    async def close(self) -> None:
        """As `PolledCall.close`."""
        self._call.close()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has gone, and nobody waits
            self._loop.call_soon_threadsafe(self._ready.set)
