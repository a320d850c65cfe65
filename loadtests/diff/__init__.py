"""`parity diff A B`: two stored runs held against each other, with what differs around them and how sure it is.

Rule: no load and no clock; the runs are worked out again from their stored rounds and nothing is written into them.
Exit codes: 0, or with conditions 1 when one holds and 3 when one could not be judged.
Neighbours: results reads the runs, analyse says what each says of itself, changes holds them together, show and
markdown lay it out; ci asks the same conditions of one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from loadtests import results
from loadtests.analyse import analyse
from loadtests.diff import changes, conditions, environments, markdown, show, words
from loadtests.diff.conditions import Interval, Place
from loadtests.diff.files import put
from loadtests.diff.model import Basis, Diff, Line, Side
from loadtests.results import Run


@dataclass(frozen=True)
class DiffOptions:
    """What `parity diff` is asked for. `by` None: as the recorded machines say."""

    a: Path
    b: Path
    by: Basis | None = None
    fail_if: tuple[str, ...] = ()
    markdown: Path | None = None
    json: Path | None = None


def diff(options: DiffOptions, console: Console) -> int:
    """Compare the runs, say so, write what is to be written, and return the exit code."""
    found = compared(results.load_played(options.a), results.load_played(options.b), options.by)
    # a ratio of ratios is to the baseline, which therefore has none of its own
    baseline = found.b.baseline if found.by == "relative" else ""
    places = tuple(_place(line, found) for line in found.lines if line.target != baseline)
    asked = conditions.asked(options.fail_if, places, baseline)
    found = found.model_copy(update={"conditions": conditions.judge(asked, places)})
    show.show(console, found)
    if options.markdown:
        put(options.markdown, markdown.page(found))
    if options.json:
        put(options.json, found.model_dump_json(indent=1) + "\n")
    return conditions.exit_code(found.conditions)


def compared(a: Run, b: Run, by: Basis | None = None) -> Diff:
    """Everything that two runs say of each other; no condition is asked yet."""
    before, after = (changes.Told(run.plan, analyse(run)) for run in (a, b))
    differences = environments.differences(a, b)
    chosen, why = environments.basis(a, b, differences)
    return Diff(
        a=_side(a),
        b=_side(b),
        by=by or chosen,
        why_by=f"{words.ASKED[by]} Without --by: {why}" if by and by != chosen else why,
        differences=differences,
        lines=changes.lines(before, after),
        left_out=changes.left_out(before, after),
    )


def _side(run: Run) -> Side:
    return Side(
        name=run.name,
        started=run.environment.started,
        mode=run.plan.which,
        baseline=run.plan.baseline,
        rounds=len(run.rounds),
        refused=sum(not done.good for done in run.rounds),
    )


def _place(line: Line, found: Diff) -> Place:
    """A line as a condition sees it: by the change that is to be trusted."""
    change, why = words.change_of(line, found.by)
    ratio = Interval(change.value, change.low, change.high) if change else None
    if found.by == "neither":
        ratio, why = None, found.why_by
    return Place(line.scenario, line.key, line.level, line.target, ratio, why)
