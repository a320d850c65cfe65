"""One round of load by itself: a Locust process is started, bounded in time, and its result read from a file.

Rule: this process never imports Locust (which patches the standard library with gevent); it checks that the
server answers and takes the key, starts the generator pinned to its cores, and ends it by its process id
whatever happens. The server is left alone. Neighbours: `hooks` is the other end of the file,
`result` its figures, `show`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

import psutil

from loadtests.arrivals import Arrivals
from loadtests.drive.client.http import Connection
from loadtests.drive.client.message import Endpoint, Reply, prepare
from loadtests.drive.result import DriveResult, Load, result_of
from loadtests.drive.totals import Totals
from loadtests.errors import UserError
from loadtests.scenarios import Scenario, find

LOCUSTFILE: Final = Path(__file__).parent.parent / "locustfile.py"
START: Final = 30.0  # seconds that Locust may take to start, and to write and stop
PREFLIGHT: Final = 10.0

__all__ = ["DriveFailed", "DriveResult", "DriveSpec", "drive"]


class DriveFailed(Exception):
    """The generator gave no result; the message says why and has the last lines of its log."""


@dataclass(frozen=True, slots=True)
class DriveSpec:
    """One round. Times in seconds.

    Closed loop: `users`. Open loop: `rate` (requests/s) and `arrivals`; more than `max_in_flight` are dropped, more
    than `connections` wait. `processes` Locust workers share the load, each of them on any of `cpus`.
    """

    scenario: str
    url: str
    key: str
    users: int | None = None
    rate: float | None = None
    arrivals: Arrivals = "constant"
    seconds: float = 10.0
    warmup: float = 1.0
    seed: int = 1
    cpus: frozenset[int] | None = None
    timeout: float = 30.0
    processes: int = 1
    max_in_flight: int = 1_000
    connections: int = 1_000

    def __post_init__(self) -> None:
        """Refuse what cannot be driven."""
        if self.users is not None and self.rate is not None:
            raise UserError("--users and --rate exclude each other: a closed loop has users, an open loop a rate")
        for name in ("users", "rate", "seconds", "timeout", "processes", "max_in_flight", "connections"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise UserError(f"--{name.replace('_', '-')} must be more than 0, not {value:g}")

    @property
    def load(self) -> Load:
        """What is asked of the server, as the result says it; a scenario's own users when nothing is named."""
        users = None if self.rate is not None else self.users or find(self.scenario).users
        return Load(users=users, rate=self.rate, arrivals=self.arrivals, warmup=self.warmup, seed=self.seed)


def drive(spec: DriveSpec) -> DriveResult:
    """Play one round and give its result. Raises `UserError` for what the user can put right, else `DriveFailed`."""
    scenario = find(spec.scenario)
    preflight(spec)
    with tempfile.TemporaryDirectory(prefix="parity-drive-") as folder:
        path = Path(folder, "totals.json")
        log = Path(folder, "locust.log")
        _run(_command(spec, scenario, path), _environment(spec, folder), log, spec)
        if not path.exists():
            raise DriveFailed(f"the load generator ended without a result: {_tail(log)}")
        totals = Totals.model_validate_json(path.read_bytes())
    return result_of(totals, scenario.name, spec.load, streams=scenario.streams)


def preflight(spec: DriveSpec) -> None:
    """Make sure that the server answers and takes the key, before any load."""
    health = _ask(spec, "/health")
    if health.failure is not None:
        raise UserError(f"nothing to load at {spec.url} ({health.failure}); start it with `parity serve TARGET`")
    session = _ask(spec, "/sessions/parity-drive")
    if session.status == 401:
        raise UserError(f"{spec.url} refuses the key (401); pass one of its VALID_API_KEYS with --key")


def _ask(spec: DriveSpec, path: str) -> Reply:
    endpoint = Endpoint.of(spec.url)
    connection = Connection(endpoint, timeout=min(spec.timeout, PREFLIGHT))
    try:
        return connection.exchange(prepare(endpoint, "GET", path, {"X-API-Key": spec.key, "Connection": "close"}))
    finally:
        connection.close()


def _command(spec: DriveSpec, scenario: Scenario, path: Path) -> list[str]:
    users = spec.processes if spec.rate is not None else spec.load.users or 0
    classes = [scenario.user_class]
    if scenario.probe is not None:
        classes, users = [*classes, "HealthUser"], users + 1
    options: Mapping[str, object] = {
        "locustfile": LOCUSTFILE,
        "host": spec.url,
        "users": users,
        "spawn-rate": users,
        "stop-timeout": ceil(spec.timeout) + 1,
        "loglevel": "WARNING",
        "exit-code-on-error": 0,
        "rate": (spec.rate or 0) / spec.processes,
        "arrivals": spec.arrivals,
        "seed": spec.seed,
        "timeout": spec.timeout,
        "max-in-flight": spec.max_in_flight,
        "connections": spec.connections,
        "warmup": spec.warmup,
        "window": spec.seconds,
        "parity-json": path,
    }
    spread = ["--processes", str(spec.processes)] if spec.processes > 1 else []
    named = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "locust", "--headless", "--only-summary", *named, *spread, *classes]


def _environment(spec: DriveSpec, folder: str) -> dict[str, str]:
    """This environment without Locust's own settings, which would change the load; its files are not read either."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return {**kept, "PARITY_KEY": spec.key, "HOME": folder, "PYTHONUNBUFFERED": "1"}


def _run(command: list[str], environment: dict[str, str], log: Path, spec: DriveSpec) -> None:
    limit = 2 * START + spec.warmup + spec.seconds + spec.timeout
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command, env=environment, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
        try:
            if spec.cpus:
                psutil.Process(process.pid).cpu_affinity(sorted(spec.cpus))
            code = process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise DriveFailed(f"the load generator did not end in {limit:.0f} s: {_tail(log)}") from error
        finally:
            _end(process)
    if code != 0:
        raise DriveFailed(f"the load generator failed with exit code {code}: {_tail(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave none of the processes that this round started."""
    if process.poll() is not None:
        return
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        with suppress(psutil.NoSuchProcess):  # it ended by itself meanwhile, which is all we want
            member.kill()
    process.wait()


def _tail(log: Path, lines: int = 5) -> str:
    return " / ".join(log.read_text("utf-8", "replace").strip().splitlines()[-lines:]) or "its log is empty"
