"""One round of load by itself: Locust is started as a process, bounded in time, and its result read from a file.

Rule: this process never imports Locust (which patches the standard library with gevent); it checks that the
server answers and takes the key, then runs the generator. The server is left alone. Neighbours: `process` runs it,
`hooks` is the other end of the file, `result` has its figures, `rows` every request, `show` is for the terminal.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

from loadtests.arrivals import Arrivals
from loadtests.drive import command, process, rows
from loadtests.drive.client.http import Connection
from loadtests.drive.client.message import Endpoint, Reply, prepare
from loadtests.drive.process import DriveFailed
from loadtests.drive.result import DriveResult, Load, result_of
from loadtests.drive.totals import Totals
from loadtests.errors import UserError
from loadtests.hosts import Hosts, HostsLost
from loadtests.scenarios import find
from loadtests.serve.ports import kept_port

PREFLIGHT: Final = 10.0
FAREWELL: Final = 3.0  # seconds that a master has to tell its workers elsewhere that it is over

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
    that every request of the window is written to, as CSV. `hosts`: these send the load instead, with as many workers
    each as it says. `words`: the model behind the server is the kit's own, so what streams say is checked too.
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
    hosts: Hosts | None = None
    words: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be driven."""
        if self.users is not None and self.rate is not None:
            raise UserError("--users and --rate exclude each other: a closed loop has users, an open loop a rate")
        for name in ("users", "rate", "seconds", "timeout", "processes", "max_in_flight", "connections"):
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:  # neither holds for nan
                raise UserError(f"--{name.replace('_', '-')} must be a number over 0, not {value:g}; give one like 10")
        if not 0 <= self.warmup < inf:
            raise UserError(f"--warmup must be a number from 0 on, not {self.warmup:g}; give one like 5")

    @property
    def load(self) -> Load:
        """What is asked of the server, as the result says it; a scenario's own users when nothing is named."""
        users = None if self.rate is not None else self.users or find(self.scenario).users
        return Load(users=users, rate=self.rate, arrivals=self.arrivals, warmup=self.warmup, seed=self.seed)

    @property
    def parts(self) -> int:
        """Load generator processes in all."""
        return self.processes if self.hosts is None else self.hosts.workers


def drive(spec: DriveSpec) -> DriveResult:
    """Play one round and give its result. Raises `UserError` for what the user can put right, else `DriveFailed`.

    `HostsLost` among the first: a load host that did not come.
    """
    scenario = find(spec.scenario)
    preflight(spec)
    with tempfile.TemporaryDirectory(prefix="parity-drive-") as name:
        folder = Path(name)
        path, log = folder / "totals.json", folder / "locust.log"
        limit = 2 * command.START + spec.warmup + spec.seconds + spec.timeout
        with kept_port() as port:  # of Locust's master, where there are several processes
            words, environment = command.command(spec, scenario, path, port), command.environment(spec, name)
            try:
                if spec.hosts is None:
                    process.run(words, environment, log, cpus=spec.cpus, limit=limit)
                else:
                    limit += spec.hosts.wait + spec.seconds
                    process.run(words, environment, log, cpus=spec.cpus, limit=limit, farewell=FAREWELL)
            except DriveFailed as error:
                if (refused := folder / command.REFUSED).exists():
                    raise HostsLost(refused.read_text("utf-8")) from error
                raise
        if not path.exists():
            raise DriveFailed(f"the load generator ended without a result: {process.tail(log)}")
        totals = Totals.model_validate_json(path.read_bytes())
        result = result_of(totals, scenario.name, spec.load, streams=scenario.streams, words=spec.words)
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
