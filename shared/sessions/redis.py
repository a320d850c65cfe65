"""Sessions in Redis, shared by many hosts: a list a session, two entries a turn.

Rule: both entries and the new idle time go in one MULTI, and nothing is tried twice, since a turn whose
answer got lost may well be stored. The server's clock decides what is idle. Connections are made when first
needed. A long session is read in pages, so that none of them keeps an event loop for long. Neighbours: `protocol`
(the promises), `sqlite` (for one host).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from shared.errors import StoreUnavailable
from shared.models import Message
from shared.sessions.protocol import Session

# Seconds, and connections per process: under greenlets or tasks there is no other limit.
_LIMITS: dict[str, Any] = {
    "max_connections": 50,
    "timeout": 3.0,  # for one of the connections to come free: with the socket's, 5 s until a call gives up
    "socket_connect_timeout": 2.0,
    "socket_timeout": 2.0,
    # With them on, redis-py 8.1 takes an idle connection that Redis has closed for a good one (redis-py #4252), so
    # that after a restart each of them fails a turn.
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}
# Messages at a time, an even number: 10,000 in one piece kept an event loop for 27 ms, 1,000 for 12 ms, 200 for 3 ms.
_PAGE = 200


class RedisStore:
    """A `SessionStore`; `ttl` in seconds. Raises ValueError when the URL cannot be one."""

    def __init__(self, url: str, ttl: float) -> None:
        with _in_words():
            pool = redis.BlockingConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **_LIMITS)
        self._client = redis.Redis.from_pool(pool)
        self._ttl = _milliseconds(ttl)

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        if limit is not None:
            return self._range(session, -limit, -1) if limit else ()
        messages: list[Message] = []
        while len(messages) % _PAGE == 0:
            page = self._range(session, len(messages), len(messages) + _PAGE - 1)
            messages += page
            if not page:
                break
        return tuple(messages)

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

    def _range(self, session: Session, first: int, last: int) -> tuple[Message, ...]:
        with _reaching():
            return _decoded(self._client.lrange(_key(session), first, last))


class AsyncRedisStore:
    """As `RedisStore`, for an event loop."""

    def __init__(self, url: str, ttl: float) -> None:
        with _in_words():
            pool = redis.asyncio.BlockingConnectionPool.from_url(url, retry=AsyncRetry(NoBackoff(), 0), **_LIMITS)
        self._client = redis.asyncio.Redis.from_pool(pool)
        self._ttl = _milliseconds(ttl)

    async def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        if limit is not None:
            return await self._range(session, -limit, -1) if limit else ()
        messages: list[Message] = []
        while len(messages) % _PAGE == 0:
            page = await self._range(session, len(messages), len(messages) + _PAGE - 1)
            messages += page
            if not page:
                break
        return tuple(messages)

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

    async def _range(self, session: Session, first: int, last: int) -> tuple[Message, ...]:
        with _reaching():
            return _decoded(await self._client.lrange(_key(session), first, last))


def _key(session: Session) -> str:
    return f"parity:{session.owner}:{session.id}"


def _milliseconds(ttl: float) -> int:
    return max(1, round(ttl * 1000))


def _encoded(turn: tuple[Message, Message]) -> tuple[str, str]:
    return turn[0].model_dump_json(), turn[1].model_dump_json()


def _decoded(entries: list[Any]) -> tuple[Message, ...]:
    try:
        return tuple(Message.model_validate_json(entry) for entry in entries)
    except ValueError as error:  # somebody else's list, or damaged
        raise StoreUnavailable from error


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
