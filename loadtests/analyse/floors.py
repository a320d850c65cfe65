"""Each target against its floor: what a bare app on the same server takes for the same bytes.

Rule: pairs within a block, as everywhere, but no word and no correction: a framework is not to be as fast as nothing,
and how far it is from it is a size. A floor that answered more than the generator can time has its counts alone:
answers and CPU-seconds are exact however late the generator is. The table below says which figures are held against
floors. Neighbours: `floors` (the apps), `ratios` pairs, `limits` judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from loadtests.analyse import marks, units
from loadtests.analyse.figure_table import CPU, FIGURES, THROUGHPUT
from loadtests.analyse.figures import Figure, of_use, over_blocks, per_cpu_second
from loadtests.analyse.ratios import paired
from loadtests.analyse.verdict import FloorCell, FloorPanel, Spread
from loadtests.levels import LONG
from loadtests.plan import Level, PlannedScenario, PlannedTarget
from loadtests.records import Round
from loadtests.results import Run

BY_CPU: Final = Figure(
    "per_cpu_second",
    "Throughput, by CPU",
    "requests/CPU-s",
    0,
    "higher",
    "Answers for each CPU-second of the server's process tree, in the same closed loop. Both are counts, and exact "
    "also of a floor that answers more than the generator can time.",
    of_use(per_cpu_second),
    loop="closed",
)
STREAMED: Final = ("cpu_million", "ttft_p99", "itl_p99", "mib_stream")
AGAINST: Final[Mapping[str, tuple[Figure, ...]]] = {
    "chat": (BY_CPU, THROUGHPUT, CPU),
    **{
        name: tuple(figure for key in STREAMED for figure in FIGURES[name] if figure.key == key)
        for name in ("stream", LONG)
    },
}
COUNTED: Final = frozenset({BY_CPU.key, CPU.key, "cpu_million", "mib_stream"})
"""The figures made of counts, of CPU-seconds and of bytes, and of no time that the generator took."""
CANNOT: Final = "this floor answers more than the generator can time"


def of(run: Run) -> tuple[FloorPanel, ...]:
    """Every figure that is held against floors, scenario by scenario."""
    return tuple(panel for scenario in run.plan.scenarios for panel in _panels(run, scenario))


def _panels(run: Run, scenario: PlannedScenario) -> Iterator[FloorPanel]:
    here = set(run.plan.players(scenario.name))
    rounds = tuple(done for done in run.rounds if done.scenario == scenario.name)
    compared = [target for target in run.plan.compared if target.name in here and target.floor in here]
    for figure in AGAINST.get(scenario.name, ()):
        for level in scenario.levels:
            own = {
                target: at
                for target in compared
                if level in scenario.on(target.name).levels
                and (at := scenario.held_against(level, target.floor or "")) is not None
            }
            if own:
                yield _panel(run, scenario, figure, level, own, rounds)


def _panel(
    run: Run,
    scenario: PlannedScenario,
    figure: Figure,
    level: Level,
    own: Mapping[PlannedTarget, Level],
    rounds: tuple[Round, ...],
) -> FloorPanel:
    """`own`: the targets, each with its floor's level in the place of `level`."""
    floors = dict.fromkeys(target.floor or "" for target in own)
    return FloorPanel(
        scenario=scenario.name,
        **figure.facts,
        level=level,
        counted=tuple(name for name in floors if any(done.untimed for done in rounds if done.target == name)),
        cells=tuple(_cell(run, figure, (level, at), target, rounds) for target, at in own.items()),
    )


def _cell(
    run: Run, figure: Figure, levels: tuple[Level, Level], target: PlannedTarget, rounds: tuple[Round, ...]
) -> FloorCell:
    level, at = levels
    floor, fewest = target.floor or "", run.plan.minimum_good
    mine = over_blocks(figure, level, target.name, rounds)
    counted = figure.key in COUNTED
    least = over_blocks(figure, at, floor, rounds, counted=counted)
    ratio = paired(mine, least)
    enough = ratio is not None and ratio.blocks >= fewest
    outran = not counted and any(done.target == floor and done.untimed for done in rounds)
    why = CANNOT if outran else units.lacking(len(ratio.values) if ratio else 0, "pair", fewest)
    unsure = marks.unreliable(figure.key, rounds, target.name, level) or marks.unreliable(figure.key, rounds, floor, at)
    return FloorCell(
        target=target.name,
        floor=floor,
        value=_spread(mine),
        least=_spread(least),
        ratio=ratio if enough and not unsure else None,
        why=unsure or ("" if enough else why),
    )


def _spread(values: Mapping[int, float]) -> Spread | None:
    return Spread.of(tuple(values.values())) if values else None
