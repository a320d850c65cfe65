"""Percentile spectra laid over each other: ms against percentile, each further nine as wide as the one before.

Rule: a line a target with its mark at each percentile that is known; open loops from the intended start solid, and
from the actual one dashed (the difference is what a closed view omits). The slowest has its own place at the right.
Neighbours: views chooses which are drawn together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from loadtests.analyse import units
from loadtests.analyse.verdict import Spectrum
from loadtests.report.charts.axis import Axis, percentiles, upright
from loadtests.report.charts.svg import LEFT, RIGHT, SHAPES, Point, down, framed, joined, mark, trace

MAX_X = RIGHT  # the slowest; the other percentiles end before it
_END = 81.0


def spectrum(lines: Sequence[Spectrum], naive: Sequence[Spectrum], shapes: Mapping[str, int]) -> Markup:
    """One plot. `naive` are the same requests from their actual start, in an open loop."""
    every = (*lines, *naive)
    x = percentiles(max(p for s in every for p, _ in s.points if p < 100))
    y = upright(ms for s in every for _, ms in s.points)
    ticks = [*((_x(x, value), words) for value, words in x.ticks), (MAX_X, "max")]
    drawn = [*((s, "line naive") for s in naive), *((s, "line") for s in lines)]
    body = joined(_line(s, x, y, shapes, css) for s, css in drawn)
    what = f"{lines[0].title} at {lines[0].level.label} by percentile"
    label = f"{what}, {units.counted(len(lines), 'target')}, in ms; the numbers are in the table"
    return framed(body, y, ticks, label)


def _line(of: Spectrum, x: Axis, y: Axis, shapes: Mapping[str, int], css: str) -> Markup:
    shape = shapes[of.target]
    points: list[Point] = [(_x(x, p), down(y, ms)) for p, ms in of.points if p < 100]
    most: list[Point] = [(MAX_X, down(y, ms)) for p, ms in of.points if p == 100]
    tail = trace([*points[-1:], *most], "line last")
    marks = [] if "naive" in css else [mark(px, f"{py:.1f}", shape, size="s") for px, py in (*points, *most)]
    return Markup('<g class="t{}">{}{}{}</g>').format(shape % SHAPES, tail, trace(points, css), joined(marks))


def _x(axis: Axis, percentile: float) -> float:
    return LEFT + (_END - LEFT) * axis.place(percentile)
