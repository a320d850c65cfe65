"""A run on disk: `results/<UTC time>-<name>/`, the only thing a report is ever made from.

Rule: what was recorded (plan, environment, handwork, gate, fairness, calibration, rounds/NNN, knees/SCENARIO-TARGET,
ending) is written once; what is worked out (verdict.json, report.html, summary.md) can be made again from it.
Neighbours: records has what is stored, files writes and reads, compare stores rounds, analyse reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from loadtests.errors import UserError
from loadtests.fairness.model import Fairness
from loadtests.files import read, read_all, read_if, store
from loadtests.measure.environment import Environment
from loadtests.measure.handwork import Handwork
from loadtests.plan import Plan
from loadtests.records import Ceiling, Ending, Gate, KneeSearch, Relied, Round, Work


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
