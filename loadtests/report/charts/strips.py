"""Strips of absolute values: for each target a track with a dot a round, the range, and a mark at the median.

Rule: from zero to a plain number, the same for all targets of a panel. Neighbours: views says which panels; svg draws.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from loadtests.analyse.units import number
from loadtests.analyse.verdict import Cell, Panel, Spread
from loadtests.measure.handwork import Handwork
from loadtests.report.charts import axis
from loadtests.report.charts.svg import SHAPES, dot, joined, line, mark, swatch, text

__all__ = ["dumbbell", "end", "strip", "swatch"]
MIDDLE = 11.0


def end(panel: Panel) -> float:
    """The end of a panel's axis: the highest round of any target, or the ideal, rounded up to a plain number."""
    top = max((cell.value.high for cell in panel.cells if cell.value), default=0.0)
    return axis.ceiling(max(top, panel.ideal or 0.0)) if top > 0 else 0.0


def strip(panel: Panel, cell: Cell, shape: int) -> Markup:
    """One target's track."""
    top = end(panel)
    ground = line("axis", 2, MIDDLE, 98, MIDDLE) + line("zero", 2, 3, 2, 19)
    if cell.value is None or top <= 0:
        return Markup('<svg class="strip" height="22" aria-hidden="true">{}</svg>').format(ground)
    value = cell.value
    ideal = line("ideal", _share(panel.ideal, top), 0, _share(panel.ideal, top), 22) if panel.ideal else Markup("")
    drawn = (
        ground + ideal + line("range", _share(value.low, top), MIDDLE, _share(value.high, top), MIDDLE),
        joined(dot(_share(each, top), "50%", shape) for each in value.values),
        mark(_share(value.median, top), "50%", shape),
    )
    return Markup('<svg class="strip t{}" height="22" role="img" aria-label="{}">{}</svg>').format(
        shape % SHAPES, f"{cell.target}: {_spoken(panel, value)}", joined(drawn)
    )


def dumbbell(left: Handwork, right: Handwork, top: float) -> Markup:
    """FastAPI's lines (full) and Flask's (hollow) for one feature, from zero to `top`."""
    a, b = _share(left.lines, top), _share(right.lines, top)
    words = f"{left.title}: FastAPI {left.lines} lines, Flask {right.lines}"
    outer = ((max(a, b), "start", 11), (min(a, b), "end", -11))[: 2 if a != b else 1]
    lines = {a: left.lines, b: right.lines}
    numbers = joined(text(x, 15, str(lines[x]), anchor, "value", aside) for x, anchor, aside in outer)
    drawn = line("axis", 2, MIDDLE, 98, MIDDLE) + line("zero", 2, 3, 2, 19) + line("link", a, MIDDLE, b, MIDDLE)
    marks = mark(b, "50%", 0, css="mark hollow") + mark(a, "50%", 0)
    return Markup('<svg class="strip ink" height="22" role="img" aria-label="{}">{}</svg>').format(
        words, drawn + marks + numbers
    )


def most(pairs: Sequence[tuple[Handwork, Handwork]]) -> float:
    """The end of the axis of lines by hand."""
    return axis.ceiling(max(item.lines for pair in pairs for item in pair) * 1.04)


def _share(value: float, top: float) -> float:
    return 2 + 96 * max(0.0, value) / top


def _spoken(panel: Panel, value: Spread) -> str:
    low, mid, high = (number(v, panel.decimals) for v in (value.low, value.median, value.high))
    return f"median {mid} {panel.unit}, from {low} to {high}"
