"""The session stores, all through one suite: memory, SQLite and Redis, blocking and on an event loop."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from loadtests.serve.ports import free_port
from shared.errors import StoreUnavailable
from shared.sessions import Session, SessionStore, async_store_for, store_for
from shared.sessions.memory import MemoryStore
from tests.unit.shared.stores import DAY, SESSION, Blocking, Clock, redis_server, texts, turn

WRITER = """
import sys
from shared.models import Message
from shared.sessions import Session, store_for
url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = store_for(url, ttl=86400)
for number in range(count):
    text = f"{name}-{number}"
    turn = (Message(role="user", content=text), Message(role="assistant", content=text))
    store.append(Session("owner", "session"), turn)
    print(text, flush=True)
"""


def writer(url: str, name: str, count: int) -> "subprocess.Popen[str]":
    """A process that appends `count` turns to the session and prints each when it is stored."""
    command = [sys.executable, "-c", WRITER, url, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def clock() -> Clock:
    """A clock for the store under test."""
    return Clock()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server for this module."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where each kind of store keeps its sessions."""
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    return {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path}/sessions.sqlite3"}[request.param]


@pytest.fixture(params=["sync", "async"])
def store(request: pytest.FixtureRequest, url: str, clock: Clock) -> Iterator[SessionStore]:
    """Each store in both kinds, empty of the tests' session; sessions live a day on the test's clock."""
    opened: SessionStore = (
        store_for(url, ttl=DAY, now=clock)
        if request.param == "sync"
        else Blocking(async_store_for(url, ttl=DAY, now=clock))
    )
    with closing(opened):
        opened.delete(SESSION)
        yield opened


def test_a_new_session_is_empty(store: SessionStore) -> None:
    """A session that nobody wrote to has no messages, and deleting it is no error."""
    store.delete(SESSION)
    assert store.read(SESSION) == ()


@pytest.mark.parametrize("text", ["hello", "naïve → é 👩‍💻", "", "two\nlines\0and a NUL", "x" * 100_000])
def test_gives_back_what_was_stored(store: SessionStore, text: str) -> None:
    """Any text comes back as it was."""
    store.append(SESSION, turn(text))
    assert store.read(SESSION) == turn(text)


@pytest.mark.parametrize(("limit", "count"), [(None, 6), (0, 0), (1, 1), (2, 2), (3, 3), (6, 6), (100, 6)])
def test_limit_gives_the_last_messages(store: SessionStore, limit: int | None, count: int) -> None:
    """`limit` counts messages from the end, and gives them oldest first."""
    written = [message for text in "abc" for message in turn(text)]
    for text in "abc":
        store.append(SESSION, turn(text))
    assert list(store.read(SESSION, limit)) == written[len(written) - count :]


def test_delete_forgets(store: SessionStore) -> None:
    """A deleted session is empty, and can begin again."""
    store.append(SESSION, turn("old"))
    store.delete(SESSION)
    assert store.read(SESSION) == ()
    store.append(SESSION, turn("new"))
    assert texts(store.read(SESSION)) == ["new"]


def test_owners_are_apart(store: SessionStore) -> None:
    """The same id under two owners is two sessions."""
    other = Session("other", SESSION.id)
    store.delete(other)
    store.append(SESSION, turn("mine"))
    assert store.read(other) == ()
    store.append(other, turn("theirs"))
    store.delete(other)
    assert texts(store.read(SESSION)) == ["mine"]


def test_turns_at_the_same_time_are_all_kept(store: SessionStore) -> None:
    """Of 200 turns from 20 threads on one session none is lost, and each pair is adjacent."""
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda number: store.append(SESSION, turn(str(number))), range(200)))
    assert sorted(texts(store.read(SESSION)), key=int) == [str(number) for number in range(200)]


@pytest.mark.parametrize("url", ["memory", "sqlite"], indirect=True)
def test_idle_sessions_are_dropped(store: SessionStore, clock: Clock) -> None:
    """A session lives for the idle time after its last turn, and begins anew after that."""
    store.append(SESSION, turn("one"))
    clock.now += DAY - 1
    store.append(SESSION, turn("two"))
    clock.now += DAY - 1
    assert texts(store.read(SESSION)) == ["one", "two"]
    clock.now += 1
    assert store.read(SESSION) == ()
    store.append(SESSION, turn("three"))
    assert texts(store.read(SESSION)) == ["three"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_redis_drops_idle_sessions(redis_url: str, kind: str) -> None:
    """Redis counts the idle time itself, from the last turn."""
    with closing(
        store_for(redis_url, ttl=0.2) if kind == "sync" else Blocking(async_store_for(redis_url, ttl=0.2))
    ) as store:
        store.append(SESSION, turn("old"))
        deadline = time.monotonic() + 10
        while store.read(SESSION) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert store.read(SESSION) == ()


def test_memory_is_bounded_by_the_idle_time(clock: Clock) -> None:
    """Idle sessions leave the memory when anyone comes by, not when they are asked for."""
    store = MemoryStore(DAY, clock)
    for number in range(100):
        store.append(Session("owner", str(number)), turn("hello"))
    clock.now += DAY
    store.append(SESSION, turn("hello"))
    assert len(store) == 1


@pytest.fixture
def shared_url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A store that processes can share."""
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    return f"sqlite:///{tmp_path}/sessions.sqlite3"


@pytest.mark.parametrize("shared_url", ["sqlite", "redis"], indirect=True)
def test_processes_share_a_store(shared_url: str) -> None:
    """Of 200 turns from 4 processes on one session none is lost, in each one's own order."""
    with closing(store_for(shared_url, ttl=DAY)) as store:
        store.delete(SESSION)
        writers = [writer(shared_url, name, 50) for name in "abcd"]
        for process in writers:
            process.communicate(timeout=60)
            assert process.returncode == 0
        stored = texts(store.read(SESSION))
    for name in "abcd":
        assert [text for text in stored if text.startswith(name)] == [f"{name}-{n}" for n in range(50)]


@pytest.mark.parametrize("shared_url", ["sqlite", "redis"], indirect=True)
def test_kill_loses_no_stored_turn(shared_url: str) -> None:
    """Every turn that a process had stored survives its `kill -9`, and the store goes on working."""
    with closing(store_for(shared_url, ttl=DAY)) as store:
        store.delete(SESSION)
        with writer(shared_url, "a", 1_000_000) as process:
            assert process.stdout is not None
            confirmed = [process.stdout.readline().strip() for _ in range(50)]
            process.send_signal(signal.SIGKILL)
            confirmed += [line.strip() for line in process.stdout if line.endswith("\n")]
        stored = texts(store.read(SESSION))
        assert stored[: len(confirmed)] == confirmed
        assert len(stored) <= len(confirmed) + 1
        store.append(SESSION, turn("after"))
        assert texts(store.read(SESSION))[-1] == "after"


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_redis_out_of_reach(kind: str) -> None:
    """A Redis that does not answer is `StoreUnavailable` at each use, and not before."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    verbs: list[Callable[[SessionStore], object]] = [
        lambda store: store.read(SESSION),
        lambda store: store.append(SESSION, turn("lost")),
        lambda store: store.delete(SESSION),
    ]
    with closing(store_for(url, ttl=DAY) if kind == "sync" else Blocking(async_store_for(url, ttl=DAY))) as store:
        for verb in verbs:
            with pytest.raises(StoreUnavailable):
                verb(store)


@pytest.mark.parametrize("factory", [store_for, async_store_for], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "without a kind: use sqlite:///path, memory:// or redis://"),
        ("sessions.db", "without a kind: use sqlite:///path"),
        ("mysql://user:secret@host/db", "of the kind 'mysql': use sqlite:///path"),
        ("memory://host", "use memory://"),
        ("sqlite://", "use sqlite:///sessions.sqlite3"),
        ("sqlite://host/path", "use sqlite:///sessions.sqlite3"),
        ("sqlite:///:memory:", "or memory:// to keep nothing"),
        ("sqlite:///{folder}/none/sessions.db", "does not exist: create it"),
        ("sqlite:///{folder}", "cannot be written"),
        ("sqlite:///{folder}/text.db", "cannot be written (file is not a database)"),
        ("redis://:secret@host:port/0", "use redis://host:6379/0"),
    ],
)
def test_refuses_bad_urls(factory: Callable[..., object], url: str, words: str, tmp_path: Path) -> None:
    """A URL that cannot serve is refused at once, in words with a cure and without its password."""
    (tmp_path / "text.db").write_text("This is no database. " * 100)
    with pytest.raises(ValueError, match=re.escape(words)) as raised:
        factory(url.format(folder=tmp_path), ttl=DAY)
    assert "secret" not in str(raised.value)
