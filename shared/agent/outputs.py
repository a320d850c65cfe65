"""What becomes of a turn's outputs: folded into one answer, or streamed from a place that is given back.

Rule: pure bookkeeping; the outputs come from `drivers`. Neighbours: `service` (hands these out), `sse` (encodes).
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

from shared.agent.turn import Failed, Output, Tokens
from shared.errors import Unavailable
from shared.models import ChatResponse, ToolCallEvent, ToolCallRecord


class Reply:
    """Folds a turn's outputs into the answer of `POST /chat`."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._tokens: list[str] = []
        self._calls: list[ToolCallRecord] = []

    def add(self, output: Output) -> None:
        """Take one output; raises what the turn failed of."""
        match output:
            case Tokens(contents):
                self._tokens += contents
            case ToolCallEvent(name=name, arguments=arguments, result=result):
                self._calls.append(ToolCallRecord(name=name, arguments=arguments, result=result))
            case Failed(cause):
                raise cause

    def response(self) -> ChatResponse:
        """The whole answer."""
        return ChatResponse(reply="".join(self._tokens), session_id=self._session_id, tool_calls=self._calls)


class Slots:
    """How many streams a process may have open; None sets no limit."""

    def __init__(self, limit: int | None) -> None:
        self._free = None if limit is None else threading.BoundedSemaphore(limit)

    def take(self) -> Callable[[], None]:
        """Take a place and get what gives it back; raises `Unavailable` when there is none."""
        if self._free is None:
            return lambda: None
        if not self._free.acquire(blocking=False):
            raise Unavailable
        return self._free.release


class Outputs(Protocol):
    """What a turn says, until it is closed: a `Driver`."""

    def __iter__(self) -> Iterator[Output]: ...

    def close(self) -> None:
        """End the turn if it still runs; safe to call twice."""


class AsyncOutputs(Protocol):
    """As `Outputs`: an `AsyncDriver`."""

    def __aiter__(self) -> AsyncIterator[Output]: ...

    async def aclose(self) -> None:
        """As `Outputs.close`."""


class Stream:
    """A turn's outputs and the place they take; `close` gives it back, also when nothing was ever read."""

    def __init__(self, outputs: Outputs, release: Callable[[], None]) -> None:
        self._outputs, self._release = outputs, release

    def __iter__(self) -> Iterator[Output]:
        return iter(self._outputs)

    def close(self) -> None:
        """End the turn if it still runs; safe to call twice."""
        try:
            self._outputs.close()
        finally:
            release, self._release = self._release, lambda: None
            release()


class AsyncStream:
    """As `Stream`."""

    def __init__(self, outputs: AsyncOutputs, release: Callable[[], None]) -> None:
        self._outputs, self._release = outputs, release

    def __aiter__(self) -> AsyncIterator[Output]:
        return aiter(self._outputs)

    async def aclose(self) -> None:
        """As `Stream.close`."""
        try:
            await self._outputs.aclose()
        finally:
            release, self._release = self._release, lambda: None
            release()
