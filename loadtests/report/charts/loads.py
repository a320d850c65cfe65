"""Figures against load: the levels of a scenario, and searches for the most that a target holds, with the knee.

Rule: loads are on a logarithmic axis. In a search a full mark is a load that held in every probe, a hollow one a load
that did not; under the axis each target has a bracket from the last load that held to the first that did not.
Neighbours: views says which figure; axis, svg.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from loadtests.analyse import units
from loadtests.analyse.knee_values import Knee, LoadPoint
from loadtests.analyse.verdict import Panel
from loadtests.report.charts.axis import Axis, loads, upright
from loadtests.report.charts.svg import HEIGHT, SHAPES, Point, across, down, framed, joined, line, mark, text, trace

Read = Callable[[LoadPoint], float | None]
_ASIDE = 0.9  # per cent between targets that would cover each other
ARROW = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
_ROW = 16.0  # pixels for a target's bracket


def levels(panels: Sequence[Panel], shapes: Mapping[str, int]) -> Markup:
    """A figure over a scenario's closed loops, a line a target, the ideal dashed; empty for a single level."""
    panels = [panel for panel in panels if panel.level.users is not None]
    values = [c.value.high for panel in panels for c in panel.cells if c.value]
    if len(panels) < 2 or not any(values):
        return Markup("")
    x = loads(panel.level.amount for panel in panels)
    y = upright([*values, *(panel.ideal for panel in panels if panel.ideal)])
    ideal = trace([(across(x, p.level.amount), down(y, p.ideal)) for p in panels if p.ideal is not None], "ideal")
    targets = [cell.target for cell in panels[0].cells]
    body = [
        _level_line(panels, target, x, y, shapes[target], _aside(n, len(targets))) for n, target in enumerate(targets)
    ]
    label = f"{panels[0].title} against users at once; the numbers are in the table"
    return framed(ideal + joined(body), y, [(across(x, v), w) for v, w in x.ticks], label)


def search(knees: Sequence[Knee], read: Read, shapes: Mapping[str, int], limit: float | None, title: str) -> Markup:
    """A figure over the loads of every target's search; empty when no probe has it."""
    values = [value for knee in knees for point in knee.points if (value := read(point))]
    if not values:
        return Markup("")
    x = loads(point.load for knee in knees for point in knee.points)
    y = upright([*values, *([limit * 1.15] if limit else [])])
    parts = [_limit(y, limit)] if limit else []
    parts += [_search_line(knee, read, x, y, shapes[knee.target]) for knee in knees]
    parts += [_bracket(knee, x, HEIGHT + 34 + _ROW * row, shapes[knee.target]) for row, knee in enumerate(knees)]
    label = f"{title} against load for {units.counted(len(knees), 'target')}; the numbers are in the table"
    return framed(joined(parts), y, [(across(x, v), w) for v, w in x.ticks], label, below=14 + _ROW * len(knees))


def _level_line(panels: Sequence[Panel], target: str, x: Axis, y: Axis, shape: int, aside: float) -> Markup:
    known = [(across(x, p.level.amount) + aside, v) for p in panels if (v := p.cell(target).value)]
    points: list[Point] = [(px, down(y, v.median)) for px, v in known]
    spans = joined(line("range", px, down(y, v.low), px, down(y, v.high)) for px, v in known)
    marks = joined(mark(px, f"{py:.1f}", shape, size="m") for px, py in points)
    return Markup('<g class="t{}">{}{}{}</g>').format(shape % SHAPES, trace(points, "line"), spans, marks)


def _search_line(knee: Knee, read: Read, x: Axis, y: Axis, shape: int) -> Markup:
    known = [(p, value) for p in sorted(knee.points, key=lambda p: p.load) if (value := read(p)) is not None]
    points: list[Point] = [(across(x, p.load), down(y, max(value, y.low))) for p, value in known]
    held = [p.held == p.probes for p, _ in known]
    marks = joined(
        mark(px, f"{py:.1f}", shape, css="mark" if ok else "mark hollow", size="m")
        for (px, py), ok in zip(points, held, strict=True)
    )
    return Markup('<g class="t{}">{}{}</g>').format(shape % SHAPES, trace(points, "line"), marks)


def _limit(y: Axis, limit: float) -> Markup:
    at = down(y, limit)
    return line("limit", 0, at, 100, at) + text(0.5, at - 5, f"limit {limit:g} ms", "start", "tick limits")


def _bracket(knee: Knee, x: Axis, y: float, shape: int) -> Markup:
    """What held, and from there a bracket to the first load that did not; an arrow where none was seen to fail."""
    if not knee.points:
        return Markup("")
    low = across(x, x.low if knee.low is None else knee.low)
    high = min(low + 4, 100.0) if knee.high is None else across(x, knee.high)
    reach = Markup("") if knee.low is None else line("reach", 0, y, low, y)
    closed = line("cap", high, y - 4, high, y + 4)
    end = text(high, y + 4, ARROW, "start", "open", -1) if knee.high is None else closed
    point = mark(low, f"{y:.1f}", shape, css="mark hollow" if knee.low is None else "mark", size="s")
    parts = (reach, line("bracket", low, y, high, y), end, point)
    return Markup('<g class="t{}">{}</g>').format(shape % SHAPES, joined(parts))


def _aside(index: int, count: int) -> float:
    return (index - (count - 1) / 2) * _ASIDE
