"""One round: a fresh server, a look at it, the load, what it cost, and whether it counts.

Rule: a round always comes to an end with a value: a server that does not start or a generator that fails is a
reason in it, not an exception. Only Ctrl-C and a full disk pass through, and leave no process. Server and generator
run on the cores that the environment names.
Neighbours: compare plays rounds in the plan's order; serve, precheck, drive and measure do the parts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from loadtests.bench import STOP_SECONDS, Bench, Running, cpus, first_line, shorten
from loadtests.compare import judge
from loadtests.drive import DriveFailed, DriveSpec, RowsLost
from loadtests.errors import UserError
from loadtests.measure import Meter
from loadtests.measure.environment import Cores
from loadtests.measure.precheck import Precheck
from loadtests.plan import PlannedRound, PlannedScenario
from loadtests.results import Ceiling, Driven, Round
from loadtests.scenarios import find
from loadtests.targets import Target


@dataclass(frozen=True)
class Seat:
    """Where a round is played: the cores, the file that takes what the server prints, the generator's ceiling.

    `rows`: the folder that takes a line for every request; None: they are not kept.
    """

    cores: Cores
    log: Path
    ceiling: Ceiling | None = None
    rows: Path | None = None


def play(planned: PlannedRound, scenario: PlannedScenario, target: Target, seat: Seat, bench: Bench) -> Round:
    """Play one round to its end, whatever happens in it. A good round's log is not kept."""
    settings = find(scenario.name).settings
    began, looked, drives, broken = time.monotonic(), None, list[Driven](), list[str]()
    try:
        with bench.running(
            target, log=seat.log, settings=settings, cpus=cpus(seat.cores.server), stop_timeout=STOP_SECONDS
        ) as server:
            looked = bench.look(server.url, server.key, settings)
            for number, _ in enumerate(scenario.levels):
                drives.append(_drive(planned, scenario, number, server, seat, bench))
    except RowsLost:  # the disk is full: every other round would be lost in the same way
        raise
    except (UserError, DriveFailed) as error:
        broken.append(first_line(error))
    finally:
        shorten(seat.log)
    looked = looked or Precheck(ttft=None, gap=None, documented=None, problems=())
    under = judge.Conditions(scenario, seat.cores, seat.ceiling)
    against = (*broken, *judge.reasons(looked, tuple(drives), under))
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
        rate=level.rate,
        arrivals=level.arrivals,
        seconds=level.seconds,
        warmup=level.warmup,
        seed=planned.number,
        cpus=cpus(seat.cores.generator),
        rows=seat.rows and seat.rows / f"{planned.number:03d}-{number + 1}.csv",
    )
    with Meter(server.processes) as meter:
        result = bench.drive(spec)
    return Driven(level=level, result=result, samples=meter.samples, placed=meter.placed)
