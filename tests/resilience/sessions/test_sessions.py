"""The short version of the measurements: stores that break under running servers, and what is promised of them.

Neighbours: `measure` (the long version), `tests/unit/shared/test_sqlite_store.py` (the stores by themselves).
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis

from loadtests.targets import load_targets
from tests.conformance.fixtures import started
from tests.conformance.poll import poll
from tests.conformance.profiles import KEY, SECOND_KEY
from tests.conformance.subject import fresh
from tests.requirements import skip_or_fail
from tests.resilience.sessions import killed, lag
from tests.resilience.sessions.measure import held, row
from tests.resilience.sessions.places import PLACES, Place, RedisServer, SqliteFile, Unable
from tests.resilience.sessions.play import play, served
from tests.resilience.sessions.together import together

TARGETS = load_targets()
SPREAD = (
    ("fastapi-uvicorn-4", "sqlite", ("read-only", "log-removed", "emptied")),
    ("flask-gthread-4", "sqlite", ("corrupt", "deleted")),
    ("flask-gevent", "sqlite", ("locked", "no-growth")),
    ("fastapi-uvicorn", "small disk", ("disk-full",)),
    ("fastapi-uvicorn", "redis", ("stopped",)),
    ("flask-gevent-4", "redis", ("killed", "paused")),
)
"""A server, 200 turns at once on one session, then one break after the other; the long version has all on each."""
BOUND = {"SESSION_MAX_MESSAGES": "4", "SESSION_TTL": "2"}


@contextmanager
def _able(store: str) -> Iterator[None]:
    """Skips what the machine cannot do; Redis is asked for by CI."""
    if store == "redis" and shutil.which("redis-server") is None:
        skip_or_fail("redis", "apt-get install redis-server, or put the program on PATH")
    try:
        yield
    except Unable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(
    ("target", "store", "names"), SPREAD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_store_that_breaks(target: str, store: str, names: tuple[str, ...], tmp_path: Path) -> None:
    """Turns at once are all kept; a store that breaks is a clear 503 while it lasts, and then all is well and there."""
    with _able(store), served(TARGETS[target], store, tmp_path / "served") as (launched, place):
        assert together(launched, store).broken == ()
        for name in names:
            with _able(store):
                assert (name, play(row(name), launched, place).broken) == (name, ())


@pytest.mark.parametrize(("target", "store"), [("fastapi-uvicorn-4", "redis"), ("flask-gthread-4", "sqlite")])
def test_killed_workers(target: str, store: str, tmp_path: Path) -> None:
    """Workers are killed while turns are under way, and every turn that a client saw completed is there."""
    with (
        _able(store),
        PLACES[store](tmp_path / "store") as place,
        started(TARGETS[target], {"SESSION_STORE": place.url, **killed.SETTINGS}, tmp_path / "log") as launched,
    ):
        seen = killed.killed(launched, store, turns=200, kills=2)
    assert seen.broken == ()
    assert seen.kills == 2


def test_the_loop_is_never_held(tmp_path: Path) -> None:
    """A locked file does not keep FastAPI's event loop from its work any longer than the memory store does."""
    target = TARGETS["fastapi-uvicorn"]
    seen = [
        each
        for store, breaks in (("memory", [""]), ("sqlite", ["", "locked"]))
        for each in lag.lag(target, store, breaks, tmp_path / store, seconds=2, turns=10)
    ]
    assert list(held(seen)) == []
    assert seen[-1].completed == 0  # the lock was there


@pytest.mark.parametrize(("target", "store"), [("fastapi-uvicorn", "redis"), ("flask-gevent", "sqlite")])
def test_bounds_and_hashes(target: str, store: str, tmp_path: Path) -> None:
    """The model is given the last messages alone, idle sessions are dropped, and no key is ever stored."""
    with (
        _able(store),
        PLACES[store](tmp_path / "store") as place,
        started(TARGETS[target], {"SESSION_STORE": place.url, **BOUND}, tmp_path / "log") as launched,
    ):
        session = fresh()
        for key in (KEY, SECOND_KEY):
            for number in range(4):
                assert launched.subject.chat(f"message {number}", session, key=key).status == 200
        told = launched.subject.chat("what did I say first?", session)
        assert told.json()["tool_calls"][0]["result"] == "message 2"
        assert len(launched.subject.messages(session)) == 10
        stored = _bytes(place)
        assert b"message 3" in stored
        assert not [key for key in (KEY, SECOND_KEY) if key.encode() in stored]
        poll(lambda: not launched.subject.messages(session), 10, "end of an idle session")
        _expired(place)


def _bytes(place: Place) -> bytes:
    """All that is stored, keys and values, as bytes."""
    if isinstance(place, SqliteFile):
        return b"".join(part.read_bytes() for part in place.path.parent.iterdir())
    with closing(redis.Redis.from_url(place.url)) as client:
        found = repr([(key, client.lrange(key, 0, -1)) for key in client.scan_iter()]).encode()
    return found + b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())


def _expired(place: Place) -> None:
    """Redis drops idle sessions by itself; SQLite with the turns that come after."""
    if isinstance(place, RedisServer):
        with closing(redis.Redis.from_url(place.url)) as client:
            poll(lambda: not list(client.scan_iter()), 10, "end of the other key's session")
    else:
        with closing(sqlite3.connect(place.path)) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
