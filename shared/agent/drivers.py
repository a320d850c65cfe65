"""The two drivers of a turn: one may block, one runs on an event loop. They perform effects and hold no logic.

Rule: what differs between a class here and its async twin is `await` and nothing else. An output is asked for, as of
any iterator; closing a driver closes the turn and cancels the model call. Plain iterators and not generators, so that
an output passes one hop and not two. Neighbours: `turn` (the logic), `service` (closes what it opens).
"""

from collections.abc import Sequence
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


class Driver:
    """Drives a turn by code that may block: an iterator of its outputs. Whoever iterates closes it, in the end too."""

    __slots__ = ("_call", "_flow", "_model", "_scene", "_store")

    def __init__(self, flow: Flow, scene: Scene, model: Model, store: SessionStore) -> None:
        self._flow, self._scene, self._model, self._store = flow, scene, model, store
        self._call: ModelCall | None = None

    def __iter__(self) -> "Driver":
        return self

    def __next__(self) -> Output:
        """The next output, after the effects that the turn asks for before it."""
        try:
            step = next(self._flow)
            while isinstance(step, Effect):
                try:
                    if isinstance(step, Receive) and self._call is not None:  # one for each token: it goes no detour
                        answer = self._call.receive(step.timeout)
                    else:
                        answer = self._perform(step)
                except Exception as exc:
                    step = self._flow.throw(exc)
                else:
                    step = self._flow.send(answer)
        except StopIteration:
            self._hang_up()
            raise
        return step

    def close(self) -> None:
        """End the turn if it still runs, and cancel the model call if one is open."""
        self._flow.close()
        self._hang_up()

    def _perform(self, effect: Effect) -> Any:
        """Do it, and give what the turn is to be told."""
        match effect:
            case Ask(conversation):
                self._hang_up()
                self._call = self._model.open(conversation, self._scene.tools)
            case UseTool(call):
                return self._scene.use_tool(call)
            case Store(turn):
                self._store.append(self._scene.session, turn)
        return None

    def _hang_up(self) -> None:
        if self._call is not None:
            self._call.close()
            self._call = None  # not before: a closing that was broken off is done again


class AsyncDriver:
    """As `Driver`, on an event loop."""

    __slots__ = ("_call", "_flow", "_model", "_scene", "_store")

    def __init__(self, flow: Flow, scene: Scene, model: AsyncModel, store: AsyncSessionStore) -> None:
        self._flow, self._scene, self._model, self._store = flow, scene, model, store
        self._call: AsyncModelCall | None = None

    def __aiter__(self) -> "AsyncDriver":
        return self

    async def __anext__(self) -> Output:
        """As `Driver.__next__`."""
        try:
            step = next(self._flow)
            while isinstance(step, Effect):
                try:
                    if isinstance(step, Receive) and self._call is not None:  # as above
                        answer = await self._call.receive(step.timeout)
                    else:
                        answer = await self._perform(step)
                except Exception as exc:
                    step = self._flow.throw(exc)
                else:
                    step = self._flow.send(answer)
        except StopIteration:
            await self._hang_up()
            raise StopAsyncIteration from None
        return step

    async def aclose(self) -> None:
        """As `Driver.close`."""
        self._flow.close()
        if self._call is not None:
            with anyio.CancelScope(shield=True):  # a cancelled task must still be able to cancel the model's call
                await self._hang_up()

    async def _perform(self, effect: Effect) -> Any:
        """As `Driver._perform`."""
        match effect:
            case Ask(conversation):
                await self._hang_up()
                self._call = self._model.open(conversation, self._scene.tools)
            case UseTool(call):
                return self._scene.use_tool(call)
            case Store(turn):
                await self._store.append(self._scene.session, turn)
        return None

    async def _hang_up(self) -> None:
        if self._call is not None:
            await self._call.close()
            self._call = None  # as above
