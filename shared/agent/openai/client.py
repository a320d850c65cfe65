"""The two thin clients: the SDK asked for a stream, its chunks given to the assembler, tried again where that helps.

Rule: no logic here. `Client` and `AsyncClient` are line by line the same, save for `await`: what they have in common
is the plan's. The SDK retries nothing: its pause could not be cancelled, and would not know of our patience.
Neighbours: `plan` (what is asked, and what a failure leads to), `transport`; `build` makes models of the clients.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence

import httpx2
import openai

from shared.agent.cancel import current
from shared.agent.model import Delta, Utterance
from shared.agent.openai.failures import FAILURES
from shared.agent.openai.plan import Plan
from shared.agent.openai.transport import AsyncTransport, Transport
from shared.agent.tools import Tool
from shared.errors import ModelError


class Client:
    """For code that may block."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        http = httpx2.Client(transport=Transport(plan.limit), timeout=plan.timeout, trust_env=False)
        self._sdk = openai.OpenAI(**plan.options, http_client=http)

    def ask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> Generator[Delta, None, None]:
        """The answer's deltas as they come; raises `ModelError` and `ModelTimeout`."""
        request, attempts = self._plan.request(conversation, tools), self._plan.attempts()
        while True:
            answer = self._plan.assembler(conversation)
            try:
                with self._sdk.post(**request, stream=True, stream_cls=openai.Stream[object]) as stream:
                    for chunk in stream:
                        for delta in answer.take(chunk):
                            yield delta
                for delta in answer.end():
                    yield delta
                return
            except FAILURES as exc:
                next_step = attempts.after(exc, begun=answer.begun)
            if isinstance(next_step, ModelError):
                raise next_step  # out here, so that the SDK's exception, with all that it holds, is not its context
            current().pause(next_step)

    def close(self) -> None:
        """Close the connections."""
        self._sdk.close()


class AsyncClient:
    """For code on an event loop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        http = httpx2.AsyncClient(transport=AsyncTransport(plan.limit), timeout=plan.timeout, trust_env=False)
        self._sdk = openai.AsyncOpenAI(**plan.options, http_client=http)

    async def aask(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        """As `Client.ask`."""
        request, attempts = self._plan.request(conversation, tools), self._plan.attempts()
        while True:
            answer = self._plan.assembler(conversation)
            try:
                async with await self._sdk.post(
                    **request, stream=True, stream_cls=openai.AsyncStream[object]
                ) as stream:
                    async for chunk in stream:
                        for delta in answer.take(chunk):
                            yield delta
                for delta in answer.end():
                    yield delta
                return
            except FAILURES as exc:
                next_step = attempts.after(exc, begun=answer.begun)
            if isinstance(next_step, ModelError):
                raise next_step  # out here, so that the SDK's exception, with all that it holds, is not its context
            await asyncio.sleep(next_step)

    async def aclose(self) -> None:
        """As `Client.close`."""
        await self._sdk.close()
