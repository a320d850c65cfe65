"""Locust's command line for one round, and the environment that it runs in.

Rule: everything that shapes the load is said on it; Locust's own files and variables are not read. Neighbours: `drive`
runs it, `hooks` has the other end of the options, `hosts.worker` is the command of a load host.
"""

from __future__ import annotations

import os
import sys
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loadtests.scenarios import Scenario

if TYPE_CHECKING:
    from loadtests.drive import DriveSpec

LOCUSTFILE: Final = Path(__file__).parent.parent / "locustfile.py"
START: Final = 30.0  # seconds that Locust may take to start, and to write and stop
REFUSED: Final = "refused.txt"


def command(spec: DriveSpec, scenario: Scenario, path: Path, port: int) -> list[str]:
    """What plays this round and writes its totals to `path`; `port` is for Locust's master, if there is one."""
    users = spec.parts if spec.rate is not None else spec.load.users or 0
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
        "parts": spec.parts,
        "arrivals": spec.arrivals,
        "seed": spec.seed,
        "timeout": spec.timeout,
        "max-in-flight": spec.max_in_flight,
        "connections": spec.connections,
        "warmup": spec.warmup,
        "window": spec.seconds,
        "parity-json": path,
    }
    named = [f"--{name}={value}" for name, value in (options | _spread(spec, path, port) | _rows(spec, path)).items()]
    flags = ["--headless", "--only-summary", "--skip-log-setup"]  # so the log has warnings, and nothing of the figures
    flags += ["--words"] if spec.words else []
    return [sys.executable, "-m", "locust", *flags, *(["--master"] if spec.hosts else []), *named, *classes]


def environment(spec: DriveSpec, folder: str) -> dict[str, str]:
    """This environment without Locust's own settings, which would change the load; its files are not read either."""
    return {**plain(), "PARITY_KEY": spec.key, "HOME": folder}


def plain() -> dict[str, str]:
    """This environment, as a load generator process may have it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _spread(spec: DriveSpec, path: Path, port: int) -> dict[str, object]:
    """Locust's options for several processes: a port of this round's own, and no endless wait for a worker."""
    if spec.hosts is not None:
        return {
            "master-bind-host": spec.hosts.address,
            "master-bind-port": spec.hosts.port,
            "expect-workers": spec.hosts.workers,
            "expect-workers-max-wait": ceil(START),
            "parity-hosts": ",".join(spec.hosts.names),
            "parity-wait": spec.hosts.wait,
            "parity-refused": path.parent / REFUSED,
        }
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
