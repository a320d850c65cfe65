"""`parity knee SCENARIO [TARGET...]`: each target's search by itself, with the same gates as a comparison.

Rule: no load without a pass, and none before the generator's ceiling is known; the time given is shared out equally
among the searches that are left, and what was probed is shown and kept whatever ends the rest. Exit codes: 0 done, 1 a
target does not keep the contract, 2 a mistake or a disk that is full (as a UserError), 130 stopped by Ctrl-C.
Neighbours: `knee` plays a search, `parts`, `relied`, analyse.knees says what came out, `show` prints it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Final

from rich.console import Console

from loadtests import files, relied, slo
from loadtests.analyse import knees, units
from loadtests.errors import UserError
from loadtests.knee import Interrupted, Place, show
from loadtests.knee.found import Found
from loadtests.measure import environment
from loadtests.parts import Parts
from loadtests.pinning import kept_to
from loadtests.plan import Model, PlannedKnee
from loadtests.records import KneeSearch
from loadtests.signals import INTERRUPTED, heard_once
from loadtests.targets import DEFAULT_TARGETS, Target, load_targets, pick

MINUTES: Final = 15.0
LOGS: Final = files.ROOT / ".parity" / "knee"


@dataclass(frozen=True)
class KneeOptions:
    """What `parity knee` is asked for. No targets: the usual three; no objective: the scenario's own."""

    scenario: str
    targets: tuple[str, ...] = ()
    slo: str | None = None
    minutes: float = MINUTES
    json: Path | None = None
    targets_file: Path | None = None
    seed: int = 1
    model: Model = "scripted"


def knee(options: KneeOptions, console: Console, parts: Parts | None = None) -> int:
    """Search every target and return the exit code."""
    parts = parts or Parts()
    planned = planned_of(options)
    _check(options.json)
    targets = pick(load_targets(options.targets_file), options.targets or DEFAULT_TARGETS)
    outcomes = parts.verify(targets, console)
    if not relied.all_passed(targets, outcomes, console):
        return 1
    if options.model == "upstream" and not parts.same(targets, (options.scenario,), parts.bench, console):
        return 1
    found = Found(
        environment=environment.take(datetime.now(UTC), options.model),
        ceiling=parts.calibrate(console),
        relied=relied.rows(targets, outcomes),
        planned=planned,
        searches=(),
        knees=None,
        model=options.model,
    )
    relied.show(found.relied, outcomes, console)
    console.print(_announced(found, targets, options.minutes), highlight=False, soft_wrap=True)
    with heard_once() as stopped:  # what was probed is shown and written; a second Ctrl-C would only disturb that
        place = Place(
            cores=found.environment.pinning,
            logs=LOGS,
            ceiling=found.ceiling,
            tell=_teller(console),
            seed=options.seed,
            stopped=stopped,
            model=options.model,
        )
        with kept_to(place.cores.generator):
            searches, why = _search_all(planned, targets, place, options.minutes, parts)
        _finish(found.model_copy(update={"searches": searches, "knees": knees.of_searches(searches)}), options, console)
    if isinstance(why, UserError):
        raise why
    return INTERRUPTED if why else 0


def planned_of(options: KneeOptions) -> PlannedKnee:
    """The search that is asked for; `UserError` for a scenario without one, no time, or an objective that is none."""
    if not 0 < options.minutes < inf:  # neither holds for nan
        raise UserError(
            f"--minutes {options.minutes:g} leaves no time to search; give more than 0, such as {MINUTES:g}"
        )
    if options.scenario not in slo.DEFAULTS:
        raise UserError(f"there is no knee to search for {options.scenario!r}; choose from {', '.join(slo.DEFAULTS)}")
    return slo.planned((options.scenario,), options.slo)[0]


def _check(file: Path | None) -> None:
    """What --json cannot name is said before minutes of load are spent on it."""
    if file is not None and not file.parent.is_dir():
        raise UserError(f"there is no folder {file.parent} for --json; make it first")
    if file is not None and file.is_dir():
        raise UserError(f"{file} is a folder; name a file with --json")


def _search_all(
    planned: PlannedKnee, targets: Sequence[Target], place: Place, minutes: float, parts: Parts
) -> tuple[tuple[KneeSearch, ...], KeyboardInterrupt | UserError | None]:
    """Each target in turn; what ended them before the last one did, with all that was found until then."""
    end = time.monotonic() + 60 * minutes
    searches: list[KneeSearch] = []
    for number, target in enumerate(targets):
        now = time.monotonic()
        share = replace(place, deadline=now + max(0.0, end - now) / (len(targets) - number))
        try:
            searches.append(parts.search(planned, target, share, parts.bench))
        except Interrupted as stop:
            return (*searches, stop.found), stop
        except KeyboardInterrupt as stop:
            return tuple(searches), stop
        except OSError as error:  # a full disk, met by a server's log or the generator's own files
            return tuple(searches), UserError(f"the search on {target.name} cannot go on: {error}; make room")
    return tuple(searches), None


def _finish(found: Found, options: KneeOptions, console: Console) -> None:
    """Show what was found, then write it: a file that has no room costs the file only."""
    if found.knees is None:
        console.print("stopped before a load had been probed: there is nothing to show", highlight=False)
        return
    console.print(show.table(found.knees, found.searches))
    if options.json is not None:
        files.store(options.json, found, "--json")
        console.print(f"every probe: {options.json}", highlight=False, soft_wrap=True)


def _announced(found: Found, targets: Sequence[Target], minutes: float) -> str:
    planned, names = found.planned, ", ".join(target.name for target in targets)
    front = ", in front of an OpenAI-compatible model server" if found.model == "upstream" else ""
    pinned = found.environment.pinning.note.capitalize()
    return (
        f"The most {planned.unit} of {planned.scenario} within {planned.slo}, on {names}{front}: "
        f"from {planned.first:g} up to {planned.most:,g}; at most {units.duration(60 * minutes)}. {pinned}."
    )


def _teller(console: Console) -> Callable[[str], None]:
    return lambda text: console.print(text, highlight=False, soft_wrap=True, markup=False)
