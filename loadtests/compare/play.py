"""One round: a fresh server, a look at it, the load, what it cost, and whether it counts.

Rule: a round always comes to an end with a value: a server that does not start or a generator that fails is a
reason in it, not an exception. Only Ctrl-C passes through, and leaves no process. Server and generator run on the
cores that the environment names.
Neighbours: compare plays rounds in the plan's order; serve, precheck, drive and measure do the parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from loadtests import serve
from loadtests.compare import judge
from loadtests.drive import DriveFailed, DriveSpec, drive
from loadtests.drive.result import DriveResult
from loadtests.errors import UserError
from loadtests.measure import Meter, precheck
from loadtests.measure.environment import Cores
from loadtests.measure.precheck import Precheck
from loadtests.plan import PlannedRound, PlannedScenario
from loadtests.results import Driven, Round, redacted
from loadtests.scenarios import find
from loadtests.targets import Target

LOG_LINES = 40
STOP_SECONDS = 0.2  # a round is over when its figures are in: its server has nothing left to finish


class Running(Protocol):
    """What a round needs of a running server (serve.Server has it)."""

    @property
    def url(self) -> str: ...  # noqa: D102 - the name says it
    @property
    def key(self) -> str: ...  # noqa: D102 - the name says it
    def processes(self) -> list[psutil.Process]: ...  # noqa: D102 - the name says it


@dataclass(frozen=True)
class Bench:
    """The parts a round is made with; tests give their own."""

    running: Callable[..., AbstractContextManager[Running]] = serve.running
    look: Callable[[str, str, Mapping[str, str]], Precheck] = precheck.look
    drive: Callable[[DriveSpec], DriveResult] = drive


@dataclass(frozen=True)
class Seat:
    """Where a round is played: the cores, and the file that takes what the server prints."""

    cores: Cores
    log: Path


def play(planned: PlannedRound, scenario: PlannedScenario, target: Target, seat: Seat, bench: Bench) -> Round:
    """Play one round to its end, whatever happens in it. A good round's log is not kept."""
    settings = find(scenario.name).settings
    began, looked, drives, broken = time.monotonic(), None, list[Driven](), list[str]()
    try:
        with bench.running(
            target, log=seat.log, settings=settings, cpus=_cpus(seat.cores.server), stop_timeout=STOP_SECONDS
        ) as server:
            looked = bench.look(server.url, server.key, settings)
            for number, _ in enumerate(scenario.levels):
                drives.append(_drive(planned, scenario, number, server, seat, bench))
    except (UserError, DriveFailed) as error:
        broken.append(_first_line(error))
    finally:
        shorten(seat.log)
    looked = looked or Precheck(ttft=None, gap=None, documented=None, problems=())
    against = (*broken, *judge.reasons(looked, tuple(drives), len(scenario.levels)))
    if not against:
        seat.log.unlink(missing_ok=True)
    return Round(
        number=planned.number,
        block=planned.block,
        scenario=planned.scenario,
        target=planned.target,
        settings=tuple(f"{name}={value}" for name, value in sorted(settings.items())),
        seconds=round(time.monotonic() - began, 3),
        precheck=looked,
        drives=tuple(drives),
        reasons=against,
    )


def _drive(
    planned: PlannedRound, scenario: PlannedScenario, number: int, server: Running, seat: Seat, bench: Bench
) -> Driven:
    level = scenario.levels[number]
    spec = DriveSpec(
        scenario=scenario.name,
        url=server.url,
        key=server.key,
        users=level.users,
        seconds=level.seconds,
        warmup=level.warmup,
        seed=planned.number,
        cpus=_cpus(seat.cores.generator),
    )
    with Meter(server.processes) as meter:
        result = bench.drive(spec)
    return Driven(level=level, result=result, samples=meter.samples)


def shorten(log: Path) -> None:
    """Keep the end of what a server printed, without what must not be kept."""
    if not log.is_file():
        return
    lines = redacted(log.read_text("utf-8", errors="replace")).splitlines()
    log.write_text("".join(f"{line}\n" for line in lines[-LOG_LINES:]), "utf-8")


def _cpus(cores: tuple[int, ...]) -> frozenset[int] | None:
    return frozenset(cores) or None


def _first_line(error: Exception) -> str:
    """A reason for a reader elsewhere: one line, and no path of this machine."""
    return redacted(str(error)).splitlines()[0].split("; its log is")[0]
