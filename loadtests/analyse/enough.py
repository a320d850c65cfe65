"""How wide a scenario's intervals still are, asked between two blocks of a run that goes on until it has enough.

Rule: the same rounds, figure and interval as in the report; only primary ratios count, and the widest of them, so that
no target is left half measured. Looking after each block costs a little coverage: docs/statistics.md says how much.
Neighbours: compare asks and stops, `ratios` measures.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analyse.figure_table import FIGURES
from loadtests.analyse.figures import over_blocks, primary_level
from loadtests.analyse.ratios import paired
from loadtests.analyse.ratios import widest as widest_of
from loadtests.plan import Plan
from loadtests.records import Round


def widest(plan: Plan, scenario: str, rounds: Sequence[Round]) -> float | None:
    """High over low, less 1, of the widest primary ratio's 95% interval; None while one of them has no verdict.

    A run of one target has A against A alone, and that is asked then.
    """
    mine = tuple(done for done in rounds if done.scenario == scenario)
    figure = next(figure for figure in FIGURES[scenario] if figure.primary)
    level = primary_level(plan.scenario(scenario).levels)
    targets = [t.name for t in plan.compared if t.name != plan.baseline] or [plan.noise or plan.baseline]
    base = over_blocks(figure, level, plan.baseline, mine)
    found = [paired(over_blocks(figure, level, target, mine), base) for target in targets]
    return widest_of([ratio if ratio and ratio.blocks >= plan.minimum_good else None for ratio in found])
