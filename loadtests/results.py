"""A run on disk: `results/<UTC time>-<name>/`, the only thing a report is ever made from.

Rule: what was recorded (plan.json, environment.json, handwork.json, gate.json, rounds/NNN.json) is written once, each
file whole or not at all; what is worked out (verdict.json, report.html, summary.md) can be made again from it.
Every file has a schema_version. No key and no path of this machine gets in. Neighbours: play makes rounds,
compare stores them, analyse reads them.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from loadtests.drive import DriveResult
from loadtests.errors import UserError
from loadtests.measure import Sample
from loadtests.measure.environment import Environment
from loadtests.measure.handwork import Handwork
from loadtests.measure.precheck import Precheck
from loadtests.plan import SCHEMA_VERSION, Frozen, Level, Plan

Model = TypeVar("Model", bound=BaseModel)
ROOT = Path(__file__).resolve().parent.parent
_KEY = re.compile(r"parity-[0-9a-f]{24}")  # what serve.new_key makes
_VERSION = re.compile(r'"schema_version":\s*(\d+)')


class Driven(Frozen):
    """One drive of a round: the load, what the generator recorded, what the server cost meanwhile."""

    level: Level
    result: DriveResult
    samples: tuple[Sample, ...]


class Round(Frozen):
    """One fresh server under one scenario. Any reason means that it does not count; it is kept all the same."""

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

    @property
    def good(self) -> bool:
        """Whether it counts."""
        return not self.reasons


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
) -> Run:
    """Make the folder and write what is known before the first round."""
    folder = root / f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{name}"
    try:
        (folder / "rounds").mkdir(parents=True, exist_ok=False)
        write(folder / "plan.json", _json(plan))
        write(folder / "environment.json", _json(environment))
        write(folder / "handwork.json", _json(Work(features=handwork)))
        if gate:
            write(folder / "gate.json", redacted(_json(Gate(relied=gate))))
    except OSError as error:
        raise UserError(
            f"cannot write results to {folder}: {error.strerror}; choose another place with --out"
        ) from error
    return Run(folder, plan, environment, handwork, (), gate)


def add(run: Run, done: Round) -> Run:
    """Store one more round, at once, and give the run that has it."""
    write(run.folder / "rounds" / f"{done.number:03d}.json", redacted(_json(done)))
    return replace(run, rounds=(*run.rounds, done))


def redacted(text: str) -> str:
    """The text without keys of ours and without the place where this kit is installed."""
    return _KEY.sub("(key)", text.replace(str(ROOT), "."))


def load(folder: Path) -> Run:
    """Read a run back. UserError when it is none, is newer than this kit, or has a damaged file."""
    if not (folder / "plan.json").is_file():
        raise UserError(f"{folder} is not a run: it holds no plan.json; give a folder under results/")
    files = sorted((folder / "rounds").glob("*.json"))
    return Run(
        folder=folder.resolve(),
        plan=_read(folder / "plan.json", Plan),
        environment=_read(folder / "environment.json", Environment),
        handwork=_read(folder / "handwork.json", Work).features,
        rounds=tuple(_read(file, Round) for file in files),
        gate=_read(folder / "gate.json", Gate).relied if (folder / "gate.json").is_file() else (),
    )


def write(path: Path, text: str) -> None:
    """Write the file whole or not at all: a temporary one beside it, then a rename."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _json(model: BaseModel) -> str:
    return model.model_dump_json(indent=1) + "\n"


def _read(path: Path, model: type[Model]) -> Model:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} is missing, so the run is incomplete; run the comparison again") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); restore it or run the comparison again") from None
    version = _VERSION.search(text)
    if version and int(version[1]) > SCHEMA_VERSION:
        raise UserError(
            f"{path} has schema version {version[1]}, this kit reads up to {SCHEMA_VERSION}; update the kit"
        )
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f"{path} is damaged ({where}: {first['msg']}); delete it if it is a round, or run again"
        ) from None
