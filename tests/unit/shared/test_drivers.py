"""The two drivers: the same outputs from the same turn, and nothing left open when they are closed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field

import anyio
import pytest

from shared.agent.drivers import AsyncDriver, Driver, Scene
from shared.agent.model import Delta, End, Text, ToolCall, Utterance
from shared.agent.tools import TOOLS, Tool
from shared.agent.turn import Failed, Flow, Limits, Output, Pace, Tokens, turn
from shared.clock import Clock
from shared.drain import Drain
from shared.errors import StoreUnavailable
from shared.models import EndEvent, Message, StartEvent, ToolCallEvent
from shared.sessions import Session
from shared.sessions.memory import MemoryStore
from shared.sessions.threaded import ThreadedStore

SESSION = Session("owner", "s")
CALL = ToolCall("1", "calculate", {"expression": "6 * 7"})


@dataclass
class Script:
    """What a fake model gives, one answer for each `receive`, and how often its calls were closed."""

    answers: list[Sequence[Delta] | Exception]
    closed: int = 0
    asked: list[Sequence[Utterance]] = field(default_factory=list)

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> "Script":
        """One call at a time is all that a turn makes."""
        assert tools == TOOLS
        self.asked.append(conversation)
        return self

    def receive(self, timeout: float) -> Sequence[Delta]:
        """The next answer."""
        assert timeout >= 0
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Count."""
        self.closed += 1


class AsyncScript:
    """The same model for an event loop."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def open(self, conversation: Sequence[Utterance], tools: Sequence[Tool]) -> "AsyncScript":
        """As `Script.open`."""
        self.script.open(conversation, tools)
        return self

    async def receive(self, timeout: float) -> Sequence[Delta]:  # noqa: ASYNC109 - the model's protocol
        """As `Script.receive`."""
        await asyncio.sleep(0)
        return self.script.receive(timeout)

    async def close(self) -> None:
        """As `Script.close`."""
        self.script.close()


Outputs = Callable[[Script, MemoryStore, int | None], list[Output]]


def blocking(script: Script, store: MemoryStore, stop_after: int | None = None) -> list[Output]:
    """Drive a turn without a loop; close it after some outputs."""
    taken = []
    with closing(Driver(_turn(), _scene(), script, store)) as outputs:
        for output in outputs:
            taken.append(output)
            if len(taken) == stop_after:
                break
    return taken


def on_a_loop(script: Script, store: MemoryStore, stop_after: int | None = None) -> list[Output]:
    """Drive a turn on an event loop; close it after some outputs."""

    async def main() -> list[Output]:
        threaded = ThreadedStore(store)
        taken = []
        async with aclosing(AsyncDriver(_turn(), _scene(), AsyncScript(script), threaded)) as outputs:
            async for output in outputs:
                taken.append(output)
                if len(taken) == stop_after:
                    break
        await threaded.close()
        return taken

    return asyncio.run(main())


def _turn() -> Flow:
    return turn("s", "6 * 7?", (), Pace(Limits(5.0, 5.0), Drain(0.0), lambda: 0.0))


def _scene() -> Scene:
    return Scene(SESSION, (), TOOLS, Clock())


@pytest.fixture(params=[blocking, on_a_loop], ids=["blocking", "on-a-loop"])
def outputs(request: pytest.FixtureRequest) -> Outputs:
    """Either driver."""
    driver: Outputs = request.param
    return driver


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore(60.0, lambda: 0.0)


def test_a_whole_turn(outputs: Outputs, store: MemoryStore) -> None:
    """Tokens, a tool that really runs, tokens, the end; the turn is stored and every model call closed."""
    script = Script([[Text("So: "), CALL, End()], [Text("42"), End()]])
    assert outputs(script, store, None) == [
        StartEvent(session_id="s"),
        Tokens(("So: ",)),
        ToolCallEvent(name="calculate", arguments={"expression": "6 * 7"}, result="42"),
        Tokens(("42",)),
        EndEvent(),
    ]
    assert store.read(SESSION) == (
        Message(role="user", content="6 * 7?"),
        Message(role="assistant", content="So: 42"),
    )
    assert script.closed == len(script.asked) == 2


@pytest.mark.parametrize("error", [RuntimeError("crash"), StoreUnavailable()], ids=["unexpected", "known"])
def test_what_the_model_raises_comes_out(outputs: Outputs, store: MemoryStore, error: Exception) -> None:
    """An error of an effect goes into the turn, which ends with it; the call is closed, nothing is stored."""
    script = Script([[Text("So")], error])
    assert outputs(script, store, None)[-1] == Failed(error)
    assert store.read(SESSION) == ()
    assert script.closed == 1


@pytest.mark.parametrize("after", [1, 2, 3])
def test_closing_cancels_the_call(outputs: Outputs, store: MemoryStore, after: int) -> None:
    """An iterator that is closed early closes the open model call and stores nothing."""
    script = Script([[Text("a")], [Text("b")], [End()]])
    assert len(outputs(script, store, after)) == after
    assert store.read(SESSION) == ()
    assert script.closed == len(script.asked)


@pytest.mark.parametrize("answers", [[[]] * 1000, [[Text("a")], [CALL, End()], [End()]]], ids=["silent", "tools"])
def test_a_cancelled_task_closes_the_call_to_the_end(answers: list[Sequence[Delta] | Exception]) -> None:
    """Cancellation, which anyio delivers at every await, does not break off the closing of the model's call."""

    class Slow(AsyncScript):
        async def close(self) -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await super().close()

    script = Script(answers)

    async def main() -> None:
        store = ThreadedStore(MemoryStore(60.0, lambda: 0.0))
        with anyio.CancelScope() as scope:
            async with aclosing(AsyncDriver(_turn(), _scene(), Slow(script), store)) as outputs:
                async for _ in outputs:
                    scope.cancel()
        await store.close()

    asyncio.run(main())
    assert script.closed == len(script.asked) == 1
