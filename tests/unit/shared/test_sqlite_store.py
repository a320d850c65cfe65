"""What only the SQLite store has to show: locks, failures, forks, and a file that does not grow for ever."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from shared.errors import StoreUnavailable
from shared.sessions import Session, async_store_for, store_for
from shared.sessions.sqlite import SqliteStore
from tests.unit.shared.stores import DAY, SESSION, Clock, texts, turn

# In a process of its own, since forking one that has threads, as a test runner's may have, is unsafe.
FORKER = """
import os, sys
from shared.models import Message
from shared.sessions import Session, async_store_for, store_for
store = store_for(sys.argv[1], ttl=86400)
def append(text):
    turn = (Message(role="user", content=text), Message(role="assistant", content=text))
    store.append(Session("owner", "session"), turn)
append("parent")
child = os.fork()
if child == 0:
    inherited = len(store._file._pool())
    append("child")
    os._exit(inherited)
assert len(store._file._pool()) == 1
assert os.waitpid(child, 0)[1] == 0
append("parent again")
"""


def test_sqlite_sweeps_idle_sessions(tmp_path: Path) -> None:
    """Idle sessions leave the file as later turns are stored, and live ones stay."""
    clock = Clock()
    with closing(SqliteStore(tmp_path / "sessions.sqlite3", DAY, clock)) as store:
        for number in range(30):
            store.append(Session("owner", f"old-{number}"), turn("hello"))
        clock.now += DAY
        for number in range(100):
            store.append(Session("owner", f"new-{number % 5}"), turn("hello"))
        sessions = "SELECT count(DISTINCT session), count(*) FROM turns"
        with closing(sqlite3.connect(tmp_path / "sessions.sqlite3")) as connection:
            assert connection.execute(sessions).fetchone() == (5, 100)


def test_sqlite_survives_a_fork(tmp_path: Path) -> None:
    """A process forked off while connections are open uses none of them, and both go on writing."""
    path = tmp_path / "sessions.sqlite3"
    subprocess.run([sys.executable, "-c", FORKER, f"sqlite:///{path}"], check=True, timeout=60)
    with closing(SqliteStore(path, DAY)) as store:
        assert texts(store.read(SESSION)) == ["parent", "child", "parent again"]


def test_sqlite_waits_for_a_lock_until_its_deadline(tmp_path: Path) -> None:
    """While another connection writes, a turn waits; past the deadline it fails, and readers never wait."""
    path = tmp_path / "sessions.sqlite3"
    with (
        closing(SqliteStore(path, DAY, deadline=0.05)) as hasty,
        closing(SqliteStore(path, DAY, deadline=20)) as patient,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            hasty.append(SESSION, turn("hasty"))
        waiting = threads.submit(patient.append, SESSION, turn("patient"))
        assert hasty.read(SESSION) == ()
        assert not waiting.done()
        other.execute("COMMIT")
        waiting.result(timeout=20)
        hasty.append(SESSION, turn("hasty again"))
        assert texts(hasty.read(SESSION)) == ["patient", "hasty again"]


def test_reads_pass_a_waiting_turn_on_the_loop(tmp_path: Path) -> None:
    """On an event loop too, a turn that waits for a lock holds up no read."""

    async def race() -> None:
        store = async_store_for(f"sqlite:///{tmp_path}/sessions.sqlite3", ttl=DAY)
        with closing(sqlite3.connect(tmp_path / "sessions.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(store.append(SESSION, turn("patient")))
            await asyncio.sleep(0)  # the turn is handed over first
            assert await asyncio.wait_for(store.read(SESSION), timeout=3) == ()
            assert not waiting.done()
            other.execute("COMMIT")
        await waiting
        assert texts(await store.read(SESSION)) == ["patient"]
        await store.close()

    asyncio.run(race())


def test_sqlite_failures_are_told_and_not_kept(tmp_path: Path) -> None:
    """An error of SQLite is `StoreUnavailable`; the next call has a fresh connection and works again."""
    path = tmp_path / "sessions.sqlite3"
    with closing(SqliteStore(path, DAY)) as store:
        store.append(SESSION, turn("lost"))
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE turns")
        with pytest.raises(StoreUnavailable):
            store.read(SESSION)
        store.append(SESSION, turn("kept"))
        assert texts(store.read(SESSION)) == ["kept"]


def test_sqlite_keeps_no_connection_that_cannot_write(tmp_path: Path) -> None:
    """What was opened while the file was read-only has read, and is not there to fail a turn when it is no more."""
    path = tmp_path / "sessions.sqlite3"
    with closing(SqliteStore(path, DAY)) as early:
        early.append(SESSION, turn("before"))
        with read_only(path):
            late = SqliteStore(path, DAY)
            with pytest.raises(StoreUnavailable):
                late.append(SESSION, turn("meanwhile"))
            assert texts(late.read(SESSION)) == ["before"]
        with closing(late):
            late.append(SESSION, turn("after"))
            assert texts(early.read(SESSION)) == ["before", "after"]


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """For root too, by chattr(1); skips where the file system or the machine has no such thing."""
    parts = [str(path), f"{path}-wal"]
    program = shutil.which("chattr")
    if program is None or subprocess.run([program, "+i", *parts], capture_output=True, check=False).returncode:
        pytest.skip("a file is made read-only for root by chattr(1), on a file system that knows it, as root")
    try:
        yield
    finally:
        subprocess.run([program, "-i", *parts], check=True)


def test_relative_sqlite_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sqlite:///name` is relative to the folder that the process starts in, wherever it goes later."""
    monkeypatch.chdir(tmp_path)
    with closing(store_for("sqlite:///sessions.db", ttl=DAY)) as store:
        monkeypatch.chdir("/")
        store.append(SESSION, turn("hello"))
    assert (tmp_path / "sessions.db").is_file()
