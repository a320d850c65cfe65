"""Connections to one SQLite file: kept between uses, by process, for as long as the path still means that file.

Rule: one try, no waiting. SQLite does not look at the path again: after somebody has put a backup in the file's place,
or has removed its log, it would go on writing where nobody else can read. So what is at the path is compared once the
lock is held, before anything is written, and again after. Connections are opened and left one at a time in all
processes, because that is when SQLite takes and removes logs by their name, and what was opened last is noted in a file
beside, so that every process knows whose log it is. Neighbours: `sqlite` (the statements), `locked` (try again).
"""

import fcntl
import json
import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from shared.errors import StoreUnavailable
from shared.sessions.locked import Locked

_IDLE = 8  # connections per process; more are opened when needed, and closed after use
_PARTS = ("", "-wal", "-shm")  # the file, its write-ahead log and the log's index, all three beside each other
_NOTE = "-opened"  # of the three, those of the connection that was opened last, in whatever process
_Inode = tuple[int, int] | None
_NOTHING: tuple[_Inode, ...] = (None, None, None)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A connection, what was at the path when it was opened, and whether it can write what is there."""

    connection: sqlite3.Connection
    parts: tuple[_Inode, ...]
    writes: bool


class SqliteFile:
    """One file; every block raises `Locked` when the same may succeed in a moment, else `StoreUnavailable`."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path, self._schema = path.absolute(), schema
        self._notes = Path(f"{self._path}{_NOTE}")
        # By process: a connection must not be used, nor even closed, on the other side of a fork.
        self._idle: dict[int, deque[_Kept]] = {}

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with, once; nothing of what was read counts if the block raises."""
        with self._lent() as kept:
            try:
                yield kept.connection
            except sqlite3.Error as error:
                if self._elsewhere(kept):  # it has read what is no longer there
                    raise Locked from error
                raise
            if self._elsewhere(kept):
                raise Locked

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: what is done in the block is stored when it ends, and not at all if it raises."""
        with self._lent() as kept:
            self._begin(kept)
            yield kept.connection
            kept.connection.execute("COMMIT")
            if self._elsewhere(kept):
                raise StoreUnavailable

    def close(self) -> None:
        """Close this process's idle connections."""
        for kept in _emptied(self._pool()):
            kept.connection.close()

    def known(self) -> bool:
        """Whether what is at the path has been opened before, here or in another process: then it is a database."""
        before = self._noted()
        return None not in before and before[0] == self._parts()[0]

    def _begin(self, kept: _Kept) -> None:
        try:
            kept.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if self._elsewhere(kept):
                raise Locked from error
            raise
        if self._elsewhere(kept):
            raise Locked

    @contextmanager
    def _lent(self) -> Iterator[_Kept]:
        """A connection to use alone; one that failed is closed, which rolls back, and never used again."""
        idle = self._pool()
        kept = next(_emptied(idle), None) or self._open()
        try:
            yield kept
        except sqlite3.Error as error:
            told = _told(error)
            self._part_with(kept, healthy=isinstance(told, Locked) and not kept.connection.in_transaction)
            raise told from error
        except BaseException:
            self._part_with(kept, healthy=False)
            raise
        self._part_with(kept, healthy=True)

    def _part_with(self, kept: _Kept, *, healthy: bool) -> None:
        idle = self._pool()
        if self._elsewhere(kept):
            idle.extend(self._left([kept, *_emptied(idle)]))
        elif healthy and kept.writes and len(idle) < _IDLE:
            idle.append(kept)
        else:
            idle.extend(self._left([kept]))

    def _left(self, stale: list[_Kept]) -> list[_Kept]:
        """Close connections; those to be tried again, since somebody is in the way.

        SQLite's last connection to a file removes the log by its name. Were another file put at the path meanwhile, and
        opened by another worker, that name would be its log's.
        """
        for each in stale:
            with suppress(sqlite3.Error):
                each.connection.rollback()
        try:
            with self._alone():
                return [each for each in stale if not self._closed(each)]
        except StoreUnavailable:
            return stale

    def _closed(self, stale: _Kept) -> bool:
        """Close it, unless it has turns to save and cannot."""
        with suppress(sqlite3.Error):
            if self._holds_the_log(stale.parts) and not _checkpointed(stale.connection):
                return False
        stale.connection.close()
        return True

    def _holds_the_log(self, before: tuple[_Inode, ...]) -> bool:
        """Whether the file is the same and its log was removed: gone, or made again by somebody and still empty."""
        here = self._parts()
        if here[0] != before[0] or here[1] == before[1]:
            return False
        return here[1] is None or (here[2] in (None, before[2]) and not _size(f"{self._path}-wal"))

    def _remove_log(self, before: tuple[_Inode, ...]) -> None:
        """Of the file that was at the path before: SQLite would take it for that of the one that is there now."""
        for part, now, then in zip(_PARTS[1:], self._parts()[1:], before[1:], strict=True):
            if now is not None and now == then:
                Path(f"{self._path}{part}").unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other connection is opened or left meanwhile, in any process: by a lock on the folder; `Locked` if so."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise StoreUnavailable from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise Locked from error
        finally:
            os.close(folder)

    def _elsewhere(self, kept: _Kept) -> bool:
        return self._parts() != kept.parts or None in kept.parts

    def _parts(self) -> tuple[_Inode, ...]:
        return tuple(_inode(f"{self._path}{part}") for part in _PARTS)

    def _pool(self) -> deque[_Kept]:
        process = os.getpid()
        return self._idle.get(process) or self._idle.setdefault(process, deque())

    def _open(self) -> _Kept:
        with self._alone():
            with suppress(OSError):  # which SQLite tells better
                self._path.touch(0o644)
            before, file = self._noted(), self._parts()[0]
            if before[0] not in (None, file):
                self._remove_log(before)
                self._note((file, None, None))  # whose log is whose is right wherever this process is killed
            kept = self._opened(file)
            if kept.parts != before:
                self._note(kept.parts)
            return kept

    def _noted(self) -> tuple[_Inode, ...]:
        """What was at the path when a connection was last opened; nothing where nobody has noted it."""
        try:
            return tuple(part and (part[0], part[1]) for part in json.loads(self._notes.read_bytes()))
        except (OSError, ValueError):
            return _NOTHING

    def _note(self, parts: tuple[_Inode, ...]) -> None:
        try:
            self._notes.write_text(json.dumps(parts), "ascii")
        except OSError as error:
            raise StoreUnavailable from error

    def _opened(self, file: _Inode) -> _Kept:
        try:
            # SQLite never waits by itself here, because its wait would stop a gevent hub.
            connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                self._still(file)  # it has the file now, and takes what log is there with its first statement
                for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", self._schema):
                    connection.execute(statement)
                return _Kept(connection, self._still(file), _writes(connection))
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise _told(error) from error

    def _still(self, file: _Inode) -> tuple[_Inode, ...]:
        """What is at the path, if the file is this one."""
        parts = self._parts()
        if parts[0] != file:
            raise Locked
        return parts


def _emptied(idle: deque[_Kept]) -> Iterator[_Kept]:
    with suppress(IndexError):  # another thread may take the last one
        while True:
            yield idle.pop()


def _writes(connection: sqlite3.Connection) -> bool:
    """Whether it can: SQLite opens a file that is read-only for reading alone, and the connection stays so for good."""
    try:
        connection.execute("BEGIN IMMEDIATE")  # which is a plain BEGIN on such a connection, and no error
        connection.execute("PRAGMA user_version = 0")
    except sqlite3.Error as error:
        if _code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY):
            raise
        return _code(error) == sqlite3.SQLITE_BUSY  # somebody else writes, so the file can be written
    finally:
        connection.rollback()
    return True


def _checkpointed(connection: sqlite3.Connection) -> bool:
    """Bring a log that only this connection can still read into the file; False when others are in the way."""
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _inode(path: str) -> _Inode:
    try:
        found = os.stat(path)  # noqa: PTH116 - six times a turn: a Path costs more than the call
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _told(error: sqlite3.Error) -> StoreUnavailable:
    return Locked() if _code(error) == sqlite3.SQLITE_BUSY else StoreUnavailable()


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
