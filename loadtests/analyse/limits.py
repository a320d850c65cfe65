"""What is wanted of a server at its limit, and whether this run saw it: facts of `--limits`, and no claim.

Rule: a table of what is wanted; a value is held or it is not, by its median or its ratio to the floor, and the interval
stands beside it. What was not measured is not held and not broken. Neighbours: `floors` has the ratios, `analyse` the
panels, the report shows the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.analyse import units
from loadtests.analyse.verdict import FloorPanel, Held, Panel, Section
from loadtests.levels import LONG
from loadtests.plan import Level, PlannedTarget
from loadtests.results import Run

ANY: Final = ""
TRUNCATED: Final = "truncated"


@dataclass(frozen=True)
class Wanted:
    """One row: a figure by its key, of one `framework` or of any, at least or at most so much.

    `floor`: as a multiple of the floor's. `ideal`: `most` is a multiple of what the model itself takes; `beyond`: so
    much more than it.
    """

    scenario: str
    key: str
    what: str
    framework: str = ANY
    least: float | None = None
    most: float | None = None
    floor: bool = False
    ideal: bool = False
    beyond: float | None = None


WANTED: Final = (
    Wanted("chat", "per_cpu_second", "Throughput by CPU, of the floor's", "fastapi", least=0.20, floor=True),
    Wanted("chat", "throughput", "Throughput, of the floor's", "flask", least=0.55, floor=True),
    Wanted(LONG, "itl_p99", "Gap between tokens, p99", most=1.1, ideal=True),
    Wanted(LONG, "ttft_p99", "Time to first token, p99", beyond=50),
    Wanted(LONG, TRUNCATED, "Streams truncated", most=0),
    Wanted(LONG, "cpu_million", "CPU per event, of the floor's", most=1.6, floor=True),
    Wanted(LONG, "mib_stream", "Memory per open stream", most=0.05),
)


def of(run: Run, sections: Sequence[Section], floors: Sequence[FloorPanel]) -> tuple[Held, ...]:
    """Every row for every target that it is asked of, at every level that the target was driven at."""
    by_name = {section.scenario: section for section in sections}
    return tuple(
        held
        for target in run.plan.compared
        for wanted in WANTED
        if wanted.scenario in by_name and wanted.framework in (ANY, target.framework)
        for held in _held(wanted, target, by_name[wanted.scenario], floors, run)
    )


def answer(held: Sequence[Held]) -> str:
    """One sentence for the top of the report: how much of what is wanted each target held."""
    told = [row for row in held if row.holds is not None]
    if not told:
        return (
            "This run does not say what the targets hold at their limit: nothing that is wanted of them was measured."
        )
    each = [
        f"{target} {sum(bool(row.holds) for row in told if row.target == target)} of "
        f"{sum(row.target == target for row in told)}"
        for target in dict.fromkeys(row.target for row in told)
    ]
    return f"Of what is wanted of a server at its limit, held: {', '.join(each)}."


def _held(
    wanted: Wanted, target: PlannedTarget, section: Section, floors: Sequence[FloorPanel], run: Run
) -> Iterator[Held]:
    levels = run.plan.scenario(wanted.scenario).on(target.name).levels
    panels: Sequence[FloorPanel] | Sequence[Panel] = floors if wanted.floor else section.panels
    for panel in panels:
        if panel.scenario == wanted.scenario and panel.key == wanted.key and panel.level in levels:
            ideal = panel.ideal if isinstance(panel, Panel) else None
            value, said = _against(panel, target) if isinstance(panel, FloorPanel) else _alone(panel, target)
            if wanted.key == TRUNCATED:
                value, said = _truncated(run, target, panel.level)
            low, high = wanted.least, _most(wanted, ideal)
            yield Held(
                scenario=wanted.scenario,
                target=target.name,
                level=panel.level,
                what=wanted.what,
                wanted=_words(low, high, panel, floor=wanted.floor),
                measured=said,
                holds=None if value is None else (low is None or value >= low) and (high is None or value <= high),
            )


def _most(wanted: Wanted, ideal: float | None) -> float | None:
    if wanted.beyond is not None:
        return (ideal or 0) + wanted.beyond
    return wanted.most * (ideal or 0) if wanted.ideal and wanted.most is not None else wanted.most


def _against(panel: FloorPanel, target: PlannedTarget) -> tuple[float | None, str]:
    cell = next((cell for cell in panel.cells if cell.target == target.name), None)
    if cell is None or cell.ratio is None:
        return None, cell.why if cell else "has no floor in this run"
    return cell.ratio.value, f"{units.ratio(cell.ratio)} ({units.ratio_span(cell.ratio)})"


def _alone(panel: Panel, target: PlannedTarget) -> tuple[float | None, str]:
    cell = panel.cell(target.name)
    if cell.value is None:
        return None, cell.why
    span = f" ({units.span(panel, cell)})" if cell.value.low != cell.value.high else ""
    return cell.value.median, f"{units.median(panel, cell)}{span}"


def _truncated(run: Run, target: PlannedTarget, level: Level) -> tuple[float | None, str]:
    """Over every round, refused ones too: a round with a truncated stream is refused, so good ones have none."""
    found = [
        driven.result.streams
        for done in run.rounds
        if (done.scenario, done.target) == (LONG, target.name)
        for driven in done.drives
        if driven.level == level and driven.result.streams is not None
    ]
    cut = sum(one.truncated for one in found)
    whole = sum(one.completed for one in found)
    return (float(cut), f"{cut:,} of {cut + whole:,}") if found else (None, "not recorded")


def _words(least: float | None, most: float | None, panel: FloorPanel | Panel, *, floor: bool) -> str:
    bound = least if least is not None else most
    sign = "at least" if least is not None else "at most"
    if bound == 0:
        return "none"
    if floor:
        return f"{sign} {bound:.2f}{units.TIMES}"
    return f"{sign} {units.amount(bound or 0, panel.decimals if panel.unit == 'MiB' else 0, panel.unit)}"
