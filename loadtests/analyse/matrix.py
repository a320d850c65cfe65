"""The matrix: the deployments in groups that may be compared, each against the first FastAPI of its own group.

Rule: like for like are those with as many workers; each at its documented best is one group. Pairs within a block and
words as everywhere; the primary figures of a group are one family. Across groups nothing is said: their workers differ.
Neighbours: `loadtests.matrix` chose who plays, `ratios` pairs and words, report.matrix shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from loadtests.analyse import ratios, units
from loadtests.analyse.figure_table import FIGURES
from loadtests.analyse.figures import Figure, over_blocks, primary_level
from loadtests.analyse.verdict import Cell, MatrixGroup, Panel, Spread
from loadtests.matrix import REGIMES
from loadtests.plan import PlannedScenario, PlannedTarget
from loadtests.results import Run
from loadtests.targets import Regime

BESIDE: Final = frozenset({"cpu_ms", "rss", "ttft_p99", "itl_p99", "cpu_million", "mib_stream"})
"""Figures that are shown beside a scenario's primary one."""
ABSENT: Final = "no room for so many at once, so not loaded"


def of(run: Run) -> tuple[MatrixGroup, ...]:
    """Every group of the run; none where it is no matrix."""
    return tuple(_groups(run)) if run.plan.aim == "matrix" else ()


def answer(groups: Sequence[MatrixGroup]) -> str:
    """The span of the first figure in each group, in a sentence each."""
    return " ".join(filter(None, map(_span, groups))) or "No group has enough good rounds to say anything."


def _groups(run: Run) -> Iterator[MatrixGroup]:
    like: Regime = "like-for-like"
    played = [target for target in run.plan.compared if like in target.regimes]
    for workers in sorted({target.workers for target in played}):
        members = [target for target in played if target.workers == workers]
        title = f"{REGIMES[like]}: {workers} worker{'' if workers == 1 else 's'} each"
        yield _group(run, like, title, members)
    best: Regime = "best"
    if members := [target for target in run.plan.compared if best in target.regimes]:
        yield _group(run, best, REGIMES[best], members)


def _group(run: Run, regime: Regime, title: str, members: Sequence[PlannedTarget]) -> MatrixGroup:
    base = next((target for target in members if target.framework == "fastapi"), members[0])
    found = [
        _panel(run, scenario, figure, members, base)
        for scenario in run.plan.scenarios
        for figure in FIGURES[scenario.name]
        if (figure.primary or figure.key in BESIDE) and figure.at(primary_level(scenario.levels))
    ]
    return MatrixGroup(
        regime=regime,
        title=title,
        cores=run.environment.pinning.server,
        baseline=base.name,
        targets=tuple(target.name for target in members),
        panels=ratios.corrected(found),
    )


def _panel(
    run: Run, scenario: PlannedScenario, figure: Figure, members: Sequence[PlannedTarget], base: PlannedTarget
) -> Panel:
    level = primary_level(scenario.levels)
    rounds = tuple(done for done in run.rounds if done.scenario == scenario.name)
    values = {target.name: over_blocks(figure, level, target.name, rounds) for target in members}
    twice = run.plan.noise if base.name == run.plan.baseline else None  # no other group played its own baseline again
    again = over_blocks(figure, level, twice, rounds) if twice else {}
    fewest, players = run.plan.minimum_good, run.plan.players(scenario.name)

    def cell(name: str) -> Cell:
        mine = values[name]
        if len(mine) < fewest:
            why = units.lacking(len(mine), "round", fewest) if name in players else ABSENT
            return Cell(target=name, value=None, ratio=None, why=why)
        ratio = None if name == base.name else ratios.paired(mine, values[base.name])
        enough = ratio is not None and ratio.blocks >= fewest
        return Cell(target=name, value=Spread.of(tuple(mine.values())), ratio=ratio if enough else None)

    return Panel(
        scenario=scenario.name,
        **figure.facts,
        level=level,
        chart=True,
        curve=False,
        primary=figure.primary,
        noise=ratios.against_itself(again, values[base.name]),
        cells=tuple(cell(target.name) for target in members),
    )


def _span(group: MatrixGroup) -> str:
    panel = next((panel for panel in group.panels if panel.primary), None)
    known = [] if panel is None else [cell for cell in panel.cells if cell.value]
    if panel is None or len(known) < 2:
        return ""
    ends = sorted(known, key=lambda cell: cell.value.median if cell.value else 0.0)
    low, high = (f"{units.median(panel, cell)} ({cell.target})" for cell in (ends[0], ends[-1]))
    return f"{group.title}: {panel.scenario} from {low} to {high}."
