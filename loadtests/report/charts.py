"""Small SVG charts, drawn with percentages so that they fit any width and their letters never shrink.

Rule: a chart is a pure function of the analysed values to a piece of HTML; the same values give the same bytes.
Axes start at zero. A target keeps its colour and its shape everywhere (class t0, t1, …: report.css holds the colours
for light and dark), so that nobody depends on colour alone. Numbers stand beside the marks and in the tables.
Neighbours: html puts them on the page; docs/decisions/0004-charts.md says why they are our own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from loadtests.analyse.units import number
from loadtests.analyse.verdict import Cell, Panel, Spread

SHAPES = 6  # as many colours and shapes as report.css defines; a seventh target starts over
_PLOT = (9.0, 95.0)  # the line plot's inner edges, per cent of its width
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # the plain numbers an axis may end at, times 10^n
_ASIDE = 1.2  # per cent between targets that would cover each other
_TOP, _BOTTOM = 9.0, 85.0  # the same for its height


def mark(x: float, y: str, shape: int, *, small: bool = False) -> Markup:
    """A target's mark at x per cent: circle, square, diamond, triangle, cross-bar, ring."""
    size = 3.2 if small else 6.0
    css = "dot" if small else "mark"
    body = {
        0: f'<circle r="{size}"/>',
        1: f'<rect x="{-size:.1f}" y="{-size:.1f}" width="{2 * size:.1f}" height="{2 * size:.1f}" rx="1"/>',
        2: _polygon(size * 1.3, ((0, -1), (1, 0), (0, 1), (-1, 0))),
        3: _polygon(size * 1.25, ((0, -1), (1, 0.8), (-1, 0.8))),
        4: _polygon(size * 1.25, ((0, 1), (1, -0.8), (-1, -0.8))),
        5: f'<rect x="{-size / 2:.1f}" y="{-size * 1.3:.1f}" width="{size:.1f}" height="{2.6 * size:.1f}"/>',
    }[shape % SHAPES]
    inner = Markup(body)  # noqa: S704 - numbers only
    return Markup('<svg class="{}" x="{}%" y="{}" overflow="visible">{}</svg>').format(css, f"{x:.2f}", y, inner)


def swatch(shape: int) -> Markup:
    """The mark by itself, for a legend or a table row."""
    return Markup(
        '<svg class="swatch t{}" width="14" height="14" aria-hidden="true">'
        '<svg x="7" y="7" overflow="visible"><g transform="scale(.85)">{}</g></svg></svg>'
    ).format(shape % SHAPES, mark(0, "0", shape))


def strip(panel: Panel, cell: Cell, shape: int) -> Markup:
    """One target's track: a line from its lowest to its highest round, a dot a round, a mark at the median."""
    top = ceiling(panel)
    if cell.value is None or top <= 0:
        return Markup('<svg class="strip" height="22" aria-hidden="true">{}</svg>').format(_baseline())
    low, high = _share(cell.value.low, top), _share(cell.value.high, top)
    dots = Markup("").join(mark(_share(value, top), "50%", shape, small=True) for value in cell.value.values)
    return Markup(
        '<svg class="strip t{}" height="22" role="img" aria-label="{}">{}'
        '{}<line class="range" x1="{}%" x2="{}%" y1="50%" y2="50%"/>{}{}</svg>'
    ).format(
        shape % SHAPES,
        _spoken(panel, cell.value),
        _baseline(),
        _ideal(panel.ideal, top),
        f"{low:.2f}",
        f"{high:.2f}",
        dots,
        mark(_share(cell.value.median, top), "50%", shape),
    )


def lines(panels: Sequence[Panel], shapes: Mapping[str, int]) -> Markup:
    """A figure against the number of users, a line a target; what would be ideal is drawn dashed behind."""
    users = sorted({panel.users for panel in panels})
    ideal = {panel.users: panel.ideal for panel in panels if panel.ideal is not None}
    top = max(ceiling(panel) for panel in panels)
    if len(users) < 2 or top <= 0:
        return Markup("")
    parts = [_frame(users, top, panels[0])]
    parts.append(_path([(_x(u, users), _y(ideal[u], top)) for u in users if u in ideal], "ideal"))
    for target, shape in shapes.items():
        values = {p.users: p.cell(target).value for p in panels}
        aside = (list(shapes).index(target) - (len(shapes) - 1) / 2) * _ASIDE
        points = [(_x(u, users) + aside, _y(v.median, top)) for u, v in sorted(values.items()) if v]
        spans = [_span(_x(u, users) + aside, v, top) for u, v in sorted(values.items()) if v]
        marks = [mark(x, f"{y:.2f}%", shape) for x, y in points]
        parts.append(
            Markup('<g class="t{}">{}{}{}</g>').format(
                shape % SHAPES, _path(points, "line"), Markup("").join(spans), Markup("").join(marks)
            )
        )
    label = f"{panels[0].title} against concurrent users; the numbers are in the table below"
    return Markup('<svg class="plot" height="260" role="img" aria-label="{}">{}</svg>').format(
        label, Markup("").join(parts)
    )


def ceiling(panel: Panel) -> float:
    """The end of a panel's axis: the highest round of any target, or the ideal, rounded up to a plain number."""
    top = max((cell.value.high for cell in panel.cells if cell.value), default=0.0)
    if top <= 0:
        return 0.0
    top = max(top, panel.ideal or 0.0)
    power = 10.0 ** math.floor(math.log10(top))
    return next(round(step * power, 9) for step in _STEPS if step * power >= top * (1 - 1e-9))


def _polygon(size: float, corners: Sequence[tuple[float, float]]) -> str:
    points = " ".join(f"{x * size:.1f},{y * size:.1f}" for x, y in corners)
    return f'<polygon points="{points}"/>'


def _share(value: float, top: float) -> float:
    return 2 + 96 * max(0.0, value) / top


def _baseline() -> Markup:
    return Markup(
        '<line class="axis" x1="2%" x2="98%" y1="50%" y2="50%"/><line class="zero" x1="2%" x2="2%" y1="15%" y2="85%"/>'
    )


def _ideal(ideal: float | None, top: float) -> Markup:
    """A dashed tick where a perfect server would be."""
    if ideal is None:
        return Markup("")
    x = f"{_share(ideal, top):.2f}"
    return Markup('<line class="ideal" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(x)


def _spoken(panel: Panel, value: Spread) -> str:
    low, mid, high = (number(v, panel.decimals) for v in (value.low, value.median, value.high))
    return f"median {mid} {panel.unit}, from {low} to {high}"


def _x(user: int, users: Sequence[int]) -> float:
    left, right = _PLOT
    return left + (right - left) * user / users[-1]


def _y(value: float, top: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * max(0.0, value) / top


def _span(x: float, value: Spread, top: float) -> Markup:
    return Markup('<line class="range" x1="{0}%" x2="{0}%" y1="{1}%" y2="{2}%"/>').format(
        f"{x:.2f}", f"{_y(value.low, top):.2f}", f"{_y(value.high, top):.2f}"
    )


def _path(points: Sequence[tuple[float, float]], css: str) -> Markup:
    """Straight pieces between points: percentages are not allowed in a polyline."""
    pieces = [
        Markup('<line class="{}" x1="{}%" y1="{}%" x2="{}%" y2="{}%"/>').format(
            css, f"{a:.2f}", f"{b:.2f}", f"{c:.2f}", f"{d:.2f}"
        )
        for (a, b), (c, d) in pairwise(points)
    ]
    return Markup("").join(pieces)


def _frame(users: Sequence[int], top: float, panel: Panel) -> Markup:
    left, right = _PLOT
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = f"{_y(top * part, top):.2f}"
        parts.append(Markup('<line class="grid" x1="{}%" x2="{}%" y1="{}%" y2="{}%"/>').format(left, right, y, y))
        parts.append(
            Markup('<text class="tick" x="{}%" y="{}%" dx="-6" dy="4" text-anchor="end">{}</text>').format(
                left, y, number(top * part, 0)
            )
        )
    parts += [
        Markup('<text class="tick" x="{}%" y="{}%" dy="18" text-anchor="middle">{}</text>').format(
            f"{_x(user, users):.2f}", _BOTTOM, user
        )
        for user in users
    ]
    label = Markup('<text class="tick" x="{}%" y="{}%" dy="{}" text-anchor="{}">{}</text>')
    parts.append(label.format((left + right) / 2, 99, 0, "middle", "users at once"))
    parts.append(label.format(left, _TOP, -8, "start", panel.unit))
    return Markup("").join(parts)
