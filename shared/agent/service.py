"""The agent as both servers see it: chat, stream, read a session, forget a session.

Rule: what may be asked, and what it means, is decided here; handlers parse, call and reply. `Agent` is for code that
may block and `AsyncAgent` for an event loop: line by line the same, save for `await`. Neighbours: `build`, `drivers`.
"""

import re
import uuid
from collections.abc import Callable
from contextlib import aclosing, closing

from shared.agent.drivers import AsyncDriver, Driver, Scene
from shared.agent.model import AsyncModel, Model
from shared.agent.outputs import AsyncStream, Reply, Slots, Stream
from shared.agent.tools import TOOLS
from shared.agent.turn import Flow, Limits, Pace, turn
from shared.clock import Clock
from shared.drain import Drain
from shared.errors import NotFound
from shared.models import SESSION_ID_PATTERN, ChatRequest, ChatResponse, Message, SessionResponse
from shared.sessions import AsyncSessionStore, Session, SessionStore
from shared.settings import Settings


class Rules:
    """What the two agents have in common: everything that is not I/O."""

    def __init__(self, settings: Settings, drain: Drain, clock: Clock) -> None:
        self._drain, self._clock = drain, clock
        self._limits = Limits(settings.model_timeout, settings.stream_heartbeat, settings.model_first_token_timeout)
        self.history = settings.session_max_messages
        self.slots = Slots(settings.max_streams)

    def session(self, owner: str, request: ChatRequest) -> Session:
        """The session that a request continues or begins."""
        return Session(owner, request.session_id or str(uuid.uuid4()))

    def turn(self, session: Session, request: ChatRequest, history: tuple[Message, ...]) -> tuple[Flow, Scene]:
        """The turn, ready to be driven, and what it plays in."""
        pace = Pace(self._limits, self._drain, self._clock.monotonic)
        return turn(session.id, request.message, history, pace), Scene(session, history, TOOLS, self._clock)

    @staticmethod
    def named(owner: str, session_id: str) -> Session | None:
        """The session of this name; None for a name that none can have."""
        return Session(owner, session_id) if re.fullmatch(SESSION_ID_PATTERN, session_id) else None

    @staticmethod
    def transcript(session_id: str, messages: tuple[Message, ...]) -> SessionResponse:
        """All that is stored; raises `NotFound` when that is nothing."""
        if not messages:
            raise NotFound("There is no such session for this key")
        return SessionResponse(session_id=session_id, messages=list(messages))


class Agent:
    """The agent, for code that may block."""

    def __init__(self, rules: Rules, model: Model, store: SessionStore) -> None:
        self._rules, self._model, self._store = rules, model, store

    def wrap_model(self, wrapped: Callable[[Model], Model]) -> None:
        """Put something around the model, before the first turn."""
        self._model = wrapped(self._model)

    def chat(self, owner: str, request: ChatRequest) -> ChatResponse:
        """A whole turn; raises what it failed of."""
        session = self._rules.session(owner, request)
        reply = Reply(session.id)
        with closing(self._outputs(session, request)) as outputs:
            for output in outputs:
                reply.add(output)
        return reply.response()

    def stream(self, owner: str, request: ChatRequest) -> Stream:
        """A turn's outputs, as they happen; raises `Unavailable` while there is no answer to break off yet."""
        release = self._rules.slots.take()
        try:
            return Stream(self._outputs(self._rules.session(owner, request), request), release)
        except BaseException:
            release()
            raise

    def session(self, owner: str, session_id: str) -> SessionResponse:
        """All that is stored of a session; raises `NotFound`."""
        session = self._rules.named(owner, session_id)
        messages = self._store.read(session) if session else ()
        return self._rules.transcript(session_id, messages)

    def forget(self, owner: str, session_id: str) -> None:
        """Delete a session, if there is one."""
        if session := self._rules.named(owner, session_id):
            self._store.delete(session)

    def close(self) -> None:
        """Let go of the model and, whatever becomes of that, of the store."""
        try:
            self._model.close()
        finally:
            self._store.close()

    def _outputs(self, session: Session, request: ChatRequest) -> Driver:
        history = self._store.read(session, self._rules.history)
        flow, scene = self._rules.turn(session, request, history)
        return Driver(flow, scene, self._model, self._store)


class AsyncAgent:
    """The agent, for code on an event loop."""

    def __init__(self, rules: Rules, model: AsyncModel, store: AsyncSessionStore) -> None:
        self._rules, self._model, self._store = rules, model, store

    def wrap_model(self, wrapped: Callable[[AsyncModel], AsyncModel]) -> None:
        """As `Agent.wrap_model`."""
        self._model = wrapped(self._model)

    async def chat(self, owner: str, request: ChatRequest) -> ChatResponse:
        """As `Agent.chat`."""
        session = self._rules.session(owner, request)
        reply = Reply(session.id)
        async with aclosing(await self._outputs(session, request)) as outputs:
            async for output in outputs:
                reply.add(output)
        return reply.response()

    async def stream(self, owner: str, request: ChatRequest) -> AsyncStream:
        """As `Agent.stream`."""
        release = self._rules.slots.take()
        try:
            return AsyncStream(await self._outputs(self._rules.session(owner, request), request), release)
        except BaseException:
            release()
            raise

    async def session(self, owner: str, session_id: str) -> SessionResponse:
        """As `Agent.session`."""
        session = self._rules.named(owner, session_id)
        messages = await self._store.read(session) if session else ()
        return self._rules.transcript(session_id, messages)

    async def forget(self, owner: str, session_id: str) -> None:
        """As `Agent.forget`."""
        if session := self._rules.named(owner, session_id):
            await self._store.delete(session)

    async def close(self) -> None:
        """As `Agent.close`."""
        try:
            await self._model.close()
        finally:
            await self._store.close()

    async def _outputs(self, session: Session, request: ChatRequest) -> AsyncDriver:
        history = await self._store.read(session, self._rules.history)
        flow, scene = self._rules.turn(session, request, history)
        return AsyncDriver(flow, scene, self._model, self._store)
