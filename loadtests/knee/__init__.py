"""The most that a target holds within an objective: a search played against real servers.

Rule: `steps` decides what is probed, here it is played: a server serves until a probe does not hold, the next probe
has a fresh one. A search always ends with a value that has every probe; a server that does not start or a generator
that fails twice running ends it unfinished. Ctrl-C passes through, with what was probed, and leaves no process.
Neighbours: `slo`, `probe` and `doubts` judge, `bench` has the parts, compare and `command` ask, analyse.knees reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests import behind, doubts
from loadtests.behind import Behind
from loadtests.bench import STOP_SECONDS, Bench, Running, cpus, first_line, shorten
from loadtests.descriptors import open_files
from loadtests.drive import DriveFailed, DriveSpec
from loadtests.errors import UserError
from loadtests.knee.probe import judge
from loadtests.knee.share import cost
from loadtests.knee.show import told
from loadtests.knee.steps import FAR, NEAR, Answer, End, Next, after, cut
from loadtests.measure import Meter, Sample
from loadtests.measure.environment import Cores
from loadtests.plan import Model, PlannedKnee
from loadtests.records import Ceiling, KneeSearch, Probe
from loadtests.scenarios import find
from loadtests.slo import Slo, parse
from loadtests.targets import Target

TIMEOUT: Final = 5.0  # seconds after which a request has failed, at least: an overloaded probe is to end soon
STREAM_TIMEOUT: Final = 10.0
PATIENCE: Final = 5.0  # times the longest time asked is waited for too
IN_FLIGHT: Final = 4_096  # of an open loop: at 20,000 a second that many wait for 200 ms on average
FAULTS: Final = 2  # in a row, of the machinery and not of the server under load

__all__ = ["Interrupted", "Place", "search"]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of a search; `found` has the probes that had finished."""

    def __init__(self, found: KneeSearch) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True)
class Place:
    """Where, until when and in front of which model a search is played.

    `deadline` (monotonic): no probe begins that would end after it, if all goes well; None: no limit. `near`: a load
    that should be near the knee, to begin at; None: the plan's first. `stopped`: whether somebody has asked for the
    end, for a Ctrl-C that a library's callback has swallowed.
    """

    cores: Cores
    logs: Path
    ceiling: Ceiling | None = None
    deadline: float | None = None
    near: float | None = None
    tell: Callable[[str], object] = lambda _: None
    seed: int = 1
    stopped: Callable[[], bool] = lambda: False
    model: Model = "scripted"


@dataclass(frozen=True)
class _Hunt:
    """Everything that stays the same during one search."""

    planned: PlannedKnee
    slo: Slo
    target: Target
    place: Place
    bench: Bench
    files: float

    @property
    def log(self) -> Path:
        return self.place.logs / f"knee-{self.planned.scenario}-{self.target.name}.log"

    @property
    def model_log(self) -> Path:
        return self.log.with_stem(f"{self.log.stem}-model")

    @property
    def most(self) -> float:
        """The highest load that is tried: no more users than a process may have open files."""
        if self.planned.unit == "requests/s":
            return self.planned.most
        return max(self.planned.first, min(self.planned.most, self.files))

    @property
    def in_time(self) -> bool:
        return self.place.deadline is None or time.monotonic() + cost(self.planned) <= self.place.deadline

    @property
    def begin(self) -> tuple[float, float]:
        """The first load, and the stride that goes with it."""
        if self.place.near is None:
            return self.planned.first, FAR
        return min(self.place.near, self.most), NEAR

    def next(self, probes: list[Probe]) -> Next | End:
        """What comes after these probes; `KeyboardInterrupt` when the end was asked for."""
        if self.place.stopped():
            raise KeyboardInterrupt
        answers, (first, stride) = [Answer(p.load, p.held) for p in probes], self.begin
        step = after(answers, first, self.most, stride)
        return step if isinstance(step, End) or self.in_time else cut(answers, "the time was over")

    def found(self, probes: list[Probe], end: End) -> KneeSearch:
        """The search as a value."""
        return KneeSearch(
            scenario=self.planned.scenario,
            target=self.target.name,
            unit=self.planned.unit,
            slo=self.planned.slo,
            probes=tuple(probes),
            ended=end.why,
            limit=end.limit,
            near=self.place.near,
            model=self.place.model,
        )


def search(planned: PlannedKnee, target: Target, place: Place, bench: Bench) -> KneeSearch:
    """Find the most that this target holds; the probes are in the order of play. `Interrupted` after the first."""
    probes = list[Probe]()
    with open_files() as files:
        hunt = _Hunt(planned, parse(planned.slo), target, place, bench, files)
        try:
            return hunt.found(probes, _play(hunt, probes))
        except KeyboardInterrupt as error:
            if not probes:
                raise
            raise Interrupted(hunt.found(probes, End("unfinished", "it was interrupted"))) from error


def _play(hunt: _Hunt, probes: list[Probe]) -> End:
    """Server after server, until the search is over or the machinery has failed too often."""
    faults = list[str]()
    while isinstance(step := hunt.next(probes), Next) and len(faults) < FAULTS:
        before = len(probes)
        try:
            _serve(hunt, probes)
        except (UserError, DriveFailed) as error:
            faults = [first_line(error)] if len(probes) > before else [*faults, first_line(error)]
            hunt.place.tell(f"{hunt.planned.scenario} on {hunt.target.name}: {faults[-1]}")
        else:
            faults = []
        finally:
            for log in (hunt.log, hunt.model_log):
                shorten(log)
    if isinstance(step, Next):
        return End("unfinished", faults[-1])
    if not faults:
        for log in (hunt.log, hunt.model_log):
            log.unlink(missing_ok=True)
    return step


def _serve(hunt: _Hunt, probes: list[Probe]) -> None:
    """Start a server and its model, and probe it until a load does not hold or the search is over."""
    place, bench, pinned = hunt.place, hunt.bench, cpus(hunt.place.cores.server)
    with (
        behind.model(place.model, hunt.planned.scenario, bench, place.cores, hunt.model_log) as model,
        bench.running(
            hunt.target, log=hunt.log, settings=model.settings, cpus=pinned, stop_timeout=STOP_SECONDS
        ) as server,
    ):
        looked = bench.look(server.url, server.key, model.times)
        if looked.problems:
            raise DriveFailed("; ".join(looked.problems))
        while isinstance(step := hunt.next(probes), Next):
            probes.append(_probe(hunt, step, server, model, len(probes)))
            hunt.place.tell(told(hunt.planned, hunt.target.name, probes[-1]))
            if not probes[-1].held:
                return


def _probe(hunt: _Hunt, step: Next, server: Running, model: Behind, number: int) -> Probe:
    """One load, and whether it held; what a search has no use for is not kept."""
    place = hunt.place
    with Meter(server.processes) as meter, model.metered() as beside:
        result = hunt.bench.drive(_spec(hunt, step.load, server, number))
    seen = (
        *doubts.shared(meter.placed, place.cores),
        *doubts.near(result, place.ceiling),
        *doubts.outpaced(result, beside.samples, place.cores),
    )
    skipped = doubts.skipped(result, model.times)
    judged = judge(hunt.slo, result, seen, skipped)
    return Probe(
        load=step.load,
        edge=step.edge,
        held=judged.held,
        reasons=judged.reasons,
        result=result.model_copy(update={"histograms": {}, "timeline": (), "worst_stream": None}),
        samples=_thinned(meter.samples),
    )


def _spec(hunt: _Hunt, load: float, server: Running, number: int) -> DriveSpec:
    planned, connections = hunt.planned, int(min(IN_FLIGHT, hunt.files))
    is_open = planned.unit == "requests/s"
    return DriveSpec(
        scenario=planned.scenario,
        url=server.url,
        key=server.key,
        users=None if is_open else int(load),
        rate=load if is_open else None,
        arrivals="poisson",
        seconds=planned.seconds,
        warmup=planned.warmup,
        seed=hunt.place.seed + number,  # a repeat is not the same schedule again
        cpus=cpus(hunt.place.cores.generator),
        timeout=timeout(hunt.slo, planned.scenario),
        max_in_flight=connections,
        connections=connections,
        words=True,
    )


def timeout(slo: Slo, scenario: str) -> float:
    """Seconds until a request has failed: far over the objective, so that lateness is measured and not cut off."""
    least = STREAM_TIMEOUT if find(scenario).streams else TIMEOUT
    return max(least, PATIENCE * slo.longest_ms / 1e3)


def _thinned(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """The first, the last and one a second: a search has many probes, and use is read between samples anyway."""
    kept: list[Sample] = []
    for sample in samples:
        if not kept or sample is samples[-1] or sample.at - kept[-1].at >= 1:
            kept.append(sample)
    return tuple(kept)
