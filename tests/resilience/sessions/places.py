"""The stores that servers are tried with: a SQLite file in a folder of its own, and a Redis server of our own.

Rule: whatever is started or mounted here has gone when the block ends; Redis has its append-only file, as a store that
must not forget has. Neighbours: `breaks` (what is done to them).
"""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.serve.ports import kept_port
from tests.conformance.poll import poll


class Unable(Exception):
    """This machine cannot do what is asked; the message says why."""


@dataclass(frozen=True)
class SqliteFile:
    """A session file; `url` is what SESSION_STORE has to be."""

    path: Path
    name: str = "sqlite"

    @property
    def url(self) -> str:
        """The setting."""
        return f"sqlite:///{self.path}"

    def part(self, end: str) -> Path:
        """The file itself (""), its log ("-wal") or the log's index ("-shm")."""
        return Path(f"{self.path}{end}")


@dataclass
class RedisServer:
    """A Redis server that can be stopped, started, and made to hold its breath."""

    folder: Path
    port: int
    name: str = "redis"
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The setting."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, with what it had before, and wait until it takes connections and has read its file."""
        program = shutil.which("redis-server")
        if program is None:
            raise Unable("redis-server is not installed")
        with (self.folder / "redis.log").open("ab") as log:
            command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        poll(self._answers, 20, f"answer of redis-server on port {self.port}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it: SIGTERM as an operator does, or SIGKILL."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP: it holds its connections and says nothing; SIGCONT: it goes on."""
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


Place = SqliteFile | RedisServer


@contextmanager
def sqlite_file(folder: Path) -> Iterator[SqliteFile]:
    """A session file in a new folder."""
    folder.mkdir()
    yield SqliteFile(folder / "sessions.sqlite3")


@contextmanager
def small_disk(folder: Path, megabytes: int = 4) -> Iterator[SqliteFile]:
    """A session file on a disk of so many megabytes; raises `Unable` where none may be mounted."""
    folder.mkdir()
    program = shutil.which("mount")
    if not sys.platform.startswith("linux") or program is None:
        raise Unable("a small disk is mounted with Linux's mount(8)")
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs"]
    done = subprocess.run([program, *options, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unable(f"a small disk cannot be mounted: {done.stderr.strip()}")
    try:
        yield SqliteFile(folder / "sessions.sqlite3")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def redis(folder: Path) -> Iterator[RedisServer]:
    """A Redis server on a free port; raises `Unable` where there is none to start."""
    folder.mkdir()
    with kept_port() as port:
        server = RedisServer(folder, port)
        server.start()
        try:
            yield server
        finally:
            server.signal(signal.SIGCONT)
            server.stop()


PLACES: Mapping[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "sqlite": sqlite_file,
    "small disk": small_disk,
    "redis": redis,
}
"""Each kind of store, made in a folder that is not there yet."""
