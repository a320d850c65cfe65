"""A SQLite file that is exchanged for a backup while several processes take turns, and processes that begin meanwhile.

Rule: whose log lies beside a file is known to all of them, whoever opened it. Neighbours: `test_store_trouble` (one
process), `tests/resilience/sessions` (the same under running servers).
"""

import multiprocessing
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from shared.errors import StoreUnavailable
from shared.sessions import Session
from shared.sessions.sqlite import SqliteStore
from tests.conformance.poll import poll
from tests.unit.shared.stores import DAY, SESSION, texts, turn

EXCHANGES = 25
PROCESSES, CLIENTS = 4, 4
Taken = tuple[float, float, str]
"""A completed turn: when it began and ended (monotonic seconds), and its text."""


def _backed_up(path: Path) -> Path:
    backup = path.with_name("backup")
    backup.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, timeout=10)) as live, closing(sqlite3.connect(backup)) as copy:
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        live.backup(copy)
    return backup


def _damaged(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(random.Random(1).randbytes(max(0, path.stat().st_size - 4_096)))


def _take(store: SqliteStore, name: str, over: Event, taken: list[Taken]) -> None:
    session, number = Session("owner", f"session {name[-1]}"), 0
    while not over.is_set():
        began, text, number = time.monotonic(), f"{name} {number}", number + 1
        with suppress(StoreUnavailable):
            store.append(session, turn(text))
            taken.append((began, time.monotonic(), text))
        over.wait(0.003)


def _process(path: Path, name: str, over: Event, told: "Queue[list[Taken]]") -> None:
    """Clients of one store in a process, as a worker of a server has them."""
    taken: list[Taken] = []
    with closing(SqliteStore(path, DAY)) as store:
        clients = [
            threading.Thread(target=_take, args=(store, f"{name}.{number}", over, taken)) for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        told.put([])  # it has begun
        for client in clients:
            client.join()
    told.put(taken)


@contextmanager
def _clients(path: Path) -> Iterator[list[Taken]]:
    """Processes that take turns while the block lasts; what they have completed is there when it has ended."""
    made = multiprocessing.get_context("spawn")
    over, told, taken = made.Event(), made.Queue(), list[Taken]()
    processes = [made.Process(target=_process, args=(path, str(each), over, told)) for each in range(PROCESSES)]
    try:
        for process in processes:
            process.start()
        for _ in processes:
            told.get(timeout=60)
        yield taken
        over.set()
        for _ in processes:
            taken += told.get(timeout=60)
        for process in processes:
            process.join(60)
    finally:
        for process in processes:
            process.kill()


def test_exchanged_again_and_again(tmp_path: Path) -> None:
    """No turn that was completed before a damage, or after a cure, is lost, however often a backup takes the place."""
    path, chance = tmp_path / "sessions.sqlite3", random.Random(1)
    SqliteStore(path, DAY).close()
    troubles: list[tuple[float, float]] = []
    with _clients(path) as taken:
        for _ in range(EXCHANGES):
            began = time.monotonic()
            backup = _backed_up(path)
            _damaged(path)
            _wait(chance.uniform(0, 0.1))
            backup.replace(path)
            troubles.append((began, time.monotonic()))
            _wait(chance.uniform(0.05, 0.2))
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {text for (text,) in file.execute("SELECT user FROM turns")}
    clear = {text for began, ended, text in taken if not any(began < z and ended > a for a, z in troubles)}
    assert len(clear) > EXCHANGES
    assert clear - stored == set()


def _wait(seconds: float) -> None:
    until = time.monotonic() + seconds
    poll(lambda: time.monotonic() > until, seconds + 5, "end of a pause", interval=0.005)


def test_a_newcomer_knows_whose_log_it_is(tmp_path: Path) -> None:
    """Whoever opens a backup first removes the log of the file before, though another process has written that."""
    path = tmp_path / "sessions.sqlite3"
    with closing(SqliteStore(path, DAY)) as other:
        other.append(SESSION, turn("before"))
        backup = _backed_up(path)
        other.append(SESSION, turn("thrown-away"))
        backup.replace(path)
        with closing(SqliteStore(path, DAY)) as newcomer:
            newcomer.append(SESSION, turn("after"))
            assert texts(newcomer.read(SESSION)) == ["before", "after"]
        assert texts(other.read(SESSION)) == ["before", "after"]


def test_a_log_of_its_own_is_kept(tmp_path: Path) -> None:
    """The log that a killed process has left beside its file is taken, with the turns in it."""
    path, copy = tmp_path / "sessions.sqlite3", tmp_path / "killed"
    copy.mkdir()
    with closing(SqliteStore(path, DAY)) as store:
        store.append(SESSION, turn("in the log"))
        for each in tmp_path.glob("sessions.sqlite3*"):
            (copy / each.name).hardlink_to(each)  # the files as a kill leaves them
    with closing(SqliteStore(copy / path.name, DAY)) as again:
        assert texts(again.read(SESSION)) == ["in the log"]


def test_begins_with_a_file_that_broke(tmp_path: Path) -> None:
    """A store that was good once is no mistake in a setting: it begins though the file is damaged."""
    path = tmp_path / "sessions.sqlite3"
    with closing(SqliteStore(path, DAY)) as store:
        store.append(SESSION, turn("before"))
        backup = _backed_up(path)
    _damaged(path)
    with closing(SqliteStore(path, DAY)) as again:
        with pytest.raises(StoreUnavailable):
            again.read(SESSION)
        backup.replace(path)
        assert texts(again.read(SESSION)) == ["before"]


def test_does_not_begin_with_a_file_that_never_was_good(tmp_path: Path) -> None:
    """A file of somebody else's is refused at the start, the second time too."""
    path = tmp_path / "sessions.sqlite3"
    path.write_text("This is a text and no database.\n" * 1_000, "ascii")
    for _ in range(2):
        with pytest.raises(ValueError, match="cannot be written"):
            SqliteStore(path, DAY)
