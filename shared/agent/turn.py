"""One turn of the agent, written once: pure logic, as a generator that asks for effects and yields outputs.

Rule: no I/O and no clock of its own; whoever drives it performs each effect and sends the answer back (or throws
what went wrong), and passes every output on. So the events and their order are the same for sync and async by
construction. Modelled on httpx's auth flows and h11. Neighbours: `drivers` (the two loops), `model` (what is asked).
"""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from pydantic_core import to_json

from shared.agent.model import Assistant, Delta, Text, ToolCall, ToolResult, User, Utterance
from shared.errors import ModelError, ModelTimeout, Unavailable
from shared.models import EndEvent, Message, StartEvent, ToolCallEvent

MAX_ROUNDS = 5
WAKE = 0.5  # seconds: the longest that a waiting turn goes without a look at the drain


class Effect:
    """What a turn asks of its driver; the answer is sent back, or what went wrong is thrown."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ask(Effect):
    """Effect: open a model call on this conversation. Answer: None."""

    conversation: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Receive(Effect):
    """Effect: wait at most `timeout` seconds for the model. Answer: a sequence of `Delta`, empty for nothing yet."""

    timeout: float


@dataclass(frozen=True, slots=True)
class UseTool(Effect):
    """Effect: run a tool. Answer: its result, a string (a tool's failure is a result too)."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Store(Effect):
    """Effect: keep the user's message and the reply, both or neither. Answer: None."""

    turn: tuple[Message, Message]


class Tokens(NamedTuple):  # no dataclass: one is made for each event of a stream, and a frozen one takes twice as long
    """Output: what came of the reply in one receive. A stream sends each token by itself, an answer joins them."""

    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """Output: nothing happened for a while, and the connection is to stay open."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Output: the turn failed of this; the last one, like `EndEvent`."""

    cause: Exception


Output = StartEvent | Tokens | ToolCallEvent | EndEvent | Ping | Failed
Flow = Generator[Effect | Output, Any, None]


class Drain(Protocol):
    """What a turn must know of the process it runs in."""

    @property
    def expired(self) -> bool:
        """Whether the time that open streams are given is over."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `model_timeout` without a delta ends the turn, `heartbeat` without an output asks for a ping.

    For the first delta of each call, `first_token` holds if it is given.
    """

    model_timeout: float
    heartbeat: float
    first_token: float | None = None


class Pace:
    """Keeps the turn's times: when it last said something, and when it last heard of the model."""

    __slots__ = ("_drain", "_limits", "_next_token", "_now", "_ping_at", "_too_late_at")

    def __init__(self, limits: Limits, drain: Drain, now: Callable[[], float]) -> None:
        self._limits, self._drain, self._now = limits, drain, now
        self._ping_at, self._too_late_at = math.inf, math.inf
        self._next_token = Receive(min(limits.heartbeat, limits.model_timeout, WAKE))

    def said(self) -> None:
        """An output has gone out."""
        self._ping_at = self._now() + self._limits.heartbeat

    def asked(self) -> None:
        """The model was asked, and has the time until its first delta."""
        self._too_late_at = self._now() + (self._limits.first_token or self._limits.model_timeout)

    def heard(self) -> None:
        """The model was heard of, and has the time between two deltas."""
        self._too_late_at = self._now() + self._limits.model_timeout

    def went_on(self) -> Receive:
        """The model was heard of, and what it said has gone out: what to ask next is then as ever, and made once."""
        now = self._now()
        self._ping_at, self._too_late_at = now + self._limits.heartbeat, now + self._limits.model_timeout
        return self._next_token

    def patience(self) -> Receive:
        """Wait until the next thing must be done if the model stays silent."""
        return Receive(min(max(min(self._ping_at, self._too_late_at) - self._now(), 0.0), WAKE))

    def go_on(self) -> None:
        """Raises `Unavailable` when the process drains and the time of its open streams is over."""
        if self._drain.expired:
            raise Unavailable

    def ping_due(self) -> bool:
        """Whether a silent model makes a ping due; raises `ModelTimeout` when it was silent too long."""
        now = self._now()
        if now >= self._too_late_at:
            raise ModelTimeout
        return now >= self._ping_at


def turn(session_id: str, message: str, history: tuple[Message, ...], pace: Pace) -> Flow:
    """Answer `message`, given what was said before: `StartEvent`, tokens and tool calls, then the end.

    The last output is exactly one of `EndEvent` (the turn is stored) and `Failed` (it is not).
    """
    try:
        yield StartEvent(session_id=session_id)
        pace.said()
        conversation: list[Utterance] = [_utterance(past) for past in history]
        reply = yield from _converse([*conversation, User(message)], pace)
        yield Store((Message(role="user", content=message), Message(role="assistant", content=reply)))
        yield EndEvent()
    except Exception as exc:
        yield Failed(exc)


def _converse(conversation: list[Utterance], pace: Pace) -> Generator[Effect | Output, Any, str]:
    """Ask, run the tools that the model calls, ask again; the reply is all of the text."""
    reply = ""
    for _ in range(MAX_ROUNDS):
        yield Ask(tuple(conversation))
        answer = yield from _listen(pace)
        reply += answer.content
        if not answer.calls:
            return reply
        conversation.append(answer)
        for call in answer.calls:
            result: str = yield UseTool(call)
            yield ToolCallEvent(name=call.name, arguments=dict(call.arguments), result=result)
            pace.said()
            conversation.append(ToolResult(call, result))
    raise ModelError(f"The model called tools {MAX_ROUNDS} times without an answer")


def _listen(pace: Pace) -> Generator[Effect | Output, Any, Assistant]:
    """One answer of the model, its tokens passed on as they come: those of one receive together."""
    said: list[str] = []
    calls: list[ToolCall] = []
    pace.asked()
    receive = pace.patience()
    while True:
        deltas: Sequence[Delta] = yield receive
        pace.go_on()
        tokens, called, over = _sorted(deltas)
        if tokens:
            yield Tokens(tokens)
            said += tokens
            receive = pace.went_on()  # not before: the time that a client took to read is not the model's
        calls += map(_sent, called)
        if over:
            return Assistant("".join(said), tuple(calls))
        if tokens:
            continue
        if deltas:
            pace.heard()
        if pace.ping_due():
            yield Ping()
            pace.said()
        receive = pace.patience()


def _sorted(deltas: Sequence[Delta]) -> tuple[tuple[str, ...], list[ToolCall], bool]:
    """The tokens among them, the calls, and whether the answer is over; nothing counts that comes after its end."""
    tokens: list[str] = []
    calls: list[ToolCall] = []
    for delta in deltas:
        if isinstance(delta, Text):
            if delta.content:  # an empty one is a sign of life, and no token
                tokens.append(delta.content if delta.content.isascii() else _sound(delta.content))
        elif isinstance(delta, ToolCall):
            calls.append(delta)
        else:
            return tuple(tokens), calls, True
    return tuple(tokens), calls, False


def _sound(token: str) -> str:
    """As it can be sent: a model's JSON may bring half of a surrogate pair, which UTF-8 has no bytes for."""
    return token.encode(errors="replace").decode()


def _sent(call: ToolCall) -> ToolCall:
    """The call, if it can be sent; raises `ModelError` when its arguments are nothing that JSON has."""
    try:
        to_json([call.name, call.arguments])
    except ValueError as error:
        raise ModelError from error
    return call


def _utterance(message: Message) -> Utterance:
    return User(message.content) if message.role == "user" else Assistant(message.content)
