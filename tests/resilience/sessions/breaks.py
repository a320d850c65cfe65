"""What can happen to a store while servers use it: each a block that begins the trouble and ends it.

Rule: a row says for how long, whether turns must be refused meanwhile, and which completed turns must be there when it
is over: only what an operator threw away may be gone. Neighbours: `places` (the stores), `play` (the load around it).
"""

import random
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Literal

import psutil

from tests.resilience.sessions.places import Place, RedisServer, SqliteFile, Unable

Phase = Literal["before", "during", "after"]
Block = Callable[[Place, tuple[psutil.Process, ...]], AbstractContextManager[None]]
ALL: tuple[Phase, ...] = ("before", "during", "after")


@dataclass(frozen=True, slots=True)
class Break:
    """A way to break a store. `happens`: a sentence's end for the page; `seconds`: how long it is left broken."""

    name: str
    store: str
    happens: str
    block: Block
    seconds: float
    refuses: bool = True
    keeps: tuple[Phase, ...] = ALL


def _files(place: Place) -> SqliteFile:
    assert isinstance(place, SqliteFile)
    return place


def _server(place: Place) -> RedisServer:
    assert isinstance(place, RedisServer)
    return place


@contextmanager
def _locked(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
    with closing(sqlite3.connect(_files(place).path, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _read_only(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
    """By `chattr +i`, which holds for root and for files that are open already."""
    parts = [str(_files(place).part(end)) for end in ("", "-wal")]
    _attribute("+i", parts)
    try:
        yield
    finally:
        _attribute("-i", parts)


def _attribute(change: str, parts: list[str]) -> None:
    program = shutil.which("chattr")
    if program is None:
        raise Unable("a file is made read-only for root by chattr(1)")
    done = subprocess.run([program, change, *parts], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unable(f"a file cannot be made read-only for root: {done.stderr.strip()}")


@contextmanager
def _no_growth(_: Place, processes: tuple[psutil.Process, ...]) -> Iterator[None]:
    """No file of the server's may grow: writes beyond the first page fail, in its log too."""
    before = {each.pid: resource.prlimit(each.pid, resource.RLIMIT_FSIZE) for each in processes}
    for pid, (_soft, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def _disk_full(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
    """Something else fills the small disk, and is removed again."""
    filler = _files(place).path.with_name("filler")
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)) == 4_096:
                pass
        except OSError:
            pass  # it is full
    try:
        yield
    finally:
        filler.unlink()


def _corrupted(first: int, length: int) -> Block:
    """Bytes of the file are overwritten; then an operator puts a backup in its place, as the page says."""

    @contextmanager
    def block(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
        file = _files(place)
        backup = file.path.with_name("backup")
        with closing(sqlite3.connect(file.path)) as live, closing(sqlite3.connect(backup)) as copy:
            live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            live.backup(copy)
        _overwrite(file, first, length)
        yield
        backup.replace(file.path)

    return block


def _overwrite(file: SqliteFile, first: int, length: int) -> None:
    noise = random.Random(1)
    with file.path.open("r+b") as opened:
        opened.seek(first)
        opened.write(noise.randbytes(min(length, max(0, file.path.stat().st_size - first))))


def _removed(*ends: str) -> Block:
    @contextmanager
    def block(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
        for end in ends:
            _files(place).part(end).unlink(missing_ok=True)
        yield

    return block


@contextmanager
def _emptied(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
    empty = _files(place).path.with_name("empty")
    empty.touch()
    empty.replace(_files(place).path)
    yield


def _stopped(number: signal.Signals) -> Block:
    @contextmanager
    def block(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
        _server(place).stop(number)
        try:
            yield
        finally:
            _server(place).start()

    return block


@contextmanager
def _paused(place: Place, _: tuple[psutil.Process, ...]) -> Iterator[None]:
    _server(place).signal(signal.SIGSTOP)
    try:
        yield
    finally:
        _server(place).signal(signal.SIGCONT)


BREAKS: tuple[Break, ...] = (
    Break("locked", "sqlite", "another process holds the write lock for 7 s", _locked, 7.0),
    Break("read-only", "sqlite", "the file and its log become read-only, for root too", _read_only, 1.5),
    Break("no-growth", "sqlite", "no file may grow any more (RLIMIT_FSIZE), the server's log neither", _no_growth, 1.5),
    Break("disk-full", "small disk", "the disk is full", _disk_full, 1.5),
    Break("log-removed", "sqlite", "the write-ahead log is removed", _removed("-wal"), 1.0, refuses=False),
    Break("index-removed", "sqlite", "the log and its index are removed", _removed("-wal", "-shm"), 1.0, refuses=False),
    Break(
        "head-corrupt",
        "sqlite",
        "the first 100 bytes are overwritten; the cure is a backup in its place",
        _corrupted(0, 100),
        1.5,
        refuses=False,  # a connection that has read the head keeps it, and goes on; a new one refuses
        keeps=("before", "after"),
    ),
    Break(
        "corrupt",
        "sqlite",
        "all from the second page on is overwritten; the cure is a backup in its place",
        _corrupted(4_096, 1 << 30),
        1.5,
        keeps=("before", "after"),
    ),
    Break(
        "emptied",
        "sqlite",
        "an empty file is put in its place",
        _emptied,
        1.0,
        refuses=False,
        keeps=("during", "after"),
    ),
    Break(
        "deleted",
        "sqlite",
        "the file is deleted, with its log and index",
        _removed("", "-wal", "-shm"),
        1.0,
        refuses=False,
        keeps=("during", "after"),
    ),
    Break("stopped", "redis", "Redis is stopped, and started again", _stopped(signal.SIGTERM), 2.0),
    Break("killed", "redis", "Redis is killed (SIGKILL), and started again", _stopped(signal.SIGKILL), 2.0),
    Break("paused", "redis", "Redis holds its connections and says nothing for 4 s (SIGSTOP)", _paused, 4.0),
)
