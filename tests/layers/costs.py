"""What the layers cost, worked out of the stored cells: each against the one before it, inside one block.

Rule: pure. A cell with an error counts for nothing; a difference has an interval (95%, Student's t over blocks) from
three blocks on. Neighbours: `model` has the cells, `page` and `chart` show what comes of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from loadtests.analyse import student
from loadtests.analyse.ratios import paired
from loadtests.analyse.verdict import Ratio
from tests.layers.model import Cell
from tests.layers.names import BARE, ORDER, SQLITE, TWIN

FEWEST = 3  # blocks for an interval
Values = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """So much more, in microseconds; `within`: the half width of its interval, None with too few blocks."""

    value: float
    within: float | None

    @property
    def told(self) -> bool:
        """Whether it was told from nothing: False where there is an interval that holds 0."""
        return self.within is None or abs(self.value) > self.within


@dataclass(frozen=True, slots=True)
class Row:
    """One layer: all of it in microseconds, what it adds, its share of the twin, and times of the bare server."""

    layer: str
    us: float
    added: Difference
    share: float | None
    times: float | None


@dataclass(frozen=True, slots=True)
class Costs:
    """One target's layers from the ground up; `apart`: the twin on another store.

    `check` and `over`: the twin as it is deployed by the last layer, and over it.
    """

    target: str
    rows: tuple[Row, ...]
    twin: float
    apart: tuple[Row, ...]
    check: Ratio | None
    over: Difference


def targets(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Those that were measured, in the order of their names."""
    return tuple(sorted({cell.target for cell in cells}))


def costs(cells: Sequence[Cell], target: str) -> Costs:
    """The layers of this target."""
    seen: dict[str, dict[int, float]] = {}
    for cell in cells:
        if cell.target == target and not cell.errors and cell.count:
            seen.setdefault(cell.layer, {})[cell.block] = cell.us
    order = [layer for layer in (BARE, *ORDER, TWIN, SQLITE) if layer in seen]
    piled = [layer for layer in order if layer not in {TWIN, SQLITE}]
    twin, bare = fmean(seen[TWIN].values()), seen.get(BARE)
    floor = fmean(bare.values()) if bare else None
    rows = tuple(
        _row(layer, seen[layer], seen[piled[place - 1]] if place else {}, twin, floor)
        for place, layer in enumerate(piled)
    )
    apart = tuple(_row(layer, seen[layer], seen[TWIN], twin, floor) for layer in order if layer == SQLITE)
    last = seen[piled[-1]]
    return Costs(target, rows, twin, apart, paired(seen[TWIN], last), difference(seen[TWIN], last))


def _row(layer: str, values: Values, before: Values, twin: float, floor: float | None) -> Row:
    us = fmean(values.values())
    added = difference(values, before) if before else Difference(us, _half(list(values.values())))
    return Row(layer, us, added, added.value / twin, us / floor if floor else None)


def difference(values: Values, before: Values) -> Difference:
    """The mean of what is added, over the blocks that have both."""
    apart = [values[block] - before[block] for block in values.keys() & before.keys()]
    return Difference(fmean(apart), _half(apart))


def _half(values: Sequence[float]) -> float | None:
    """Half the width of the mean's interval."""
    if len(values) < FEWEST:
        return None
    return student.quantile(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
