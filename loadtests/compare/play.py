"""One round: a fresh server, its model, a look at it, the load, what it cost, and whether it counts.

Rule: a round always comes to an end with a value: a server that does not start or a generator that fails is a
reason in it, not an exception. Only Ctrl-C, a full disk and a load host that stays away pass through, and leave no
process. Server, generator and model server run on the cores that the environment names.
Neighbours: compare plays rounds in the plan's order; serve, behind, precheck, drive and measure do the parts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loadtests import behind
from loadtests.behind import Behind
from loadtests.bench import STOP_SECONDS, Bench, Running, cpus, first_line, shorten
from loadtests.compare import judge
from loadtests.drive import DriveFailed, DriveSpec, RowsLost
from loadtests.errors import UserError
from loadtests.hosts import HostsLost
from loadtests.measure import Meter
from loadtests.measure.environment import Cores
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level, Model, PlannedRound, PlannedScenario
from loadtests.records import Ceiling, Counted, Driven, Round
from loadtests.targets import Target

OPEN: Final = 1_000  # requests in flight in an open loop that is not meant in streams
NOT_LOOKED: Final = Precheck(ttft=None, gap=None, documented=None, problems=())


@dataclass(frozen=True)
class Seat:
    """Where a round is played: the cores, the file that takes what the server prints, the ceiling, the model.

    `rows`: the folder that takes a line for every request; None: they are not kept. `bare`: a floor sits here, which
    has no documents to be looked at.
    """

    cores: Cores
    log: Path
    ceiling: Ceiling | None = None
    rows: Path | None = None
    model: Model = "scripted"
    bare: bool = False

    @property
    def model_log(self) -> Path:
        """Takes what a model server prints."""
        return self.log.with_stem(f"{self.log.stem}-model")


def play(planned: PlannedRound, scenario: PlannedScenario, target: Target, seat: Seat, bench: Bench) -> Round:
    """Play one round to its end, whatever happens in it. A good round's logs are not kept."""
    began, played, broken = time.monotonic(), _Played(planned, scenario, target, seat, bench), list[str]()
    try:
        played.load()
    except (RowsLost, HostsLost):  # a full disk, a load host that stays away: no other round would fare better
        raise
    except (UserError, DriveFailed) as error:
        broken.append(first_line(error))
    finally:
        for log in (seat.log, seat.model_log):
            shorten(log)
    under = judge.Conditions(scenario, seat.cores, seat.ceiling, seat.model, seat.bare)
    found = judge.judged(played.looked, tuple(played.drives), under, played.counted)
    against = (*broken, *found.reasons)
    if not against:
        for log in (seat.log, seat.model_log):
            log.unlink(missing_ok=True)
    return Round(
        number=planned.number,
        block=planned.block,
        scenario=planned.scenario,
        target=planned.target,
        settings=played.settings,
        seconds=round(time.monotonic() - began, 3),
        precheck=played.looked,
        drives=tuple(played.drives),
        reasons=against,
        untimed=found.untimed,
        model=seat.model,
        upstream=played.counted,
    )


@dataclass
class _Played:
    """A round, and what has come of it so far: it stays when the rest breaks."""

    planned: PlannedRound
    scenario: PlannedScenario
    target: Target
    seat: Seat
    bench: Bench
    settings: tuple[str, ...] = ()
    looked: Precheck = NOT_LOOKED
    drives: list[Driven] = field(default_factory=list)
    counted: Counted | None = None

    def load(self) -> None:
        """Start the model and the server, look, drive every level."""
        seat, name = self.seat, self.scenario.name
        with behind.model(seat.model, name, self.bench, seat.cores, seat.model_log, self.planned.block) as model:
            self.settings, pinned = model.told, cpus(seat.cores.server)
            with self.bench.running(
                self.target, log=seat.log, settings=model.settings, cpus=pinned, stop_timeout=STOP_SECONDS
            ) as server:
                look = self.bench.look_bare if seat.bare else self.bench.look
                self.looked = look(server.url, server.key, model.times)
                before = model.counted()
                for number, level in enumerate(self.scenario.levels):
                    self.drives.append(self._drive(number, level, server, model))
                after = model.counted()
                self.counted = Counted(before=before, after=after, added=model.added()) if before and after else None

    def _drive(self, number: int, level: Level, server: Running, model: Behind) -> Driven:
        seat, round_number = self.seat, self.planned.number
        most = max(OPEN, 2 * (level.streams or 0))
        spec = DriveSpec(
            scenario=self.scenario.name,
            url=server.url,
            key=server.key,
            users=level.users,
            rate=level.rate,
            arrivals=level.arrivals,
            seconds=level.seconds,
            warmup=level.warmup,
            seed=round_number,
            cpus=cpus(seat.cores.generator),
            max_in_flight=most,
            connections=most,
            rows=seat.rows and seat.rows / f"{round_number:03d}-{number + 1}.csv",
            words=True,
        )
        with Meter(server.processes) as meter, model.metered() as beside:
            result = self.bench.drive(spec)
        placed = meter.placed.model_copy(update={"upstream": beside.placed.server})
        return Driven(level=level, result=result, samples=meter.samples, placed=placed, upstream=beside.samples)
