"""What the store tests stand on: turns, a clock, a Redis server of their own, async stores in blocking clothes.

Rule: one suite for every store, so whatever differs between them is hidden here and nowhere else.
Neighbours: `test_stores`, `test_sqlite_store`.
"""

import asyncio
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from loadtests.serve.ports import kept_port
from shared.models import Message
from shared.sessions import AsyncSessionStore, Session
from tests.requirements import skip_or_fail

SESSION = Session("owner", "session")
DAY = 86400.0

_Result = TypeVar("_Result")


def turn(text: str) -> tuple[Message, Message]:
    """A turn whose two messages say the same, so that a pair can be told."""
    return Message(role="user", content=text), Message(role="assistant", content=text)


def texts(messages: tuple[Message, ...]) -> list[str]:
    """One text a turn; fails when a pair is not adjacent."""
    assert [message.role for message in messages] == ["user", "assistant"] * (len(messages) // 2)
    assert [message.content for message in messages[::2]] == [message.content for message in messages[1::2]]
    return [message.content for message in messages[::2]]


@dataclass
class Clock:
    """A clock that only the test moves."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Blocking:
    """An async store driven from threads: every call runs on one event loop in the background."""

    def __init__(self, store: AsyncSessionStore) -> None:
        self._store = store
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As the store's."""
        return self._wait(self._store.read(session, limit))

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As the store's."""
        self._wait(self._store.append(session, turn))

    def delete(self, session: Session) -> None:
        """As the store's."""
        self._wait(self._store.delete(session))

    def close(self) -> None:
        """Close the store, then end the loop."""
        self._wait(self._store.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis server of our own on a free port, without a disk; gives its URL."""
    program = shutil.which("redis-server")
    if program is None:
        skip_or_fail("redis", "apt-get install redis-server, or put the program on PATH")
    with kept_port() as port, (folder / "redis.log").open("wb") as log:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _await_port(port, server)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(timeout=10)


def _await_port(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"redis-server not ready on port {port}; its exit code is {server.poll()}")
