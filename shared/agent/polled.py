"""From a generator of deltas, which blocks, to a call that is polled: one reader per call, and a small queue between.

Rule: the queue is bounded, so a client that reads slowly slows the model's stream down and no memory grows; and once
`close` is called the reader soon ends, whatever it waits for. The reader is a thread (a greenlet where gevent has
patched `threading`, whose names are therefore looked up at each call) or a task; the two halves mirror each other.
Neighbours: `model` (the protocols kept here), `cancel` (how a thread's wait is ended), `polled_models`.
"""

import asyncio
import logging
import queue
import threading
import traceback
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, closing, suppress
from contextvars import copy_context
from dataclasses import dataclass

from shared.agent.cancel import Cancellation, Cancelled, work_for
from shared.agent.model import Delta, End, Text, ToolCall

DEPTH = 64  # deltas that wait to be taken: a burst of small tokens passes at once, and no more is kept
CLOSING = 2.0  # seconds that a task may take to end once it is cancelled

_logger = logging.getLogger("parity.model")


@dataclass(frozen=True, slots=True)
class Raised:
    """What ended the generator, on its way through the queue: always the last item."""

    cause: Exception


class Outcome:
    """Sorts what was taken from the queue: an error is raised after the deltas before it, and from then on."""

    def __init__(self) -> None:
        self._raised: Raised | None = None

    def deltas(self, items: Sequence[Delta | Raised]) -> Sequence[Delta]:
        """The deltas among `items`; raises the error when there are none."""
        *before, last = items
        if isinstance(last, Raised):
            self._raised = last
        deltas = [item for item in (*before, last) if not isinstance(item, Raised)]
        if not deltas:
            self.check()
        return deltas

    def check(self) -> None:
        """Raises the error, if there was one."""
        if self._raised is not None:
            raise self._raised.cause


class PolledCall:
    """A call over a generator, for code that may block; `ready` is called whenever there is something to take."""

    def __init__(
        self, ask: Callable[[], Generator[Delta, None, None]], ready: Callable[[], None] = lambda: None
    ) -> None:
        self._ask, self._ready = ask, ready
        self._queue: queue.Queue[Delta | Raised] = queue.Queue(DEPTH)
        self._outcome = Outcome()
        self._cancellation = Cancellation()
        context = copy_context()  # as a task has it by itself: what is traced around the call goes on in it
        threading.Thread(target=context.run, args=[self._read], name="model-call", daemon=True).start()

    def receive(self, timeout: float) -> Sequence[Delta]:
        """All that has come, after a wait for the first of it if need be; none after `timeout` seconds."""
        self._outcome.check()
        try:
            items = [self._queue.get(timeout=timeout)]
        except queue.Empty:
            return ()
        while not self._queue.empty():
            items.append(self._queue.get_nowait())
        return self._outcome.deltas(items)

    def close(self) -> None:
        """Give the call up; its thread ends by itself, at once unless it is deaf to `cancel`."""
        self._cancellation.cancel()
        while not self._queue.empty():  # a reader that waits for room has it now, and then sees that it is over
            with suppress(queue.Empty):
                self._queue.get_nowait()

    def _read(self) -> None:
        work_for(self._cancellation)
        try:
            with closing(self._ask()) as deltas:
                for delta in deltas:
                    self._put(checked(delta))
            self._put(End())
        except Cancelled:
            return
        except Exception as exc:
            traceback.clear_frames(exc.__traceback__)  # their locals (the last chunk, 10 MB) would live as long as it
            with suppress(Cancelled):
                self._put(Raised(exc))

    def _put(self, item: Delta | Raised) -> None:
        self._queue.put(item)
        self._cancellation.check()
        self._ready()


class AsyncPolledCall:
    """As `PolledCall`, over an asynchronous generator."""

    def __init__(self, ask: Callable[[], AsyncGenerator[Delta, None]]) -> None:
        self._ask = ask
        self._queue: asyncio.Queue[Delta | Raised] = asyncio.Queue(DEPTH)
        self._outcome = Outcome()
        self._task = asyncio.create_task(self._read(), name="model-call")

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - polling is the protocol
        """As `PolledCall.receive`."""
        self._outcome.check()
        try:
            async with asyncio.timeout(timeout):
                items = [await self._queue.get()]
        except TimeoutError:
            return ()
        while not self._queue.empty():
            items.append(self._queue.get_nowait())
        return self._outcome.deltas(items)

    async def close(self) -> None:
        """Give the call up, and wait for its task to end."""
        self._task.cancel()
        _, running = await asyncio.wait({self._task}, timeout=CLOSING)
        if running:
            _logger.error("a model call goes on though it was cancelled: its code must let CancelledError pass")

    async def _read(self) -> None:
        try:
            async with aclosing(self._ask()) as deltas:
                async for delta in deltas:
                    await self._queue.put(checked(delta))
            await self._queue.put(End())
        except Exception as exc:
            traceback.clear_frames(exc.__traceback__)
            await self._queue.put(Raised(exc))


def checked(delta: Delta) -> Delta:
    """`delta`, which a user's own code may have got wrong: raises TypeError for anything that is none."""
    if not isinstance(delta, Text | ToolCall | End):
        raise TypeError(f"a model gave {type(delta).__name__} where Text, ToolCall or End is due")
    return delta
