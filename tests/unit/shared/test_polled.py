"""Calls over generators: by a thread, by a task, and by a thread for a loop; the same tests for all three.

Every test is a coroutine; for the call that blocks it is driven by hand, without a loop, as it is under gevent.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any

import pytest

from shared.agent import cancel
from shared.agent.model import Delta, End, Text, ToolCall
from shared.agent.polled import DEPTH
from shared.agent.polled_models import AsyncPolledModel
from tests.unit.shared.polling import KINDS, LONG, Agent, Body, Polling, all_of, readers, until


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Any:
    """Each way to poll."""
    return KINDS[request.param]


@pytest.fixture(params=["thread", "thread for a loop"])
def thread(request: pytest.FixtureRequest) -> Any:
    """Each way to poll a thread."""
    return KINDS[request.param]


def play(kind: Any, body: Body, test: Callable[[Polling, Agent], Coroutine[Any, Any, None]]) -> None:
    """Run a test with a call over `body`, and see that nothing of it is left."""
    agent = Agent(body)

    async def main() -> None:
        polling = kind(agent)
        try:
            await test(polling, agent)
        finally:
            await polling.close()
            await polling.close()
            await until(polling, lambda: not readers(), "end of the reader")
            assert agent.finished.is_set()
            await polling.close_model()
            assert agent.closed == 1

    kind.run(main())


def test_everything_comes_in_order(kind: Any) -> None:
    """All deltas, however many, then the end, which the generator need not give itself."""
    call = ToolCall("1", "calculate", {})

    def body() -> Generator[Delta, None, None]:
        yield from (Text(str(number)) for number in range(10 * DEPTH))
        yield call

    async def test(polling: Polling, _: Agent) -> None:
        assert await all_of(polling) == [*(Text(str(number)) for number in range(10 * DEPTH)), call, End()]

    play(kind, body, test)


def test_nothing_comes_in_time(thread: Any) -> None:
    """A poll gives nothing after its time, and what comes later is there for the next one."""
    go_on = threading.Event()

    def body() -> Generator[Delta, None, None]:
        yield Text("a")
        go_on.wait(LONG)
        yield Text("b")

    async def test(polling: Polling, _: Agent) -> None:
        assert await polling.receive(LONG) == [Text("a")]
        assert await polling.receive(0.02) == ()
        go_on.set()
        assert (await polling.receive(LONG))[0] == Text("b")

    play(thread, body, test)


def test_an_error_comes_after_what_was_said(kind: Any) -> None:
    """The deltas before it first, then the error, at every poll from then on."""
    error = RuntimeError("broken")

    def body() -> Generator[Delta, None, None]:
        yield Text("a")
        raise error

    async def test(polling: Polling, agent: Agent) -> None:
        await until(polling, agent.finished.is_set, "error")
        assert await polling.receive(LONG) == [Text("a")]
        for _ in range(2):
            with pytest.raises(RuntimeError) as raised:
                await polling.receive(LONG)
            assert raised.value is error

    play(kind, body, test)


def test_a_slow_client_slows_the_model_down(kind: Any) -> None:
    """However long nobody takes anything, no more than the queue's depth is kept."""
    given = 0

    def body() -> Generator[Delta, None, None]:
        nonlocal given
        while True:
            given += 1
            yield Text("x")

    async def test(polling: Polling, _: Agent) -> None:
        taken = 0
        for _round in range(20):
            full = taken + DEPTH
            await until(polling, lambda: given >= full, "full queue")  # noqa: B023 - called at once
            await polling.tick()
            assert given <= taken + DEPTH + 1
            taken += len(await polling.receive(LONG))

    play(kind, body, test)


def test_a_reader_that_waits_is_interrupted(thread: Any) -> None:
    """What says how its wait can be ended is woken when the call is closed, and can begin no other wait."""
    waiting, woken = threading.Event(), threading.Event()

    def body() -> Generator[Delta, None, None]:
        yield Text("a")
        with cancel.current().interrupting(woken.set):
            waiting.set()
            woken.wait(LONG)
        cancel.current().pause(LONG)

    async def test(polling: Polling, agent: Agent) -> None:
        assert await polling.receive(LONG) == [Text("a")]
        await until(polling, waiting.is_set, "wait")
        await polling.close()
        await until(polling, agent.finished.is_set, "end of the generator")
        assert woken.is_set()

    play(thread, body, test)


def test_a_reader_that_pauses_is_interrupted(thread: Any) -> None:
    """A pause ends when the call is closed."""

    def body() -> Generator[Delta, None, None]:
        cancel.current().pause(LONG)
        yield Text("never")

    async def test(polling: Polling, agent: Agent) -> None:
        assert await polling.receive(0.02) == ()
        await polling.close()
        await until(polling, agent.finished.is_set, "end of the generator")

    play(thread, body, test)


def test_a_deaf_reader_ends_with_its_next_delta(thread: Any) -> None:
    """Code that knows nothing of this ends when it next has something to give."""
    go_on = threading.Event()

    def body() -> Generator[Delta, None, None]:
        while True:
            go_on.wait(LONG)
            yield Text("a")

    async def test(polling: Polling, agent: Agent) -> None:
        await polling.close()
        assert not agent.finished.is_set()
        go_on.set()
        await until(polling, agent.finished.is_set, "end of the generator")

    play(thread, body, test)


def test_what_is_no_delta_is_refused(kind: Any) -> None:
    """A model that gives plain strings is told what is due."""

    def body() -> Generator[Any, None, None]:
        yield "plain"

    async def test(polling: Polling, _: Agent) -> None:
        with pytest.raises(TypeError, match="a model gave str where Text, ToolCall or End is due"):
            await polling.receive(LONG)

    play(kind, body, test)


def test_a_task_that_will_not_end_is_told_of(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that swallows the cancellation cannot hold up the turn that gave it up; the log says so."""
    monkeypatch.setattr("shared.agent.polled.CLOSING", 0.01)
    go_on = asyncio.Event()

    class Stubborn:
        async def aask(self, *_: object) -> AsyncGenerator[Delta, None]:
            yield Text("a")
            try:
                await asyncio.sleep(LONG)
            except asyncio.CancelledError:
                await go_on.wait()

    async def main() -> None:
        call = AsyncPolledModel(Stubborn()).open([], ())
        assert await call.receive(LONG) == [Text("a")]
        await call.close()
        go_on.set()

    asyncio.run(main())
    assert "let CancelledError pass" in caplog.text
