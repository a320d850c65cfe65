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
    """Where a call stands in its script, and when its next step is due. Tokens come first, and only they take time."""

    __slots__ = ("_first_due", "_itl", "_last_token", "_position", "_said", "_steps")

    def __init__(self, steps: tuple[Step, ...], first_due: float, itl: float) -> None:
        self._steps, self._first_due, self._itl = steps, first_due, itl
        self._position = 0
        self._said = len(steps) - isinstance(steps[-1], Fault)  # a fault is the last step, and no delta
        self._last_token = self._said - 1
        while self._last_token > 0 and not isinstance(steps[self._last_token], Text):
            self._last_token -= 1

    def wait(self, now: float) -> float:
        """Seconds until the next step is due: 0 or less when it is, infinite when it never will be."""
        if self._position < self._said:  # a tool call and the end come with the token before them
            return self._first_due + min(self._position, self._last_token) * self._itl - now
        return math.inf if self._steps[-1] is Fault.HANG else 0.0  # any other fault comes at once

    def take(self, now: float) -> tuple[Delta, ...]:
        """The next step, and with it every other that is due; the last one again and again once it is reached."""
        step = self._steps[self._position]
        if isinstance(step, Fault):
            raise _exception(step)
        end = max(self._position + 1, self._due_by(now))
        due = self._steps[self._position : end]
        self._position = min(end, len(self._steps) - 1)
        return due  # type: ignore[return-value]  # there is no fault among them: it would be the last

    def _due_by(self, now: float) -> int:
        """How many steps are due, once the first of them is."""
        tokens = int((now - self._first_due) / self._itl) + 1 if self._itl else self._said
        return tokens if tokens <= self._last_token else self._said


class ScriptedCall:
    """One answer under way, for code that may block."""

    __slots__ = ("_model", "_playhead")

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

    __slots__ = ("_model", "_playhead")

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
