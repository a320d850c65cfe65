"""What is wanted of a server at its limit, and whether this run saw it: facts of `--limits`, and no claim.

Rule: a table of what is wanted; it is held where all of what was measured (the rounds' values, or the interval of the
ratio to the floor) is within it, not held where none is, and not clear where it reaches across or cannot be relied on.
What was not measured is none of these. Neighbours: `floors` has the ratios, `analyse` the panels, `marks` what is not
to be relied on; the report shows the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.analyse import marks, statistics, units
from loadtests.analyse.verdict import FloorPanel, Held, Kept, Panel, Section
from loadtests.levels import LONG
from loadtests.plan import Level, PlannedTarget
from loadtests.records import Round
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


@dataclass(frozen=True)
class _Found:
    """What was measured: its lowest and highest value (None: it was not), and in words. `sure`: to be relied on."""

    ends: tuple[float, float] | None
    said: str
    sure: bool = True


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
    told = [row for row in held if row.kept != "not measured"]
    if not told:
        return (
            "This run does not say what the targets hold at their limit: nothing that is wanted of them was measured."
        )
    each = [_counts(target, [row.kept for row in told if row.target == target]) for target in _names(told)]
    return f"Of what is wanted of a server at its limit, held: {', '.join(each)}."


def _counts(target: str, kept: Sequence[Kept]) -> str:
    unclear = kept.count("not clear")
    return f"{target} {kept.count('held')} of {len(kept)}{f' ({unclear} not clear)' if unclear else ''}"


def _names(held: Sequence[Held]) -> Iterable[str]:
    return dict.fromkeys(row.target for row in held)


def _held(
    wanted: Wanted, target: PlannedTarget, section: Section, floors: Sequence[FloorPanel], run: Run
) -> Iterator[Held]:
    levels = run.plan.scenario(wanted.scenario).on(target.name).levels
    panels: Sequence[FloorPanel] | Sequence[Panel] = floors if wanted.floor else section.panels
    for panel in panels:
        if panel.scenario == wanted.scenario and panel.key == wanted.key and panel.level in levels:
            ideal = panel.ideal if isinstance(panel, Panel) else None
            found = _against(panel, target) if isinstance(panel, FloorPanel) else _alone(panel, target, run)
            if wanted.key == TRUNCATED:
                found = _truncated(run, target, panel.level)
            low, high = wanted.least, _most(wanted, ideal)
            yield Held(
                scenario=wanted.scenario,
                target=target.name,
                level=panel.level,
                what=wanted.what,
                wanted=_words(low, high, panel, floor=wanted.floor),
                measured=found.said,
                kept=_kept(found, low, high),
            )


def _kept(found: _Found, least: float | None, most: float | None) -> Kept:
    if found.ends is None:
        return "not measured"
    within = {(least is None or end >= least) and (most is None or end <= most) for end in found.ends}
    if len(within) > 1 or not found.sure:
        return "not clear"
    return "held" if within == {True} else "not held"


def _most(wanted: Wanted, ideal: float | None) -> float | None:
    if wanted.beyond is not None:
        return (ideal or 0) + wanted.beyond
    return wanted.most * (ideal or 0) if wanted.ideal and wanted.most is not None else wanted.most


def _against(panel: FloorPanel, target: PlannedTarget) -> _Found:
    cell = next((cell for cell in panel.cells if cell.target == target.name), None)
    if cell is None or cell.ratio is None:
        return _Found(None, cell.why if cell else "has no floor in this run")
    if cell.ratio.p is None:
        return _Found(None, units.lacking(cell.ratio.blocks, "pair", statistics.FEWEST))
    return _Found((cell.ratio.low, cell.ratio.high), f"{units.ratio(cell.ratio)} ({units.ratio_span(cell.ratio)})")


def _alone(panel: Panel, target: PlannedTarget, run: Run) -> _Found:
    cell = panel.cell(target.name)
    if cell.value is None:
        return _Found(None, cell.why)
    span = units.span(panel, cell)
    between = f" ({span})" if " to " in span else ""
    parts = [f"{units.amount(cell.value.median, panel.decimals, panel.unit)}{between}", cell.mark]
    if panel.key == "ttft_p99" and (late := marks.behind(_rounds(run, panel.scenario), target.name, panel.level)):
        parts.append(f"and growing: it ended {late.words}")
    return _Found((cell.value.low, cell.value.high), ", ".join(filter(None, parts)), sure=not cell.mark)


def _rounds(run: Run, scenario: str) -> tuple[Round, ...]:
    return tuple(done for done in run.rounds if done.scenario == scenario)


def _truncated(run: Run, target: PlannedTarget, level: Level) -> _Found:
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
    return _Found((cut, cut), f"{cut:,} of {cut + whole:,}") if found else _Found(None, "not recorded")


def _words(least: float | None, most: float | None, panel: FloorPanel | Panel, *, floor: bool) -> str:
    bound = least if least is not None else most
    sign = "at least" if least is not None else "at most"
    if bound == 0:
        return "none"
    if floor:
        return f"{sign} {bound:.2f}{units.TIMES}"
    return f"{sign} {units.amount(bound or 0, panel.decimals if panel.unit == 'MiB' else 0, panel.unit)}"
