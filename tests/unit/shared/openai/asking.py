"""Asks either client, and either kind of call: the same verbs for code that blocks and for an event loop.

Rule: every function is a coroutine, so a test is written once; for what blocks, nothing in it is ever awaited, and
`run` drives it by hand, with no loop, as it must be under gevent. Neighbours: `test_client`, `upstream`.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from shared.agent.model import Delta, End, Text, User, Utterance
from shared.agent.openai.client import AsyncClient, Client
from shared.agent.openai.plan import Plan
from shared.agent.polled_models import AsyncPolledModel, PolledModel
from shared.agent.tools import TOOLS
from shared.clock import Clock
from shared.settings import Settings

T = TypeVar("T")
KEY = "sk-not-for-the-log"
HELLO = [User("hello")]


class Blocking:
    """The sync client."""

    def __init__(self, settings: Settings) -> None:
        self.client = Client(Plan(settings, Clock()))
        self.model = PolledModel(self.client)

    @staticmethod
    def run(main: Coroutine[Any, Any, T]) -> T:
        """Without a loop."""
        try:
            main.send(None)
        except StopIteration as end:
            result: T = end.value
            return result
        raise AssertionError("something was awaited that is not there")

    async def open(self, conversation: Sequence[Utterance]) -> None:
        """Ask."""
        self.call = self.model.open(conversation, TOOLS)

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - the model's protocol
        """Poll."""
        return self.call.receive(timeout)

    async def close_call(self) -> None:
        """Give it up."""
        self.call.close()

    async def tick(self) -> None:
        """Let others run."""
        time.sleep(0.02)  # noqa: ASYNC251 - there is no loop

    async def close(self) -> None:
        """Close the client."""
        self.model.close()


class OnALoop:
    """The async client."""

    def __init__(self, settings: Settings) -> None:
        self.client = AsyncClient(Plan(settings, Clock()))
        self.model = AsyncPolledModel(self.client)

    @staticmethod
    def run(main: Coroutine[Any, Any, T]) -> T:
        """On a loop."""
        return asyncio.run(main)

    async def open(self, conversation: Sequence[Utterance]) -> None:
        """Ask."""
        self.call = self.model.open(conversation, TOOLS)

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - the model's protocol
        """Poll."""
        return await self.call.receive(timeout)

    async def close_call(self) -> None:
        """Give it up."""
        await self.call.close()

    async def tick(self) -> None:
        """Let others run."""
        await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Close the client."""
        await self.model.close()


Asking = Blocking | OnALoop
Kind = Callable[[Settings], Asking]


async def answer(asking: Asking, conversation: Sequence[Utterance]) -> list[Delta]:
    """The whole answer."""
    await asking.open(conversation)
    deltas: list[Delta] = []
    try:
        while not deltas or not isinstance(deltas[-1], End):
            deltas.extend(await asking.receive(10.0))
    finally:
        await asking.close_call()
    return deltas


async def until(asking: Asking, probe: Callable[[], object], what: str) -> None:
    """Poll for something to become true, while the model's code may go on."""
    for _ in range(500):
        if probe():
            return
        await asking.tick()
    raise AssertionError(f"no {what} within 10 s")


def configured(url: str, **more: Any) -> Settings:
    """Settings for the upstream at this address."""
    given: dict[str, Any] = {"openai_base_url": url, "openai_api_key": KEY, "openai_model": "some-model"}
    return Settings(**(given | more))


def said(deltas: Sequence[Delta]) -> list[str]:
    """The texts among them."""
    return [delta.content for delta in deltas if isinstance(delta, Text)]


def readers() -> int:
    """How many threads read an answer at this moment."""
    return sum(thread.name == "model-call" for thread in threading.enumerate())
