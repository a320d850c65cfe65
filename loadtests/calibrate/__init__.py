"""`parity calibrate`: what the load generator can drive on this machine with valid and true figures, and its store.

Rule: the peer is a server whose own record is the truth; a load counts when the generator's gates pass and its figures
are those of the record. The answer holds for this machine and these sources only, and is measured again for others.
Neighbours: `search` finds it, `machine` is what it is bound to; `compare` asks `sought` and refuses rounds near it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from loadtests.calibrate.machine import machine
from loadtests.calibrate.running import peer
from loadtests.calibrate.schedule import FRAMINGS, Schedule
from loadtests.calibrate.search import SEARCHES, Found, Play, Search, search
from loadtests.calibrate.show import show
from loadtests.calibrate.step import UNITS, Step, play
from loadtests.descriptors import most_connections
from loadtests.drive import DriveFailed
from loadtests.drive.totals import Frozen
from loadtests.errors import UserError
from loadtests.files import write
from loadtests.measure.environment import choose_cores
from loadtests.records import Ceiling
from loadtests.schema_version import SCHEMA_VERSION

STORE: Final = Path(__file__).resolve().parents[2] / ".parity" / "calibration.json"
SECONDS: Final = 40.0

__all__ = ["SECONDS", "Calibration", "Ceiling", "calibrate", "ensure", "sought", "stored"]


class Calibration(Frozen):
    """`--json`: the answer, who ran where, and every step in the order of play."""

    ceiling: Ceiling
    cores: str
    steps: tuple[Step, ...]


def stored(store: Path = STORE) -> Ceiling | None:
    """The ceiling of this machine and these sources, if it has been measured.

    A file that cannot be read is none, and so is one of another schema: what it says may mean something else by now.
    """
    try:
        kept = Ceiling.model_validate_json(store.read_bytes())
    except (OSError, ValidationError):
        return None
    return kept if (kept.schema_version, kept.machine) == (SCHEMA_VERSION, machine()) else None


def ensure(console: Console) -> Ceiling:
    """The stored ceiling, or one that is measured now."""
    if (known := stored()) is not None:
        return known
    console.print(
        f"The load generator is not calibrated on this machine; doing it now, about {SECONDS:.0f} s.", soft_wrap=True
    )
    return calibrate(console)


def sought(console: Console) -> Ceiling | None:
    """The same; None where it cannot be found, as on a busy machine, which is said here and in the report."""
    try:
        return ensure(console)
    except (UserError, DriveFailed) as error:
        said = f"[yellow]not calibrated[/yellow]: {escape(str(error))}; a round near its limit passes unseen"
        console.print(said, highlight=False, soft_wrap=True)
        return None


def calibrate(
    console: Console, *, seconds: float = SECONDS, json_file: Path | None = None, store: Path = STORE
) -> Ceiling:
    """Measure, show and store the ceiling. UserError when nothing could be driven with good figures."""
    if json_file is not None and not json_file.parent.is_dir():
        raise UserError(f"there is no folder {json_file.parent} for --json; make it first")
    begun, cores = monotonic(), choose_cores()
    with peer(Schedule(), cores.server) as running, console.status("calibrating") as status:

        def step(wanted: Search, users: int) -> Step:
            status.update(f"calibrating: {wanted.scenario}, {users} users")
            plain, on = FRAMINGS["plain"], cores.generator
            return play(running, wanted.scenario, plain, users=users, seconds=wanted.seconds, cores=on)

        found = searched(step, begun + seconds)
    done = finished(found, cores.note, monotonic() - begun, console)
    store.parent.mkdir(exist_ok=True)
    write(store, done.ceiling.model_dump_json(indent=1) + "\n")
    if json_file is not None:
        write(json_file, done.model_dump_json(indent=1) + "\n", "--json")
    return done.ceiling


def searched(step: Play, deadline: float) -> Mapping[str, Found]:
    """All searches, by scenario; each has its share of the time that is left."""
    found: dict[str, Found] = {}
    for wanted in SEARCHES:
        now = monotonic()
        found[wanted.scenario] = search(wanted, step, now + (deadline - now) * wanted.share)
    return found


def finished(found: Mapping[str, Found], cores: str, seconds: float, console: Console) -> Calibration:
    """Show every step and what they come to. UserError when nothing was driven with good figures."""
    steps = tuple(step for one in found.values() for step in one.steps)
    show(steps, console)
    ceiling = _ceiling(found["stream"], found["chat"], seconds)
    for scenario, one in found.items():
        console.print(_sentence(scenario, one), soft_wrap=True)
    console.print(cores, soft_wrap=True)
    return Calibration(ceiling=ceiling, cores=cores, steps=steps)


def _ceiling(events: Found, requests: Found, seconds: float) -> Ceiling:
    return Ceiling(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        machine=machine(),
        events_per_second=events.best.per_second,
        requests_per_second=requests.best.per_second,
        cpu_percent_at_events=events.best.cpu_percent,
        cpu_percent_at_requests=requests.best.cpu_percent,
        seconds=seconds,
        events_at_least=events.at_least,
        requests_at_least=requests.at_least,
    )


def _sentence(scenario: str, found: Found) -> str:
    best, least = found.best, "at least " if found.at_least else ""
    limit = "; the scripted server was the limit" if any(step.peer_busy for step in found.steps) else ""
    if best.users >= most_connections():
        limit = "; for more, raise the number of open files that is allowed (ulimit -n)"
    return (
        f"[bold]{least}{best.per_second:,.0f} {UNITS[scenario]}[/] with good figures, at {best.cpu_percent:.0f}% "
        f"of one core: {best.per_core:,.0f} a core{limit}"
    )
