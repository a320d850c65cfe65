"""Every charted ratio of a section as rows of one picture: the figure, its noise floor, and a row for each target.

Rule: nothing is worked out; a row is a stored ratio, its word and the words for its place. All rows of a picture share
one axis. Neighbours: charts.intervals draws a row, html puts the picture on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from loadtests.analyse import units
from loadtests.analyse.verdict import Panel, Ratio, Section
from loadtests.plan import Level
from loadtests.report.charts import intervals as draw
from loadtests.report.charts.axis import Axis, ratios
from loadtests.report.words import main_levels

BETTER = {"higher": "more is better →", "lower": "← less is better"}
# a figure's better side and the ratio's word -> how the word is shown, and the sign before it
TONES = {
    ("higher", "higher"): ("good", "▲"),
    ("higher", "lower"): ("bad", "▼"),
    ("lower", "higher"): ("bad", "▲"),
    ("lower", "lower"): ("good", "▼"),
}
EVEN = {"equivalent": ("even", "="), "no clear difference": ("unclear", "≈")}


@dataclass(frozen=True)
class Row:
    """One target against the baseline."""

    target: str
    shape: int
    ratio: Ratio
    said: str
    tone: str
    sign: str
    svg: Markup


@dataclass(frozen=True)
class Group:
    """One figure at one level, over all targets but the baseline."""

    panel: Panel
    title: str
    level: str
    way: str
    noise: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Picture:
    """All groups of one picture on one axis; `more` are those at other loads, for those who ask."""

    ruler: Markup
    groups: tuple[Group, ...]
    more: tuple[Group, ...]
    dashed: bool


def of_section(section: Section, shapes: Mapping[str, int]) -> Picture | None:
    """The picture of a scenario's charted figures; None when there is no ratio at all."""
    panels = [p for p in section.panels if p.chart]
    return _picture(panels, shapes, main_levels(section), several=len(section.levels) > 1)


def of_primaries(sections: Sequence[Section], shapes: Mapping[str, int]) -> Picture | None:
    """The picture of the primary figures of all scenarios."""
    return of_panels([panel for section in sections for panel in section.panels if panel.primary], shapes)


def of_panels(panels: Sequence[Panel], shapes: Mapping[str, int]) -> Picture | None:
    """The picture of these panels, of whichever scenarios."""
    return _picture(panels, shapes, tuple(panel.level for panel in panels), several=True, named=True)


def _picture(
    panels: Sequence[Panel], shapes: Mapping[str, int], main: Sequence[Level], *, several: bool, named: bool = False
) -> Picture | None:
    judged = [p for p in panels if p.better != "neither" and any(c.ratio for c in p.cells)]
    if not judged:
        return None
    found = [cell.ratio for panel in judged for cell in panel.cells if cell.ratio]
    floors = [panel.noise for panel in judged if panel.noise]
    axis = ratios(end for ratio in (*found, *floors) for end in (ratio.low, ratio.high))
    groups = [_group(panel, axis, shapes, several=several, named=named) for panel in judged]
    open_groups = tuple(group for group in groups if group.panel.level in main)
    rest = tuple(group for group in groups if group.panel.level not in main)
    return Picture(draw.ruler(axis), open_groups, rest, any(ratio.word is None for ratio in found))


def _group(panel: Panel, axis: Axis, shapes: Mapping[str, int], *, several: bool, named: bool) -> Group:
    cells = [(cell.target, cell.ratio) for cell in panel.cells if cell.ratio]
    return Group(
        panel=panel,
        title=f"{panel.scenario}: {panel.title}" if named else panel.title,
        level=panel.level.label if several else "",
        way=BETTER[panel.better],
        noise=noise(panel),
        rows=tuple(_row(panel, target, ratio, axis, shapes[target]) for target, ratio in cells),
    )


def noise(panel: Panel) -> str:
    """The noise floor in words."""
    return f"A against A: {units.ratio_span(panel.noise)}" if panel.noise else "A against A: not known"


def tone(panel: Panel, ratio: Ratio) -> tuple[str, str]:
    """How the ratio's word is shown, and the sign before it."""
    return EVEN.get(ratio.word or "", TONES.get((panel.better, ratio.word or ""), ("few", "?")))


def _row(panel: Panel, target: str, ratio: Ratio, axis: Axis, shape: int) -> Row:
    said = units.said(panel, ratio)
    css, sign = tone(panel, ratio)
    label = f"{target}, {panel.title}: {units.ratio(ratio)}, {units.ratio_span(ratio)}, {said}"
    return Row(target, shape, ratio, said, css, sign, draw.track(ratio, panel.noise, axis, shape, label))
