"""Sessions in Redis, shared by many hosts: a list a session, two entries a turn.

Rule: both entries and the new idle time go in one MULTI, and nothing is tried twice, since a turn whose
answer got lost may well be stored. The server's clock decides what is idle. Connections are made when first
needed. Neighbours: `protocol` (the promises), `sqlite` (for one host).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import StoreUnavailable
from shared.models import Message
from shared.sessions.protocol import Session

# Seconds, and connections per process: under greenlets or tasks there is no other limit.
_LIMITS: dict[str, Any] = {
    "max_connections": 50,
    "timeout": 5.0,  # for one of the connections to come free
    "socket_connect_timeout": 2.0,
    "socket_timeout": 2.0,
}


class RedisStore:
    """A `SessionStore`; `ttl` in seconds. Raises ValueError when the URL cannot be one."""

    def __init__(self, url: str, ttl: float) -> None:
        with _in_words():
            pool = redis.BlockingConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **_LIMITS)
        self._client = redis.Redis.from_pool(pool)
        self._ttl = _milliseconds(ttl)

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        if limit == 0:
            return ()
        with _reaching():
            return _decoded(self._client.lrange(_key(session), -limit if limit else 0, -1))

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`."""
        with _reaching(), self._client.pipeline(transaction=True) as pipeline:
            pipeline.rpush(_key(session), *_encoded(turn))
            pipeline.pexpire(_key(session), self._ttl)
            pipeline.execute()

    def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        with _reaching():
            self._client.delete(_key(session))

    def close(self) -> None:
        """As `SessionStore.close`."""
        self._client.close()


class AsyncRedisStore:
    """As `RedisStore`, for an event loop."""

    def __init__(self, url: str, ttl: float) -> None:
        with _in_words():
            pool = redis.asyncio.BlockingConnectionPool.from_url(url, retry=AsyncRetry(NoBackoff(), 0), **_LIMITS)
        self._client = redis.asyncio.Redis.from_pool(pool)
        self._ttl = _milliseconds(ttl)

    async def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        if limit == 0:
            return ()
        with _reaching():
            return _decoded(await self._client.lrange(_key(session), -limit if limit else 0, -1))

    async def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`."""
        with _reaching():
            async with self._client.pipeline(transaction=True) as pipeline:
                pipeline.rpush(_key(session), *_encoded(turn))
                pipeline.pexpire(_key(session), self._ttl)
                await pipeline.execute()

    async def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        with _reaching():
            await self._client.delete(_key(session))

    async def close(self) -> None:
        """As `SessionStore.close`."""
        await self._client.aclose()


def _key(session: Session) -> str:
    return f"parity:{session.owner}:{session.id}"


def _milliseconds(ttl: float) -> int:
    return max(1, round(ttl * 1000))


def _encoded(turn: tuple[Message, Message]) -> tuple[str, str]:
    return turn[0].model_dump_json(), turn[1].model_dump_json()


def _decoded(entries: list[Any]) -> tuple[Message, ...]:
    return tuple(Message.model_validate_json(entry) for entry in entries)


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise StoreUnavailable from error


@contextmanager
def _in_words() -> Iterator[None]:
    """A bad URL's error, without the URL: it can hold a password."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ValueError("the Redis session store's URL is malformed: use redis://host:6379/0") from error
