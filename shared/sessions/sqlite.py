"""Sessions in one SQLite file, shared by all workers of a host.

Rule: one row is one turn, so a pair cannot come apart, and one transaction adds it. The write-ahead log with
synchronous=NORMAL means that a committed turn survives the death of any process (not the loss of power).
SQLite never waits here by itself, because its wait would stop a gevent hub: `_patiently` waits instead, with
a `time.sleep` that gevent patches. Neighbours: `protocol` (the promises), `threaded` (the same for an event
loop).
"""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from shared.errors import StoreUnavailable
from shared.models import Message
from shared.sessions.protocol import Session, newest

_Result = TypeVar("_Result")

_PREFIX = "sqlite:///"
_IDLE_CONNECTIONS = 8  # per process; more are opened when needed, and closed after use

_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
    owner TEXT NOT NULL, session TEXT NOT NULL, number INTEGER NOT NULL,
    at REAL NOT NULL, user TEXT NOT NULL, assistant TEXT NOT NULL,
    PRIMARY KEY (owner, session, number)
) WITHOUT ROWID
"""
# Without a rowid a session's turns lie side by side, and a turn writes one page instead of a page per index.
_LAST = "SELECT {} FROM turns WHERE owner = :owner AND session = :session ORDER BY number DESC LIMIT {}"
_READ = _LAST.format("at, user, assistant", ":turns")
_DROP_IF_IDLE = (
    "DELETE FROM turns WHERE owner = :owner AND session = :session AND "  # noqa: S608 - made of constants
    f"({_LAST.format('at', '1')}) <= :dead"
)
_APPEND = (
    "INSERT INTO turns "
    "SELECT :owner, :session, coalesce(max(number), 0) + 1, :at, :user, :assistant "
    "FROM turns WHERE owner = :owner AND session = :session"
)
_DELETE = "DELETE FROM turns WHERE owner = :owner AND session = :session"
_NEXT = "SELECT owner, session FROM turns WHERE (owner, session) > (:owner, :session) ORDER BY owner, session LIMIT 1"
_BEFORE_ALL = Session("", "")


def path_of(url: str) -> Path:
    """The file that `sqlite:///relative` or `sqlite:////absolute` names; raises ValueError."""
    name = url.removeprefix(_PREFIX)
    if not url.startswith(_PREFIX) or name in {"", ":memory:"}:
        raise ValueError(
            "the SQLite session store needs a file: use sqlite:///sessions.sqlite3 (relative), "
            "sqlite:////var/lib/sessions.sqlite3 (absolute), or memory:// to keep nothing"
        )
    return Path(name)


class SqliteStore:
    """A `SessionStore`; `ttl` and `deadline` in seconds, `now` a clock that all processes share.

    Raises ValueError when the file cannot be written; a database that stays locked for `deadline` seconds, or
    any other failure later on, is `StoreUnavailable`.
    """

    def __init__(self, path: Path, ttl: float, now: Callable[[], float] = time.time, *, deadline: float = 5.0) -> None:
        self._path = path.absolute()
        self._ttl, self._now, self._deadline = ttl, now, deadline
        # By process: a connection must not be used, nor even closed, on the other side of a fork.
        self._idle: dict[int, deque[sqlite3.Connection]] = {}
        self._swept = _BEFORE_ALL
        self._check()

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        turns = -1 if limit is None else (limit + 1) // 2
        where = {"owner": session.owner, "session": session.id, "turns": turns}
        with self._connection() as connection:
            rows = self._patiently(lambda: connection.execute(_READ, where).fetchall())
        if not rows or rows[0][0] <= self._now() - self._ttl:
            return ()
        messages = [
            Message(role=role, content=content)
            for _, user, assistant in reversed(rows)
            for role, content in (("user", user), ("assistant", assistant))
        ]
        return newest(messages, limit)

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`; drops one idle session on the way, if it comes across one."""
        now = self._now()
        dead = now - self._ttl
        where = {"owner": session.owner, "session": session.id, "dead": dead}
        with self._transaction() as connection:
            self._sweep(connection, dead)
            connection.execute(_DROP_IF_IDLE, where)
            connection.execute(_APPEND, {**where, "at": now, "user": turn[0].content, "assistant": turn[1].content})

    def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        with self._transaction() as connection:
            connection.execute(_DELETE, {"owner": session.owner, "session": session.id})

    def close(self) -> None:
        """Close this process's connections."""
        idle = self._pool()
        while idle:
            idle.pop().close()

    def _sweep(self, connection: sqlite3.Connection, dead: float) -> None:
        """Look at one session, the next in the order of the table; one a turn is enough to keep up."""
        after = {"owner": self._swept.owner, "session": self._swept.id}
        row = connection.execute(_NEXT, after).fetchone()
        self._swept = Session(*row) if row else _BEFORE_ALL
        if row:
            connection.execute(_DROP_IF_IDLE, {"owner": row[0], "session": row[1], "dead": dead})

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection to use alone; one that failed is closed, which rolls back, and never used again."""
        idle = self._pool()
        connection = self._take(idle)
        try:
            yield connection
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise StoreUnavailable from error
            raise
        if len(idle) < _IDLE_CONNECTIONS:
            idle.append(connection)
        else:
            connection.close()

    def _pool(self) -> deque[sqlite3.Connection]:
        process = os.getpid()
        return self._idle.get(process) or self._idle.setdefault(process, deque())

    def _take(self, idle: deque[sqlite3.Connection]) -> sqlite3.Connection:
        try:
            return idle.pop()
        except IndexError:
            pass
        try:
            return self._open()
        except sqlite3.Error as error:
            raise StoreUnavailable from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", _SCHEMA):
                self._patiently(partial(connection.execute, statement))
        except BaseException:
            connection.close()
            raise
        return connection

    def _patiently(self, work: Callable[[], _Result]) -> _Result:
        """Do `work`, and again after a while for as long as another connection holds the lock."""
        for pause in _pauses(self._deadline):
            try:
                return work()
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            time.sleep(pause)
        return work()

    def _check(self) -> None:
        cure = "create it, or name another file in the store's URL"
        if not self._path.parent.is_dir():
            raise ValueError(f"the session store's folder {self._path.parent} does not exist: {cure}")
        try:
            with closing(self._open()) as connection:
                self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
        except sqlite3.Error as error:
            raise ValueError(
                f"the session store {self._path} cannot be written ({error}): "
                "make it and its folder writable, or name another file in the store's URL"
            ) from error


def _pauses(total: float) -> Iterator[float]:
    """Seconds to wait between tries: short at first, growing, `total` together."""
    pause = 0.0002
    while total > 0:
        yield min(pause, total)
        total -= pause
        pause = min(pause * 2, 0.05)
