"""Sessions in the memory of one process: for trying things out and for tests.

Rule: memory is bounded by the idle time. Sessions stand in the order of their last turn, so what is too old
stands in front and is dropped there by whoever comes next. Neighbour: `sqlite`, the store to use when there
are workers.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.models import Message
from shared.sessions.protocol import Session, newest


@dataclass(slots=True)
class _Kept:
    used: float = 0.0
    messages: list[Message] = field(default_factory=list)


class MemoryStore:
    """A `SessionStore`; `ttl` in seconds, `now` any clock in seconds."""

    def __init__(self, ttl: float, now: Callable[[], float]) -> None:
        self._ttl, self._now = ttl, now
        self._lock = threading.Lock()
        self._sessions: OrderedDict[Session, _Kept] = OrderedDict()

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        with self._lock:
            self._sweep()
            kept = self._sessions.get(session)
            return newest(kept.messages, limit) if kept else ()

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`."""
        with self._lock:
            now = self._sweep()
            kept = self._sessions.pop(session, None) or _Kept()
            kept.used = now
            kept.messages += turn
            self._sessions[session] = kept

    def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        with self._lock:
            self._sessions.pop(session, None)

    def close(self) -> None:
        """Nothing to let go of."""

    def __len__(self) -> int:
        return len(self._sessions)

    def _sweep(self) -> float:
        """Drop every session that was idle too long; the time that this was true at."""
        now = self._now()
        while self._sessions and now - next(iter(self._sessions.values())).used >= self._ttl:
            self._sessions.popitem(last=False)
        return now


class AsyncMemoryStore:
    """The same store for an event loop: its calls never wait for anything, so they are made directly."""

    def __init__(self, ttl: float, now: Callable[[], float]) -> None:
        self._store = MemoryStore(ttl, now)

    async def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        return self._store.read(session, limit)

    async def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`."""
        self._store.append(session, turn)

    async def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        self._store.delete(session)

    async def close(self) -> None:
        """As `SessionStore.close`."""
