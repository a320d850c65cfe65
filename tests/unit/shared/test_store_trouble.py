"""What happens to a store while it is open: files removed, replaced and damaged, Redis gone and back.

Neighbours: `test_sqlite_store` (locks, forks), `tests/resilience/sessions` (the same under running servers).
"""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import redis

from shared.errors import StoreUnavailable
from shared.models import Message
from shared.sessions import Session, SessionStore, async_store_for, store_for
from shared.sessions.locked import Locked
from shared.sessions.memory import MemoryStore
from shared.sessions.sqlite import SqliteStore
from shared.sessions.threaded import ThreadedStore
from tests.requirements import skip_or_fail
from tests.resilience.sessions import places
from tests.unit.shared.stores import DAY, SESSION, Blocking, redis_server, texts, turn

# In a process of its own: SQLite shares what it knows of a file among the connections of one process.
READER = """
import sys
from shared.sessions import Session, store_for
for message in store_for(sys.argv[1], ttl=86400).read(Session("owner", "session"))[::2]:
    print(message.content)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "sessions.sqlite3"


@pytest.fixture(params=["sync", "async"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[SessionStore]:
    """A SQLite store of either kind, with a turn in it and a connection that idles."""
    url = f"sqlite:///{path}"
    opened: SessionStore = (
        store_for(url, ttl=DAY) if request.param == "sync" else Blocking(async_store_for(url, ttl=DAY))
    )
    with closing(opened):
        opened.append(SESSION, turn("before"))
        yield opened


def part(path: Path, end: str) -> Path:
    """The file's log ("-wal") or the log's index ("-shm")."""
    return path.with_name(path.name + end)


def seen_by_another(path: Path) -> list[str]:
    """What a process that starts now finds in the session."""
    command = [sys.executable, "-c", READER, f"sqlite:///{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()


@pytest.mark.parametrize("ends", [("-wal",), ("-shm",), ("-wal", "-shm")], ids="+".join)
def test_a_removed_log_loses_nothing(store: SessionStore, path: Path, ends: tuple[str, ...]) -> None:
    """Turns that were only in the log are brought into the file, and later ones go where others read them."""
    for end in ends:
        part(path, end).unlink()
    store.append(SESSION, turn("after"))
    assert texts(store.read(SESSION)) == ["before", "after"]
    assert seen_by_another(path) == ["before", "after"]


def test_a_deleted_file_is_made_again(store: SessionStore, path: Path) -> None:
    """What an operator deletes is gone, and the next turn is in the new file, not in the one that nobody can open."""
    for each in (path, part(path, "-wal"), part(path, "-shm")):
        each.unlink()
    store.append(SESSION, turn("after"))
    assert seen_by_another(path) == ["after"]


def test_a_deleted_file_is_not_read_from(store: SessionStore, path: Path) -> None:
    """A reader does not go on reading a file that is no longer there."""
    path.unlink()
    assert store.read(SESSION) == ()


@pytest.mark.parametrize("tidy", [True, False], ids=["with its log removed", "beside the old log"])
def test_a_backup_in_its_place(store: SessionStore, path: Path, tidy: bool) -> None:
    """A backup that is moved over the file holds from the next turn on, and the old file's log is not mixed into it."""
    backup = path.with_name("backup")
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(backup)) as copy:
        live.backup(copy)
    for number in range(20):
        store.append(SESSION, turn(f"thrown-away-{number}"))
    if tidy:
        part(path, "-wal").unlink()
        part(path, "-shm").unlink()
    backup.replace(path)
    store.append(SESSION, turn("after"))
    assert texts(store.read(SESSION)) == ["before", "after"]
    assert seen_by_another(path) == ["before", "after"]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_is_none_any_more(store: SessionStore, path: Path) -> None:
    """Whatever SQLite says of a file full of noise is `StoreUnavailable`, until an empty one is in its place."""
    path.unlink()
    path.write_bytes(b"This is no database. " * 1_000)
    verbs: list[Callable[[], object]] = [
        lambda: store.read(SESSION),
        lambda: store.append(SESSION, turn("lost")),
        lambda: store.delete(SESSION),
    ]
    for verb in verbs:
        with pytest.raises(StoreUnavailable):
            verb()
    path.unlink()
    path.touch()
    store.append(SESSION, turn("after"))
    assert texts(store.read(SESSION)) == ["after"]


@pytest.mark.parametrize(
    "damage", ["at = 'noise'", "user = NULL", "user = x'ff00'", "user = CAST(x'ff00' AS TEXT)"], ids=str
)
def test_a_row_that_is_no_turn(path: Path, damage: str) -> None:
    """A damaged row is `StoreUnavailable`, never a turn and never an error of our own; the session can be deleted."""
    with closing(SqliteStore(path, DAY)) as store:
        store.append(SESSION, turn("whole"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("CREATE TABLE damaged AS SELECT * FROM turns")
            other.execute("DROP TABLE turns")
            other.execute("ALTER TABLE damaged RENAME TO turns")
            other.execute(f"UPDATE turns SET {damage}")
        with pytest.raises(StoreUnavailable):
            store.read(SESSION)
        store.delete(SESSION)
        assert store.read(SESSION) == ()


def test_turns_survive_what_happens_to_the_log(path: Path) -> None:
    """While four stores write, the log is removed again and again: every turn that was told stored is there, once."""
    url, over = f"sqlite:///{path}", threading.Event()
    stores = [store_for(url, ttl=DAY) for _ in range(4)]

    def write(number: int) -> list[str]:
        told = []
        for count in range(100):
            text = f"{number}-{count}"
            try:
                stores[number].append(SESSION, turn(text))
            except StoreUnavailable:
                continue
            told.append(text)
        return told

    def remove() -> None:
        while not over.wait(0.05):
            part(path, "-wal").unlink(missing_ok=True)

    with ThreadPoolExecutor(5) as threads:
        removing = threads.submit(remove)
        told = [text for found in threads.map(write, range(4)) for text in found]
        over.set()
        removing.result()
    # A store that still holds the removed log keeps the others out, until its own next turn brings it in.
    for store in [*stores, *stores]:
        with suppress(StoreUnavailable):
            store.append(SESSION, turn(f"last-{id(store)}"))
    for store in stores:
        assert set(texts(store.read(SESSION))) >= set(told)
        store.close()
    with closing(store_for(url, ttl=DAY)) as reader:
        stored = texts(reader.read(SESSION))
    assert set(stored) >= set(told)
    assert sorted(stored.count(text) for text in told)[-1] == 1


class Stuck(MemoryStore):
    """A store whose turns get nowhere until they are let go."""

    def __init__(self, raises: bool) -> None:
        super().__init__(DAY, time.time)
        self.let_go, self.tries, self._raises = threading.Event(), 0, raises

    def append(self, session: Session, turn: tuple[Message, Message]) -> None:
        """Raise `Locked`, or wait as for a disk."""
        self.tries += 1
        if self._raises and not self.let_go.is_set():
            raise Locked
        self.let_go.wait(30)
        super().append(session, turn)


@pytest.mark.parametrize("raises", [True, False], ids=["locked", "a disk that stalls"])
def test_a_stuck_store_refuses_everybody_in_time(raises: bool) -> None:
    """Of 32 turns at once each has its refusal at the deadline, none queues behind another's, and reads pass them."""

    async def race() -> None:
        stuck = Stuck(raises)
        store = ThreadedStore(stuck, deadline=0.3)
        turns = [asyncio.create_task(store.append(SESSION, turn(str(number)))) for number in range(32)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(store.read(SESSION), timeout=10) == ()
        assert not any(each.done() for each in turns)
        # 32 deadlines one after the other would be 10 s
        found = await asyncio.wait_for(asyncio.gather(*turns, return_exceptions=True), timeout=5)
        assert [type(each) for each in found] == [StoreUnavailable] * 32
        stuck.let_go.set()
        await store.append(SESSION, turn("after"))
        # what had not begun by its deadline never did
        assert texts(await store.read(SESSION)) in (["after"], ["0", "after"])
        await store.close()

    asyncio.run(race())


@contextmanager
def restartable(folder: Path) -> Iterator[places.RedisServer]:
    """A Redis server that can be stopped and started."""
    try:
        with places.redis(folder) as server:
            yield server
    except places.Unable as reason:
        skip_or_fail("redis", f"{reason}; apt-get install redis-server, or put the program on PATH")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_redis_gone_and_back(tmp_path: Path, kind: str) -> None:
    """While Redis is gone each call fails; when it is back no idle connection fails a turn, and nothing is lost."""
    with restartable(tmp_path / "redis") as server:
        opened: SessionStore = (
            store_for(server.url, ttl=DAY) if kind == "sync" else Blocking(async_store_for(server.url, ttl=DAY))
        )
        with closing(opened) as store, ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: store.append(SESSION, turn(f"before-{number}")), range(64)))
            server.stop()
            with pytest.raises(StoreUnavailable):
                store.append(SESSION, turn("lost"))
            server.start()
            list(threads.map(lambda number: store.append(SESSION, turn(f"after-{number}")), range(64)))
            stored = texts(store.read(SESSION))
    assert sorted(stored[:64]) == sorted(f"before-{number}" for number in range(64))
    assert sorted(stored[64:]) == sorted(f"after-{number}" for number in range(64))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_redis_holds_what_is_no_turn(tmp_path: Path, kind: str) -> None:
    """Another type under the session's key, or entries that are none of ours, are `StoreUnavailable`."""
    with (
        redis_server(tmp_path) as url,
        closing(redis.Redis.from_url(url)) as other,
        closing(store_for(url, ttl=DAY) if kind == "sync" else Blocking(async_store_for(url, ttl=DAY))) as store,
    ):
        store.append(SESSION, turn("whole"))
        (key,) = other.scan_iter()
        assert 0 < other.pttl(key) <= DAY * 1_000
        other.rpush(key, b"\xff noise")
        with pytest.raises(StoreUnavailable):
            store.read(SESSION)
        other.set(key, "a string")
        with pytest.raises(StoreUnavailable):
            store.append(SESSION, turn("lost"))
        store.delete(SESSION)
        store.append(SESSION, turn("after"))
        assert texts(store.read(SESSION)) == ["after"]


@pytest.mark.parametrize("count", [0, 99, 100, 101, 250])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_redis_reads_long_sessions_in_pages(tmp_path: Path, kind: str, count: int) -> None:
    """A session of any length comes whole and in order."""
    with (
        redis_server(tmp_path) as url,
        closing(store_for(url, ttl=DAY) if kind == "sync" else Blocking(async_store_for(url, ttl=DAY))) as store,
    ):
        for number in range(count):
            store.append(SESSION, turn(str(number)))
        assert texts(store.read(SESSION)) == [str(number) for number in range(count)]
