"""Every target against its floor, as rows of one picture, in words, and what is wanted at the limit.

Rule: nothing is worked out; a row is a stored ratio with the two figures it is of. Neighbours: `analyse.floors` has
them, `charts.intervals` draws a row, html, markdown and terminal lay out the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from loadtests.analyse import units
from loadtests.analyse.verdict import FloorCell, FloorPanel, Kept, Spread
from loadtests.report.charts import intervals as draw
from loadtests.report.charts.axis import Axis, ratios

EXPLAINED: Final = (
    "A floor is a bare application of some dozen lines that sends the same bytes from the same server with the same "
    "options, and does nothing else: what a target takes beyond it is its framework and the contract."
)
COUNTED: Final = (
    "What answered more than the generator can time is counted alone (answers, CPU-seconds, memory), which is exact "
    "however late the generator is; its times are not used. In some round that was"
)
WAYS: Final = {"higher": "more is better →", "lower": "← less is better"}
HELD: Final[Mapping[Kept, tuple[str, str]]] = {
    "held": ("yes", "✓"),
    "not held": ("no", "✗"),
    "not clear": ("mid", "◐"),
    "not measured": ("none", units.DASH),
}
"""Whether it was held -> the badge's class and its sign."""
JUDGED: Final = (
    "Medians with the lowest and the highest round, or the ratio to the floor with its 95% interval. Held: all of that "
    "is within what is wanted; not held: none of it is; not clear: it reaches across, or cannot be relied on."
)
"""How the table of what is wanted is to be read."""


@dataclass(frozen=True)
class Row:
    """One target and its floor; no picture where there is no ratio."""

    cell: FloorCell
    shape: int
    figures: str
    svg: Markup


@dataclass(frozen=True)
class Group:
    """One figure at one level of load."""

    panel: FloorPanel
    title: str
    way: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Picture:
    """All figures on one axis."""

    ruler: Markup
    groups: tuple[Group, ...]


def picture(panels: Sequence[FloorPanel], shapes: Mapping[str, int]) -> Picture | None:
    """The rows of all panels; None where no ratio is known."""
    found = [cell.ratio for panel in panels for cell in panel.cells if cell.ratio]
    if not found:
        return None
    axis = ratios(end for ratio in found for end in (ratio.low, ratio.high))
    return Picture(draw.ruler(axis), tuple(_group(panel, axis, shapes) for panel in panels))


def _group(panel: FloorPanel, axis: Axis, shapes: Mapping[str, int]) -> Group:
    rows = tuple(_row(panel, cell, axis, shapes[cell.target]) for cell in panel.cells)
    return Group(panel, f"{panel.scenario}: {panel.title}", WAYS[panel.better], rows)


def _row(panel: FloorPanel, cell: FloorCell, axis: Axis, shape: int) -> Row:
    if cell.ratio is None:
        return Row(cell, shape, cell.why, Markup())
    label = f"{cell.target}, {panel.title}: {units.ratio(cell.ratio)} of its floor's, {units.ratio_span(cell.ratio)}"
    return Row(cell, shape, f"({figures(panel, cell)})", draw.against_floor(cell.ratio, axis, shape, label))


def figures(panel: FloorPanel, cell: FloorCell) -> str:
    """The two medians, the target's and its floor's: `1,034, floor 19,800`."""
    return f"{_median(panel, cell.value)}, floor {_median(panel, cell.least)}"


def _median(panel: FloorPanel, value: Spread | None) -> str:
    return units.number(value.median, panel.decimals) if value else units.DASH


def said(panel: FloorPanel, target: str) -> str:
    """All of it in one line, or why there is none; a dash where the target was not driven at that load."""
    cell = next((cell for cell in panel.cells if cell.target == target), None)
    if cell is None:
        return units.DASH
    if cell.ratio is None:
        return cell.why
    return f"{units.ratio(cell.ratio)} ({units.ratio_span(cell.ratio)}), {figures(panel, cell)} {panel.unit}".rstrip()


def explained(panels: Sequence[FloorPanel]) -> str:
    """What a floor is, and which were counted alone."""
    names = dict.fromkeys(name for panel in panels for name in panel.counted)
    return f"{EXPLAINED} {COUNTED} {', '.join(names)}." if names else EXPLAINED
