"""A blocking store for an event loop: its calls are made on a few threads of its own.

Rule: the loop never waits for a disk, and no thread waits for a lock: a call that finds the store locked is made again
after a pause on the loop, until the deadline. A stuck store so holds up no read, and every call has its answer in time.
Neighbours: `sqlite` (the store that is used this way), `locked` (the pauses).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from shared.errors import StoreUnavailable
from shared.models import Message
from shared.sessions.locked import DEADLINE, Locked, pauses
from shared.sessions.protocol import Session, SessionStore

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_READERS = 4


class ThreadedStore:
    """An `AsyncSessionStore` made of a `SessionStore` that raises `Locked` at once; `deadline` in seconds."""

    def __init__(self, store: SessionStore, deadline: float = DEADLINE) -> None:
        self._store, self._deadline = store, deadline
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="session-store-read")
        # One, since a store takes one writer at a time: more would only find each other's lock.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="session-store-write")

    async def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        return await self._run(self._readers, self._store.read, session, limit)

    async def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`."""
        await self._run(self._writer, self._store.append, session, turn)

    async def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        await self._run(self._writer, self._store.delete, session)

    async def close(self) -> None:
        """As `SessionStore.close`; what is under way is finished first."""
        for threads in (self._readers, self._writer):
            await asyncio.to_thread(threads.shutdown)
        self._store.close()

    async def _run(
        self,
        threads: ThreadPoolExecutor,
        work: Callable[_Parameters, _Result],
        *args: _Parameters.args,
        **_: _Parameters.kwargs,
    ) -> _Result:
        """Do it, for as long as it takes to find the store free; what has not begun by the deadline never does."""
        try:
            async with asyncio.timeout(self._deadline):
                for pause in pauses():
                    try:
                        return await asyncio.get_running_loop().run_in_executor(threads, work, *args)
                    except Locked:
                        await asyncio.sleep(pause)
        except TimeoutError as error:
            raise StoreUnavailable from error
        raise AssertionError  # the pauses have no end
