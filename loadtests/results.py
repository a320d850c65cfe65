"""A run on disk: `results/<UTC time>-<name>/`, the only thing a report is ever made from.

Rule: what was recorded (plan, environment, handwork, gate, fairness, calibration, rounds/NNN, knees/SCENARIO-TARGET,
ending) is written once; what is worked out (verdict.json, report.html, summary.md) can be made again from it.
Neighbours: files writes and reads, play makes rounds, compare stores them, analyse reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from loadtests.drive import DriveResult
from loadtests.drive.result import OF_TIMES
from loadtests.errors import UserError
from loadtests.fairness.model import Fairness
from loadtests.files import ROOT, read, read_all, read_if, redacted, store, write
from loadtests.measure import Sample
from loadtests.measure.environment import Environment
from loadtests.measure.handwork import Handwork
from loadtests.measure.placing import Placed
from loadtests.measure.precheck import Precheck
from loadtests.plan import Frozen, Level, Model, Plan
from loadtests.schema_version import SCHEMA_VERSION
from loadtests.upstream import Stats

__all__ = [
    "ROOT",
    "Added",
    "Ceiling",
    "Counted",
    "Driven",
    "Ending",
    "Fairness",
    "Gate",
    "KneeSearch",
    "Probe",
    "Relied",
    "Round",
    "Run",
    "Work",
    "redacted",
    "write",
]


class Driven(Frozen):
    """One drive of a round: the load, what the generator recorded, what the server cost meanwhile, who ran where.

    `upstream`: what the model server cost, where there is one.
    """

    level: Level
    result: DriveResult
    samples: tuple[Sample, ...]
    placed: Placed = Placed()
    upstream: tuple[Sample, ...] = ()

    @property
    def timed(self) -> bool:
        """Whether the generator kept up with it; else its times do not count, and of a target nothing does."""
        return not any(reason.startswith(OF_TIMES) for reason in self.result.generator.reasons)


class Added(Frozen):
    """Milliseconds that calls took beyond the model's own times: what the model server and its core added.

    Over the last `calls` that were completed; it keeps 2,000.
    """

    calls: int
    p50_ms: float
    p99_ms: float


class Counted(Frozen):
    """What the model server had counted, with no call open: before the first request of the load, after the last."""

    before: Stats
    after: Stats
    added: Added | None = None


class Round(Frozen):
    """One fresh server under one scenario. Any reason means that it does not count; it is kept all the same.

    A load that the generator did not keep up with is left out of a round whose other loads count: `timed`, `left_out`.

    `untimed`: why a floor's round is counted and not timed: it answered more than the generator keeps up with, so its
    answers and CPU-seconds hold, its times do not. `upstream`: the model server's counts; None where there was none, or
    the round broke off before they were asked for.
    """

    schema_version: int = SCHEMA_VERSION
    number: int
    block: int
    scenario: str
    target: str
    settings: tuple[str, ...]
    seconds: float
    precheck: Precheck
    drives: tuple[Driven, ...]
    reasons: tuple[str, ...]
    untimed: tuple[str, ...] = ()
    model: Model = "scripted"
    upstream: Counted | None = None

    @property
    def good(self) -> bool:
        """Whether it counts."""
        return not self.reasons

    @property
    def timed(self) -> tuple[Driven, ...]:
        """The drives whose times count too; none of a refused round."""
        return self._kept_up(yes=True)

    @property
    def left_out(self) -> tuple[Driven, ...]:
        """The drives that do not count although the round does: the generator kept up with the others."""
        return self._kept_up(yes=False)

    def _kept_up(self, *, yes: bool) -> tuple[Driven, ...]:
        whole = self.good and not self.untimed
        return tuple(driven for driven in self.drives if driven.timed is yes) if whole else ()


class Probe(Frozen):
    """One load of a knee search. `held` None: it cannot be told, since the generator is in doubt, for `reasons`."""

    load: float
    edge: bool
    held: bool | None
    reasons: tuple[str, ...]
    result: DriveResult
    samples: tuple[Sample, ...]


class KneeSearch(Frozen):
    """knees/SCENARIO-TARGET.json: every probe in the order of play, what limited the search, why it ended.

    `near`: where the rounds of the run had it begin; None: at the plan's first load.
    """

    schema_version: int = SCHEMA_VERSION
    scenario: str
    target: str
    unit: Literal["requests/s", "users"]
    slo: str
    probes: tuple[Probe, ...]
    ended: str
    limit: Literal["server", "generator", "plan", "unfinished"] = "unfinished"
    near: float | None = None
    model: Model = "scripted"


class Ceiling(Frozen):
    """calibration.json: what the generator can drive with valid figures on this machine, and how it was found."""

    schema_version: int = SCHEMA_VERSION
    measured_at: str
    machine: str
    events_per_second: float
    requests_per_second: float
    cpu_percent_at_events: float
    cpu_percent_at_requests: float
    seconds: float
    events_at_least: bool = False  # nothing above it was tried or could be: the generator may do more
    requests_at_least: bool = False


class Ending(Frozen):
    """ending.json: why no more rounds were played; `blocks` each scenario has had. Missing where the run was killed."""

    schema_version: int = SCHEMA_VERSION
    why: Literal["as planned", "narrow enough", "out of time", "interrupted", "failed"]
    note: str
    blocks: dict[str, int]


class Work(Frozen):
    """handwork.json: the counts, as the source was when the run was made."""

    schema_version: int = SCHEMA_VERSION
    features: tuple[Handwork, ...]


class Relied(Frozen):
    """The pass of the suite that a target was loaded on: when (UTC), its cases, the hash that it is bound to, its page.

    `why` the suite ran for this comparison; "" where an earlier pass stood.
    """

    target: str
    passed_at: str
    identical: int
    known: int
    not_applicable: int
    fingerprint: str
    page: str
    why: str


class Gate(Frozen):
    """gate.json: what was relied on, target by target. Runs of before it was kept have none."""

    schema_version: int = SCHEMA_VERSION
    relied: tuple[Relied, ...]


@dataclass(frozen=True)
class Run:
    """Everything recorded. Rounds are in order of play; an interrupted run has fewer than its plan."""

    folder: Path
    plan: Plan
    environment: Environment
    handwork: tuple[Handwork, ...]
    rounds: tuple[Round, ...]
    gate: tuple[Relied, ...] = ()
    ceiling: Ceiling | None = None
    knees: tuple[KneeSearch, ...] = ()
    ending: Ending | None = None
    fairness: Fairness | None = None

    @property
    def name(self) -> str:
        """The folder's name, by which reports speak of the run."""
        return self.folder.name


def start(  # noqa: PLR0913, PLR0917 - one for each file
    root: Path,
    name: str,
    moment: datetime,
    plan: Plan,
    environment: Environment,
    handwork: tuple[Handwork, ...],
    gate: tuple[Relied, ...] = (),
    ceiling: Ceiling | None = None,
    fairness: Fairness | None = None,
) -> Run:
    """Make the folder and write what is known before the first round."""
    folder = root / f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{name}"
    try:
        (folder / "rounds").mkdir(parents=True, exist_ok=False)
    except OSError as error:
        raise UserError(
            f"cannot write results to {folder}: {error.strerror}; choose another place with --out"
        ) from error
    store(folder / "plan.json", plan)
    store(folder / "environment.json", environment)
    store(folder / "handwork.json", Work(features=handwork))
    if gate:
        store(folder / "gate.json", Gate(relied=gate))
    if ceiling:
        store(folder / "calibration.json", ceiling)
    if fairness:
        store(folder / "fairness.json", fairness)
    return Run(folder, plan, environment, handwork, (), gate, ceiling, fairness=fairness)


def add(run: Run, done: Round) -> Run:
    """Store one more round, at once, and give the run that has it."""
    store(run.folder / "rounds" / f"{done.number:03d}.json", done)
    return replace(run, rounds=(*run.rounds, done))


def add_knee(run: Run, found: KneeSearch) -> Run:
    """Store one more search, at once, and give the run that has it."""
    store(run.folder / "knees" / f"{found.scenario}-{found.target}.json", found)
    return replace(run, knees=(*run.knees, found))


def end(run: Run, ending: Ending) -> Run:
    """Store why no more was played, and give the run that says it."""
    store(run.folder / "ending.json", ending)
    return replace(run, ending=ending)


def load(folder: Path) -> Run:
    """Read a run back. UserError when it is none, is of another schema, or has a damaged file."""
    if not (folder / "plan.json").is_file():
        raise UserError(f"{folder} is not a run: it holds no plan.json; give a folder under results/")
    gate = read_if(folder / "gate.json", Gate)
    run = Run(
        folder=folder.resolve(),
        plan=read(folder / "plan.json", Plan),
        environment=read(folder / "environment.json", Environment),
        handwork=read(folder / "handwork.json", Work).features,
        rounds=read_all(folder / "rounds", Round),
        gate=gate.relied if gate else (),
        ceiling=read_if(folder / "calibration.json", Ceiling),
        knees=read_all(folder / "knees", KneeSearch),
        ending=read_if(folder / "ending.json", Ending),
        fairness=read_if(folder / "fairness.json", Fairness),
    )
    _check_rounds(run)
    return run


def load_played(folder: Path) -> Run:
    """The same for what needs a finished round; UserError when there is none."""
    run = load(folder)
    if not run.rounds:
        raise UserError(f"{folder} has no finished round, so there is nothing to report; run the comparison again")
    return run


def _check_rounds(run: Run) -> None:
    """Refuse a round that got in from elsewhere or is there twice: it would be counted."""
    planned = {(r.number, r.block, r.scenario, r.target) for r in run.plan.rounds}
    seen: set[int] = set()
    for done in run.rounds:
        where = f"{run.folder / 'rounds'} holds round {done.number} ({done.scenario} on {done.target})"
        if (done.number, done.block, done.scenario, done.target) not in planned:
            raise UserError(f"{where}, which is not of this run's plan; move its file out of the folder")
        if done.number in seen:
            raise UserError(f"{where} twice; move one of the files out of the folder")
        seen.add(done.number)
