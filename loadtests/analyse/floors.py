"""Each target against its floor: what a bare app on the same server takes for the same bytes.

Rule: pairs within a block, as everywhere, but no word and no correction: a framework is not to be as fast as nothing,
and how far it is from it is a size. Where a floor was loaded otherwise than its twins, the panel says how. The table
below says which figures are held against floors. Neighbours: `floors` (the apps), `ratios` pairs, `limits` judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from loadtests.analyse import units
from loadtests.analyse.figure_table import CPU, FIGURES, THROUGHPUT
from loadtests.analyse.figures import Figure, of_use, over_blocks, per_cpu_second
from loadtests.analyse.ratios import paired
from loadtests.analyse.verdict import FloorCell, FloorPanel, Spread
from loadtests.levels import LONG
from loadtests.plan import Level, PlannedScenario, PlannedTarget
from loadtests.results import Round, Run

BY_CPU: Final = Figure(
    "per_cpu_second",
    "Throughput, by CPU",
    "requests/CPU-s",
    0,
    "higher",
    "Answers for each CPU-second of the server's process tree, at the highest load that the generator drives with "
    "valid figures. For floor and target alike, since a bare ASGI app answers more than the generator can ask.",
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
CANNOT: Final = "the generator cannot ask this floor as fast as it answers"


def of(run: Run) -> tuple[FloorPanel, ...]:
    """Every figure that is held against floors, scenario by scenario."""
    return tuple(panel for scenario in run.plan.scenarios for panel in _panels(run, scenario))


def _panels(run: Run, scenario: PlannedScenario) -> Iterator[FloorPanel]:
    here = set(run.plan.players(scenario.name))
    rounds = tuple(done for done in run.rounds if done.scenario == scenario.name)
    compared = [target for target in run.plan.compared if target.name in here and target.floor in here]
    for figure in AGAINST.get(scenario.name, ()):
        for level in scenario.levels:
            targets = [target for target in compared if level in scenario.on(target.name).levels]
            if targets and (level.users is not None or scenario.name != "chat"):
                yield _panel(run, scenario, figure, level, targets, rounds)


def _panel(
    run: Run,
    scenario: PlannedScenario,
    figure: Figure,
    level: Level,
    targets: list[PlannedTarget],
    rounds: tuple[Round, ...],
) -> FloorPanel:
    own = {target.floor: scenario.held_against(level, target.floor) for target in targets if target.floor}
    other = (f"{name} at {load.label}, open loop" for name, load in own.items() if load and load.users != level.users)
    return FloorPanel(
        scenario=scenario.name,
        **figure.facts,
        level=level,
        loads=tuple(other),
        cells=tuple(_cell(run, figure, (level, own[target.floor or ""]), target, rounds) for target in targets),
    )


def _cell(
    run: Run, figure: Figure, levels: tuple[Level, Level | None], target: PlannedTarget, rounds: tuple[Round, ...]
) -> FloorCell:
    level, at = levels
    floor, fewest = target.floor or "", run.plan.minimum_good
    mine = over_blocks(figure, level, target.name, rounds)
    alike = at is not None and (figure.key != THROUGHPUT.key or at.users is not None)
    least = over_blocks(figure, at, floor, rounds) if at is not None and alike else {}
    ratio = paired(mine, least)
    enough = ratio is not None and ratio.blocks >= fewest
    why = CANNOT if not alike else units.lacking(len(ratio.values) if ratio else 0, "pair", fewest)
    return FloorCell(
        target=target.name,
        floor=floor,
        value=_spread(mine),
        least=_spread(least),
        ratio=ratio if enough else None,
        why="" if enough else why,
    )


def _spread(values: Mapping[int, float]) -> Spread | None:
    return Spread.of(tuple(values.values())) if values else None
