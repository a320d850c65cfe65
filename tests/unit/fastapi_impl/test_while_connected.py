"""Work for a client: given up when the client goes, and not a task dearer when it never waits."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from fastapi_impl.routes import while_connected


async def _here() -> Message:
    """A client that stays."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def _leaves() -> Message:
    """A client that goes as soon as anybody looks."""
    return {"type": "http.disconnect"}


def _tasks_at_the_end(wait: Callable[[], Awaitable[None]]) -> int:
    async def work() -> int:
        await wait()
        return len(asyncio.all_tasks())

    return asyncio.run(while_connected(_here, work()))


async def _at_once() -> None:
    """Never waits."""


async def _two_rounds() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_no_task_for_work_that_never_waits() -> None:
    """Only work that waits has a task beside it that listens."""
    assert (_tasks_at_the_end(_at_once), _tasks_at_the_end(_two_rounds)) == (1, 2)


def test_cancelled_when_the_client_goes() -> None:
    """The work is cancelled and the caller told, and what the work does on its way out is done to its end."""
    done: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            done.append("closed")

    with pytest.raises(ClientDisconnect):
        asyncio.run(while_connected(_leaves, work()))
    assert done == ["closed"]


def test_the_works_own_timeout() -> None:
    """A TimeoutError of the work's own is no sign that the client has gone."""

    async def work() -> None:
        await asyncio.sleep(0)
        raise TimeoutError("the model's")

    with pytest.raises(TimeoutError, match="the model's"):
        asyncio.run(while_connected(_here, work()))


def test_nothing_left_behind() -> None:
    """The task that listened has ended when the work is over."""

    async def both() -> int:
        await while_connected(_here, _two_rounds())
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert asyncio.run(both()) == 1
