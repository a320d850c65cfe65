"""The two loops that drive a turn: one may block, one runs on an event loop. They perform effects and hold no logic.

Rule: what differs between a class or function here and its async twin is `await` and nothing else. Closing the
iterator that `run` gives closes the turn and cancels the model call. Neighbours: `turn` (the logic), `service`.
"""

from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from shared.agent.model import AsyncModel, AsyncModelCall, Model, ModelCall, ToolCall
from shared.agent.tools import Context, Tool, run_tool
from shared.agent.turn import Ask, Effect, Flow, Output, Receive, Store, UseTool
from shared.clock import Clock
from shared.models import Message
from shared.sessions import AsyncSessionStore, Session, SessionStore


@dataclass(frozen=True, slots=True)
class Scene:
    """What a turn plays in: whose session it is, what was said in it, and the tools at hand."""

    session: Session
    history: tuple[Message, ...]
    tools: Sequence[Tool]
    clock: Clock

    def use_tool(self, call: ToolCall) -> str:
        """The tool's result. Tools compute (at most they read a time zone's file): both drivers run them in place."""
        return run_tool(self.tools, call.name, call.arguments, Context(self.history, self.clock.utc()))


@dataclass(frozen=True, slots=True)
class Raised:
    """What went wrong with an effect, on its way into the turn."""

    cause: Exception


class Io:
    """What a turn's effects act on, for code that may block."""

    def __init__(self, model: Model, store: SessionStore, scene: Scene) -> None:
        self._model, self._store, self._scene = model, store, scene
        self._call: ModelCall | None = None

    def perform(self, effect: Effect) -> Any:
        """Do it, and give what the turn is to be told."""
        match effect:
            case Receive(timeout) if self._call is not None:
                return self._call.receive(timeout)
            case Ask(conversation):
                self.close()
                self._call = self._model.open(conversation, self._scene.tools)
            case UseTool(call):
                return self._scene.use_tool(call)
            case Store(turn):
                self._store.append(self._scene.session, turn)
        return None

    def close(self) -> None:
        """Cancel the model call, if one is open."""
        call, self._call = self._call, None
        if call is not None:
            call.close()


class AsyncIo:
    """What a turn's effects act on, for code on an event loop."""

    def __init__(self, model: AsyncModel, store: AsyncSessionStore, scene: Scene) -> None:
        self._model, self._store, self._scene = model, store, scene
        self._call: AsyncModelCall | None = None

    async def perform(self, effect: Effect) -> Any:
        """Do it, and give what the turn is to be told."""
        match effect:
            case Receive(timeout) if self._call is not None:
                return await self._call.receive(timeout)
            case Ask(conversation):
                await self.close()
                self._call = self._model.open(conversation, self._scene.tools)
            case UseTool(call):
                return self._scene.use_tool(call)
            case Store(turn):
                await self._store.append(self._scene.session, turn)
        return None

    async def close(self) -> None:
        """Cancel the model call, if one is open."""
        call, self._call = self._call, None
        if call is not None:
            await call.close()


def run(flow: Flow, io: Io) -> Generator[Output, None, None]:
    """Drive the turn to its end, or until this iterator is closed."""
    answer: Any = None
    try:
        while (step := _resume(flow, answer)) is not None:
            answer = None
            if isinstance(step, Effect):
                try:
                    answer = io.perform(step)
                except Exception as exc:
                    answer = Raised(exc)
            else:
                yield step
    finally:
        flow.close()
        io.close()


async def arun(flow: Flow, io: AsyncIo) -> AsyncGenerator[Output, None]:
    """Drive the turn to its end, or until this iterator is closed."""
    answer: Any = None
    try:
        while (step := _resume(flow, answer)) is not None:
            answer = None
            if isinstance(step, Effect):
                try:
                    answer = await io.perform(step)
                except Exception as exc:
                    answer = Raised(exc)
            else:
                yield step
    finally:
        flow.close()
        with anyio.CancelScope(shield=True):  # a cancelled task must still be able to cancel the model's call
            await io.close()


def _resume(flow: Flow, answer: Any) -> Effect | Output | None:
    """The turn's next step, or None when it is over."""
    try:
        return flow.throw(answer.cause) if isinstance(answer, Raised) else flow.send(answer)
    except StopIteration:
        return None
