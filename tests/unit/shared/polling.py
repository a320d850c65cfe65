"""A model made of a generator, and the three ways to poll it: by a thread, by a task, by a thread for a loop."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from typing import Any

import pytest

from shared.agent.model import Delta, End, User, Utterance
from shared.agent.polled_models import AsyncPolledModel, PolledModel, ThreadedModel
from shared.agent.tools import TOOLS, Tool

Body = Callable[[], Generator[Delta, None, None]]
LONG = 60.0  # seconds: never waited for in full


class Agent:
    """A user's agent, both ways, over one generator function; it knows whether its generator was closed."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.finished = threading.Event()
        self.closed = 0

    def ask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> Generator[Delta, None, None]:
        """What the generator gives."""
        assert (conversation, tools) == ([User("hello")], TOOLS)
        try:
            yield from self._body()
        finally:
            self.finished.set()

    async def aask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        """As `ask`."""
        for delta in self.ask(conversation, tools):
            yield delta
            await asyncio.sleep(0)

    def close(self) -> None:
        """Count."""
        self.closed += 1


class Blocking:
    """Polled by code that may block."""

    def __init__(self, agent: Agent) -> None:
        self.model = PolledModel(agent)
        self.call = self.model.open([User("hello")], TOOLS)

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - the model's protocol
        """Poll."""
        return self.call.receive(timeout)

    async def close(self) -> None:
        """Give the call up."""
        self.call.close()

    async def tick(self) -> None:
        """Let others run."""
        time.sleep(0.01)  # noqa: ASYNC251 - there is no loop

    async def close_model(self) -> None:
        """Close the model."""
        self.model.close()

    @staticmethod
    def run(main: Coroutine[Any, Any, None]) -> None:
        """Without a loop."""
        with pytest.raises(StopIteration):
            main.send(None)


class OnALoop:
    """Polled by a coroutine."""

    model_of: type[AsyncPolledModel] | type[ThreadedModel] = AsyncPolledModel

    def __init__(self, agent: Agent) -> None:
        self.model = self.model_of(agent)
        self.call = self.model.open([User("hello")], TOOLS)

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - the model's protocol
        """Poll."""
        return await self.call.receive(timeout)

    async def close(self) -> None:
        """Give the call up."""
        await self.call.close()

    async def tick(self) -> None:
        """Let others run."""
        await asyncio.sleep(0.01)

    async def close_model(self) -> None:
        """Close the model."""
        await self.model.close()

    @staticmethod
    def run(main: Coroutine[Any, Any, None]) -> None:
        """On a loop, which debugs what was left behind."""
        asyncio.run(main)


class ThreadForALoop(OnALoop):
    """Polled by a coroutine, over code that blocks."""

    model_of = ThreadedModel


Polling = Blocking | OnALoop
Kind = Callable[[Agent], Polling]
KINDS = {"thread": Blocking, "task": OnALoop, "thread for a loop": ThreadForALoop}


def readers() -> list[threading.Thread]:
    """The threads that read a model's deltas at this moment."""
    return [thread for thread in threading.enumerate() if thread.name == "model-call"]


async def until(polling: Polling, probe: Callable[[], object], what: str) -> None:
    """Poll for something to become true, while the reader may go on."""
    for _ in range(1000):
        if probe():
            return
        await polling.tick()
    raise AssertionError(f"no {what} within 10 s")


async def all_of(polling: Polling) -> list[Delta]:
    """Everything up to the end."""
    deltas: list[Delta] = []
    while not deltas or deltas[-1] != End():
        deltas.extend(await polling.receive(LONG))
    return deltas
