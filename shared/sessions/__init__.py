"""Where conversations are kept: one small protocol, three stores behind it, picked by URL.

Rule: callers know the protocol and the URL, never a store. A store is imported when its URL is used, so that
no process loads a client library that it does not need. Neighbours: `protocol` (the promises), the stores.
"""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from shared.sessions.protocol import AsyncSessionStore, Session, SessionStore

__all__ = ["AsyncSessionStore", "Session", "SessionStore", "async_store_for", "store_for"]

_Now = Callable[[], float]
_Store = TypeVar("_Store")
_Factory = Callable[[str, float, _Now], _Store]


def store_for(url: str, *, ttl: float, now: _Now = time.time) -> SessionStore:
    """The store at `url`, for code that may block; `ttl` is in seconds since a session's last turn.

    Raises ValueError, in one sentence with its cure, when the URL or what it points at cannot serve.
    """
    return _pick(_BLOCKING, url)(url, ttl, now)


def async_store_for(url: str, *, ttl: float, now: _Now = time.time) -> AsyncSessionStore:
    """As `store_for`, for code on an event loop."""
    return _pick(_ASYNC, url)(url, ttl, now)


def _memory(url: str, ttl: float, now: _Now) -> SessionStore:
    from shared.sessions import memory  # noqa: PLC0415 - a store is imported when it is used

    return memory.MemoryStore(_bare(url, ttl), now)


def _async_memory(url: str, ttl: float, now: _Now) -> AsyncSessionStore:
    from shared.sessions import memory  # noqa: PLC0415 - as above

    return memory.AsyncMemoryStore(_bare(url, ttl), now)


def _sqlite(url: str, ttl: float, now: _Now) -> SessionStore:
    from shared.sessions import sqlite  # noqa: PLC0415 - as above

    return sqlite.SqliteStore(sqlite.path_of(url), ttl, now)


def _async_sqlite(url: str, ttl: float, now: _Now) -> AsyncSessionStore:
    from shared.sessions import sqlite, threaded  # noqa: PLC0415 - as above

    return threaded.ThreadedStore(sqlite.SqliteStore(sqlite.path_of(url), ttl, now, deadline=0))


def _redis(url: str, ttl: float, _: _Now) -> SessionStore:
    from shared.sessions import redis  # noqa: PLC0415 - as above

    return redis.RedisStore(url, ttl)


def _async_redis(url: str, ttl: float, _: _Now) -> AsyncSessionStore:
    from shared.sessions import redis  # noqa: PLC0415 - as above

    return redis.AsyncRedisStore(url, ttl)


_BLOCKING: Mapping[str, _Factory[SessionStore]] = {
    "sqlite": _sqlite,
    "memory": _memory,
    "redis": _redis,
    "rediss": _redis,
}
_ASYNC: Mapping[str, _Factory[AsyncSessionStore]] = {
    "sqlite": _async_sqlite,
    "memory": _async_memory,
    "redis": _async_redis,
    "rediss": _async_redis,
}


def _pick(table: Mapping[str, _Factory[_Store]], url: str) -> _Factory[_Store]:
    scheme, separator, _ = url.partition("://")  # only the scheme may be told: the rest can hold a password
    if not separator or scheme not in table:
        kind = f"of the kind {scheme!r}" if separator else "without a kind"
        raise ValueError(f"there is no session store {kind}: use sqlite:///path, memory:// or redis://host:6379/0")
    return table[scheme]


def _bare(url: str, ttl: float) -> float:
    if url != "memory://":
        raise ValueError("the session store in memory has neither host nor path: use memory://")
    return ttl
