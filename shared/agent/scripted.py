"""The model built in: plays a script in time, offline and always alike.

Rule: the schedule is absolute. Token i is due at start + ttft + i * itl, so a delivery that came late shifts
no other, and what is overdue is given at once. The twins hold no logic: both ask a `_Playhead` how long to wait,
and sleep. Neighbours: `script` (what is said), `model` (the protocol).
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.agent.model import Delta, Text, Utterance
from shared.agent.script import Fault, Step, script
from shared.agent.tools import Tool
from shared.errors import ModelError

SECRET = "secret-7f3a"  # noqa: S105 - stands in the faults' exceptions, for tests to see that it never gets out


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # looked up at each call, so that gevent's patch holds whenever it was made


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """For code that may block. `ttft` and `itl` are seconds; the clock need only be monotonic."""

    ttft: float = 0.0
    itl: float = 0.0
    faults: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = _sleep

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> "ScriptedCall":
        """Start the answer to `conversation`: from now on its tokens fall due."""
        steps = script(conversation, [tool.name for tool in tools], faults=self.faults)
        return ScriptedCall(_Playhead(steps, self.clock() + self.ttft, self.itl), self)

    def close(self) -> None:
        """Nothing is kept between calls."""


@dataclass(frozen=True, slots=True)
class AsyncScriptedModel:
    """For code on an event loop. The clock is not the loop's: uvloop's stands still for a whole iteration."""

    ttft: float = 0.0
    itl: float = 0.0
    faults: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> "AsyncScriptedCall":
        """As `ScriptedModel.open`."""
        steps = script(conversation, [tool.name for tool in tools], faults=self.faults)
        return AsyncScriptedCall(_Playhead(steps, self.clock() + self.ttft, self.itl), self)

    async def close(self) -> None:
        """As `ScriptedModel.close`."""


class _Playhead:
    """Where a call stands in its script, and when its next step is due."""

    def __init__(self, steps: tuple[Step, ...], first_due: float, itl: float) -> None:
        self._steps = steps
        self._first_due = first_due
        self._itl = itl
        self._position = 0
        self._tokens = 0

    def wait(self, now: float) -> float:
        """Seconds until the next step is due: 0 or less when it is, infinite when it never will be.

        Only tokens take time: a tool call and the end come with the token before them, a fault at once.
        """
        step = self._steps[self._position]
        if isinstance(step, Text):
            return self._first_due + self._tokens * self._itl - now
        if isinstance(step, Fault):
            return math.inf if step is Fault.HANG else 0.0
        return self._first_due + max(0, self._tokens - 1) * self._itl - now

    def take(self, now: float) -> tuple[Delta, ...]:
        """The next step, and with it every other that is due; the last one again and again once it is reached."""
        due: list[Delta] = []
        while not due or self.wait(now) <= 0:
            step = self._steps[self._position]
            if isinstance(step, Fault):
                if due:
                    break  # what was said before the fault goes out first
                raise _exception(step)
            self._tokens += isinstance(step, Text)
            due.append(step)
            if step is self._steps[-1]:
                break
            self._position += 1
        return tuple(due)


class ScriptedCall:
    """One answer under way, for code that may block."""

    def __init__(self, playhead: _Playhead, model: ScriptedModel) -> None:
        self._playhead = playhead
        self._model = model

    def receive(self, timeout: float) -> tuple[Delta, ...]:
        """The steps that are due, after a wait for the next one if need be; none after `timeout` seconds."""
        wait = self._playhead.wait(self._model.clock())
        if wait > 0:
            self._model.sleep(max(0, min(wait, timeout)))
        return self._playhead.take(self._model.clock()) if wait <= max(timeout, 0) else ()

    def close(self) -> None:
        """Nothing to cancel: between two receives nothing is under way."""


class AsyncScriptedCall:
    """One answer under way, for code on an event loop."""

    def __init__(self, playhead: _Playhead, model: AsyncScriptedModel) -> None:
        self._playhead = playhead
        self._model = model

    async def receive(self, timeout: float) -> tuple[Delta, ...]:  # noqa: ASYNC109 - polling is the protocol
        """As `ScriptedCall.receive`."""
        wait = self._playhead.wait(self._model.clock())
        if wait > 0:
            await self._model.sleep(max(0, min(wait, timeout)))
        return self._playhead.take(self._model.clock()) if wait <= max(timeout, 0) else ()

    async def close(self) -> None:
        """As `ScriptedCall.close`."""


def _exception(fault: Fault) -> Exception:
    if fault is Fault.CRASH:
        return RuntimeError(f"scripted crash: {SECRET}")
    error = ModelError()
    error.__cause__ = ConnectionError(f"scripted failure: {SECRET}")  # what an upstream would have said
    return error
