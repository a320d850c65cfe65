"""The conditions of `parity compare` and `parity report`: one run, each target's ratio to the run's baseline.

Rule: conditions are held against the plan before any load, so a typing mistake costs a second and not an hour; they
are judged by verdict.json alone, which the report has just written. Neighbours: conditions has the rule, diff asks
the same of two runs, compare and report write what is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console

from loadtests import report as reports
from loadtests import results
from loadtests.analyse import units
from loadtests.analyse.figure_table import FIGURES
from loadtests.analyse.verdict import Cell, Verdict
from loadtests.diff import conditions, markdown, show
from loadtests.diff.conditions import Condition, Interval, Place
from loadtests.diff.files import put
from loadtests.plan import Plan


def asked(texts: Iterable[str], plan: Plan) -> tuple[Condition, ...]:
    """The conditions, each about something that this plan will measure; UserError otherwise."""
    return conditions.asked(texts, tuple(_planned(plan)), plan.baseline)


def report(folder: Path, fail_if: tuple[str, ...], file: Path | None, console: Console) -> int:
    """`parity report RUN` with conditions: the report, then what came of them, and the exit code."""
    wanted = asked(fail_if, results.load_played(folder).plan)
    return reports.report(folder, console) or tell(folder, wanted, file, console)


def tell(folder: Path, wanted: tuple[Condition, ...], file: Path | None, console: Console) -> int:
    """Judge a run whose report is written, say what came of it, and return the exit code.

    `file` gets the run's summary with the conditions above it.
    """
    if not wanted and not file:
        return 0
    verdict = Verdict.model_validate_json((folder / "verdict.json").read_text("utf-8"))
    judged = conditions.judge(wanted, tuple(places(verdict)))
    show.conditions(console, judged)
    if file:
        parts = (markdown.conditions(judged), (folder / "summary.md").read_text("utf-8"))
        put(file, "\n\n".join(filter(None, parts)))
    return conditions.exit_code(judged)


def places(verdict: Verdict) -> Iterator[Place]:
    """Every ratio of the run, and the ones that it could not give."""
    for section in verdict.sections:
        for panel in section.panels:
            for cell in panel.cells:
                if cell.target != verdict.baseline:
                    ratio, why = _ratio(cell)
                    yield Place(section.scenario, panel.key, panel.level, cell.target, ratio, why)


def _ratio(cell: Cell) -> tuple[Interval | None, str]:
    """The cell's interval, or why it has none: with fewer blocks than it takes, `low` and `high` are mere extremes."""
    if cell.ratio is None:
        return None, cell.why or "its baseline has too few good rounds, or is 0 there"
    if cell.ratio.word is None:
        return None, f"{units.counted(cell.ratio.blocks, 'block')}: too few for an interval"
    return Interval(cell.ratio.value, cell.ratio.low, cell.ratio.high), ""


def _planned(plan: Plan) -> Iterator[Place]:
    for scenario in plan.scenarios:
        for figure in FIGURES[scenario.name]:
            for level in scenario.levels:
                for target in plan.compared:
                    if target.name != plan.baseline:
                        yield Place(scenario.name, figure.key, level, target.name)
