"""One round of load by itself: Locust is started as a process, bounded in time, and its result read from a file.

Rule: this process never imports Locust (which patches the standard library with gevent); it checks that the
server answers and takes the key, then runs the generator. The server is left alone. Neighbours: `process` runs it,
`hooks` is the other end of the file, `result` has its figures, `rows` every request, `show` is for the terminal.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from loadtests.arrivals import Arrivals
from loadtests.drive import process, rows
from loadtests.drive.client.http import Connection
from loadtests.drive.client.message import Endpoint, Reply, prepare
from loadtests.drive.process import DriveFailed
from loadtests.drive.result import DriveResult, Load, result_of
from loadtests.drive.totals import Totals
from loadtests.errors import UserError
from loadtests.scenarios import Scenario, find
from loadtests.serve.ports import kept_port

LOCUSTFILE: Final = Path(__file__).parent.parent / "locustfile.py"
START: Final = 30.0  # seconds that Locust may take to start, and to write and stop
PREFLIGHT: Final = 10.0

__all__ = ["DriveFailed", "DriveResult", "DriveSpec", "RowsLost", "drive"]


class RowsLost(UserError):
    """The round is over, its figures are in `result`, but the file for its rows could not be written."""

    def __init__(self, message: str, result: DriveResult) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True, slots=True)
class DriveSpec:
    """One round. Times in seconds; `warmup` is the longest that it may take, and ends when the load has settled.

    Closed loop: `users`. Open loop: `rate` (requests/s) and `arrivals`; more than `max_in_flight` are dropped, more
    than `connections` wait. `processes` Locust workers share the load, each of them on any of `cpus`. `rows`: a file
    that every request of the window is written to, as CSV.
    """

    scenario: str
    url: str
    key: str
    users: int | None = None
    rate: float | None = None
    arrivals: Arrivals = "constant"
    seconds: float = 10.0
    warmup: float = 5.0
    seed: int = 1
    cpus: frozenset[int] | None = None
    timeout: float = 30.0
    processes: int = 1
    max_in_flight: int = 1_000
    connections: int = 1_000
    rows: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be driven."""
        if self.users is not None and self.rate is not None:
            raise UserError("--users and --rate exclude each other: a closed loop has users, an open loop a rate")
        for name in ("users", "rate", "seconds", "timeout", "processes", "max_in_flight", "connections"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise UserError(f"--{name.replace('_', '-')} must be more than 0, not {value:g}")
        if self.warmup < 0:
            raise UserError(f"--warmup cannot be less than 0, and is {self.warmup:g}")

    @property
    def load(self) -> Load:
        """What is asked of the server, as the result says it; a scenario's own users when nothing is named."""
        users = None if self.rate is not None else self.users or find(self.scenario).users
        return Load(users=users, rate=self.rate, arrivals=self.arrivals, warmup=self.warmup, seed=self.seed)


def drive(spec: DriveSpec) -> DriveResult:
    """Play one round and give its result. Raises `UserError` for what the user can put right, else `DriveFailed`."""
    scenario = find(spec.scenario)
    preflight(spec)
    with tempfile.TemporaryDirectory(prefix="parity-drive-") as name:
        folder = Path(name)
        path, log = folder / "totals.json", folder / "locust.log"
        limit = 2 * START + spec.warmup + spec.seconds + spec.timeout
        with kept_port() as port:  # of Locust's master, where there are several processes
            command = _command(spec, scenario, path, port)
            process.run(command, _environment(spec, name), log, cpus=spec.cpus, limit=limit)
        if not path.exists():
            raise DriveFailed(f"the load generator ended without a result: {process.tail(log)}")
        totals = Totals.model_validate_json(path.read_bytes())
        result = result_of(totals, scenario.name, spec.load, streams=scenario.streams)
        try:
            if spec.rows is not None:
                rows.join(folder, spec.rows)
        except UserError as error:
            raise RowsLost(str(error), result) from error
    return result


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


def _command(spec: DriveSpec, scenario: Scenario, path: Path, port: int) -> list[str]:
    users = spec.processes if spec.rate is not None else spec.load.users or 0
    classes = [scenario.user_class]
    if scenario.probe is not None:
        classes, users = [*classes, "HealthUser"], users + 1
    options: dict[str, object] = {
        "locustfile": LOCUSTFILE,
        "host": spec.url,
        "users": users,
        "spawn-rate": users,
        "stop-timeout": ceil(spec.timeout) + 1,
        "exit-code-on-error": 0,
        "rate": spec.rate or 0,
        "parts": spec.processes,
        "arrivals": spec.arrivals,
        "seed": spec.seed,
        "timeout": spec.timeout,
        "max-in-flight": ceil(spec.max_in_flight / spec.processes),
        "connections": ceil(spec.connections / spec.processes),
        "warmup": spec.warmup,
        "window": spec.seconds,
        "parity-json": path,
    }
    named = [f"--{name}={value}" for name, value in (options | _spread(spec, port) | _rows(spec, path)).items()]
    flags = ("--headless", "--only-summary", "--skip-log-setup")  # so the log has warnings, and nothing of the figures
    return [sys.executable, "-m", "locust", *flags, *named, *classes]


def _spread(spec: DriveSpec, port: int) -> dict[str, object]:
    """Locust's options for several processes: a port of this round's own, and no endless wait for a worker."""
    if spec.processes == 1:
        return {}
    return {
        "processes": spec.processes,
        "master-bind-host": "127.0.0.1",
        "master-bind-port": port,
        "master-port": port,
        "expect-workers-max-wait": ceil(START),
    }


def _rows(spec: DriveSpec, path: Path) -> dict[str, object]:
    return {} if spec.rows is None else {"parity-rows": path.parent}


def _environment(spec: DriveSpec, folder: str) -> dict[str, str]:
    """This environment without Locust's own settings, which would change the load; its files are not read either."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return {**kept, "PARITY_KEY": spec.key, "HOME": folder, "PYTHONUNBUFFERED": "1"}
