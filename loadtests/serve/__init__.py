"""Starts one deployment, waits until it is healthy, and leaves no process of it behind.

Rule: a server lives in a session of its own and inside the `running` block; whatever ends the block ends the
whole tree. Its environment is made here, so that no variable of the user's shell changes what is measured.
Neighbours: `targets` says what to start, `ports` where, `tree` what belongs to it; `cli`, `compare` and the
conformance suite start servers.
"""

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

import psutil

from loadtests.errors import UserError
from loadtests.pinning import kept_to
from loadtests.serve import tree
from loadtests.serve.ports import PortTaken, checked_port, free_port, kept_port
from loadtests.signals import held_back
from loadtests.targets import Target

__all__ = [
    "ROOT",
    "RUN_MARK",
    "NotReady",
    "PortTaken",
    "Server",
    "free_port",
    "kept_port",
    "new_key",
    "running",
    "url_of",
]

ROOT = Path(__file__).resolve().parents[2]
RUN_MARK = "PARITY_RUN"  # set by a parent that wants to find the servers of its children
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", RUN_MARK)
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class NotReady(UserError):
    """The server ended, or did not answer `GET /health` with 200 and "healthy" in time."""


@dataclass(frozen=True)
class Server:
    """A running deployment. `log`: None where the terminal is its log; `key`: the first it accepts, or ""."""

    target: Target
    url: str
    host: str
    port: int
    key: str
    log: Path | None
    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        """The process that was started; its workers are among `processes()`."""
        return self.process.pid

    def terminate(self) -> None:
        """Send SIGTERM to the main process, as an operator would; it passes it on to its workers."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Return the main process's exit code when it has ended; `subprocess.TimeoutExpired` if late."""
        return self.process.wait(timeout)

    def processes(self) -> list[psutil.Process]:
        """Return the live processes of its tree, workers that have lost their parent included."""
        return tree.members(self.pid)

    def kill(self) -> None:
        """End every process of its tree at once, and wait until they are gone."""
        _kill(self, set())


@contextmanager
def running(  # noqa: PLR0913 - independent facts, all but two of them optional
    target: Target,
    *,
    log: Path | None,
    settings: Mapping[str, str] = NO_SETTINGS,
    host: str = "127.0.0.1",
    port: int | None = None,
    cpus: frozenset[int] | None = None,
    ready_timeout: float = 15.0,
    stop_timeout: float | None = None,
) -> Iterator[Server]:
    """Run `target` for the length of the block: healthy when the block begins, gone when it ends.

    `log` receives what it prints (None: the terminal does); `settings` are the application's environment
    variables; `port` None takes a free one; `cpus` pins it. At the end it gets SIGTERM, then `stop_timeout`
    seconds (None: its DRAIN_SECONDS and 5 more), then SIGKILL. Raises `NotReady` and `PortTaken`.
    """
    with ExitStack() as kept:
        port = kept.enter_context(kept_port(host)) if port is None else checked_port(port, host)
        folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="parity-"))
        output = kept.enter_context(_log_file(log))
        environment = _environment(target, settings, Path(folder))
        server: Server | None = None
        try:
            with kept_to(cpus), held_back():  # an interrupt inside Popen would lose the process that it has just made
                process = _spawn(target, target.command_line(host, port), environment, output)
                server = Server(target, url_of(host, port), host, port, _first_key(environment), log, process)
            _await_health(server, ready_timeout)
            yield server
        finally:
            if server is not None:
                _stop(server, _drain_seconds(environment) + 5 if stop_timeout is None else stop_timeout)


def new_key() -> str:
    """Return a fresh API key; its beginning lets the reader of a page see where it came from."""
    return "parity-" + secrets.token_hex(12)


def _environment(target: Target, settings: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    ours = {
        "PYTHONUNBUFFERED": "1",  # the log is read while the server runs
        "VALID_API_KEYS": new_key(),
        "SESSION_STORE": f"sqlite:///{folder / 'sessions.sqlite3'}",
    }
    return MappingProxyType({**inherited, **ours, **target.env, **settings})


def _first_key(environment: Mapping[str, str]) -> str:
    keys = (key.strip() for key in environment["VALID_API_KEYS"].split(","))
    return next(filter(None, keys), "")


def _drain_seconds(environment: Mapping[str, str]) -> float:
    try:
        return float(environment.get("DRAIN_SECONDS", "10"))
    except ValueError:
        return 10.0  # the application refuses the value and says so; here it is only how long we wait


@contextmanager
def _log_file(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        yield output


def _spawn(
    target: Target, command: list[str], environment: Mapping[str, str], output: IO[bytes] | None
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - the command is the target's own
            command,
            cwd=target.folder or ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to pass on, and the session id finds orphans
        )
    except OSError as error:
        raise NotReady(f"{target.name} cannot be started: {error}; correct its command") from error


def url_of(host: str, port: int) -> str:
    """Return where a client on this machine finds a server that listens there."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a name to replace
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _await_health(server: Server, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = server.wait(tree.POLL_SECONDS)
            raise NotReady(_not_ready(server, f"ended with exit code {code} before it was ready"))
        if _healthy(server.url):
            return
        if time.monotonic() > deadline:
            raise NotReady(_not_ready(server, f"not ready on port {server.port} after {timeout:g} s"))


def _healthy(url: str) -> bool:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=1)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read())["status"] == "healthy"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False  # whatever answers there is not (yet) a server that keeps the contract
    finally:
        connection.close()


def _not_ready(server: Server, what: str) -> str:
    if server.log is None:
        return f"{server.target.name} {what}; the reason is in its log above"
    lines = server.log.read_text("utf-8", errors="replace").splitlines()[-10:]
    quoted = "".join(f"\n  | {line}" for line in lines) or "\n  | (empty)"
    return f"{server.target.name} {what}; its log is {server.log}, and ends:{quoted}"


def _stop(server: Server, timeout: float) -> None:
    """SIGTERM, wait, kill the rest. Interrupted anywhere, it kills at once, and the interrupt goes on."""
    seen: set[psutil.Process] = set()
    try:
        seen |= set(server.processes())
        server.terminate()
        deadline = time.monotonic() + timeout
        while any(map(tree.alive, seen)) and time.monotonic() < deadline:
            time.sleep(tree.POLL_SECONDS)
            server.process.poll()  # reaps it
            seen |= set(server.processes())  # a worker started meanwhile, or orphaned, is ours too
    finally:
        _kill(server, seen)


def _kill(server: Server, seen: set[psutil.Process]) -> None:
    with held_back():
        tree.kill(seen | set(server.processes()))
        server.wait()
