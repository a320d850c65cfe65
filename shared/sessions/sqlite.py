"""Sessions in one SQLite file, shared by all workers of a host.

Rule: one row is one turn, so a pair cannot come apart, and one transaction adds it. The write-ahead log with
synchronous=NORMAL means that a committed turn survives the death of any process (not the loss of power).
A call that finds the file locked is made again after a `time.sleep`, which gevent patches, until its deadline.
Neighbours: `protocol` (the promises), `sqlite_file` (the connections), `threaded` (the same for an event loop).
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from shared.errors import StoreUnavailable
from shared.log import service
from shared.models import Message
from shared.sessions.locked import DEADLINE, Locked, pauses
from shared.sessions.protocol import Session, newest
from shared.sessions.sqlite_file import SqliteFile

_Result = TypeVar("_Result")

_PREFIX = "sqlite:///"

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

    Raises ValueError when the file cannot be written and never could; a database that stays locked for `deadline`
    seconds is `Locked`, and any other failure later on `StoreUnavailable`.
    """

    def __init__(
        self, path: Path, ttl: float, now: Callable[[], float] = time.time, *, deadline: float = DEADLINE
    ) -> None:
        self._file = SqliteFile(path, _SCHEMA)
        self._ttl, self._now, self._deadline = ttl, now, deadline
        self._swept = _BEFORE_ALL
        self._check(path.absolute())

    def read(self, session: Session, limit: int | None = None) -> tuple[Message, ...]:
        """As `SessionStore.read`."""
        return _patiently(lambda: self._read(session, limit), self._deadline)

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """As `SessionStore.append`; drops one idle session on the way, if it comes across one."""
        _patiently(lambda: self._append(session, turn), self._deadline)

    def delete(self, session: Session) -> None:
        """As `SessionStore.delete`."""
        _patiently(lambda: self._delete(session), self._deadline)

    def close(self) -> None:
        """Close this process's connections."""
        self._file.close()

    def _read(self, session: Session, limit: int | None) -> tuple[Message, ...]:
        turns = -1 if limit is None else (limit + 1) // 2
        where = {"owner": session.owner, "session": session.id, "turns": turns}
        with self._file.reading() as connection:
            rows = connection.execute(_READ, where).fetchall()
        try:
            if not rows or rows[0][0] <= self._now() - self._ttl:
                return ()
            messages = [
                Message(role=role, content=content)
                for _, user, assistant in reversed(rows)
                for role, content in (("user", user), ("assistant", assistant))
            ]
        except (TypeError, ValueError) as error:  # bytes of a damaged file that make a row, and no turn
            raise StoreUnavailable from error
        return newest(messages, limit)

    def _append(self, session: Session, turn: tuple[Message, Message]) -> None:
        now = self._now()
        dead = now - self._ttl
        where = {"owner": session.owner, "session": session.id, "dead": dead}
        with self._file.writing() as connection:
            self._sweep(connection, dead)
            connection.execute(_DROP_IF_IDLE, where)
            connection.execute(_APPEND, {**where, "at": now, "user": turn[0].content, "assistant": turn[1].content})

    def _delete(self, session: Session) -> None:
        with self._file.writing() as connection:
            connection.execute(_DELETE, {"owner": session.owner, "session": session.id})

    def _sweep(self, connection: sqlite3.Connection, dead: float) -> None:
        """Look at one session, the next in the order of the table; one a turn is enough to keep up."""
        after = {"owner": self._swept.owner, "session": self._swept.id}
        row = connection.execute(_NEXT, after).fetchone()
        self._swept = Session(*row) if row else _BEFORE_ALL
        if row:
            connection.execute(_DROP_IF_IDLE, {"owner": row[0], "session": row[1], "dead": dead})

    def _check(self, path: Path) -> None:
        """Write once; the connection is kept, so that whatever becomes of the log, each worker still has it."""
        cure = "create it, or name another file in the store's URL"
        if not path.parent.is_dir():
            raise ValueError(f"the session store's folder {path.parent} does not exist: {cure}")
        try:
            _patiently(lambda: self._delete(_BEFORE_ALL), DEADLINE)
        except StoreUnavailable as error:
            if self._file.known():
                # A worker that begins meanwhile must not end the service: a refused start is for good.
                service.warning("the session store is out of reach: %s (%s)", path, error.__cause__)
                return
            raise ValueError(
                f"the session store {path} cannot be written ({error.__cause__}): "
                "make it and its folder writable, or name another file in the store's URL"
            ) from error


def _patiently(work: Callable[[], _Result], deadline: float) -> _Result:
    """Do `work`, and again after a while for as long as it is locked; `deadline` 0 is a single try."""
    until = time.monotonic() + deadline
    for pause in pauses():
        try:
            return work()
        except Locked:
            left = until - time.monotonic()
            if left <= 0:
                raise
        time.sleep(min(pause, left))
    raise AssertionError  # the pauses have no end
