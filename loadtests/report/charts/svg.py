"""Marks, lines and the frame that every plot over two axes shares.

Rule: x is per cent of the width, y is pixels from the top, so a plot takes any width; a line of many points is drawn in
a nested viewport that stretches, with a stroke that does not. The left axis is a picture of its own, so that no letter
is cut.
Neighbours: axis gives the places, the modules of charts fill the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from markupsafe import Markup

from loadtests.report.charts.axis import Axis

SHAPES = 6  # as many colours and shapes as report.css defines; a seventh target starts over
HEIGHT = 190.0  # of the plotting area
TOP = 10.0  # pixels above the highest tick
LEFT, RIGHT = 1.5, 97.0  # the plotting area's edges, per cent
SIZES: Final[Mapping[str, float]] = {"l": 6.0, "m": 4.6, "s": 3.3}  # pixels from the middle
Size = Literal["l", "m", "s"]
Point = tuple[float, float]


def mark(x: float, y: str, shape: int, *, css: str = "mark", size: Size = "l") -> Markup:
    """A target's mark at x per cent: a reference to a symbol, which has the page's colours."""
    return Markup('<use class="{}" href="#{}{}" x="{}%" y="{}"/>').format(css, size, shape % SHAPES, f"{x:.2f}", y)


def dot(x: float, y: str, shape: int) -> Markup:
    """The small mark of one round."""
    return mark(x, y, shape, css="dot", size="s")


def swatch(shape: int) -> Markup:
    """The mark by itself, for a legend or a table row."""
    return Markup(
        '<svg class="swatch t{0}" width="14" height="14" aria-hidden="true">'
        '<use class="mark" href="#m{0}" x="7" y="7"/></svg>'
    ).format(shape % SHAPES)


def symbols() -> Markup:
    """Every mark in every size, once a page: circle, square, diamond, triangles up and down, bar."""
    found = joined(
        Markup('<g id="{}{}">{}</g>').format(name, shape, _shape(shape, size))
        for name, size in SIZES.items()
        for shape in range(SHAPES)
    )
    return Markup('<svg width="0" height="0" aria-hidden="true" class="symbols"><defs>{}</defs></svg>').format(found)


def _shape(shape: int, size: float) -> Markup:
    side, tall = 0.9 * size, 1.3 * size
    body = (
        f'<circle r="{size:g}"/>',
        f'<rect x="{-side:.1f}" y="{-side:.1f}" width="{2 * side:.1f}" height="{2 * side:.1f}" rx="1"/>',
        _polygon(size * 1.3, ((0, -1), (1, 0), (0, 1), (-1, 0))),
        _polygon(size * 1.25, ((0, -1), (1, 0.8), (-1, 0.8))),
        _polygon(size * 1.25, ((0, 1), (1, -0.8), (-1, -0.8))),
        f'<rect x="{-size / 2:.1f}" y="{-tall:.1f}" width="{size:.1f}" height="{2 * tall:.1f}"/>',
    )[shape]
    return Markup(body)  # noqa: S704 - numbers only


def line(css: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    """One straight line: per cent across, pixels down."""
    return Markup('<line class="{}" x1="{}%" y1="{}" x2="{}%" y2="{}"/>').format(
        css, f"{x1:.2f}", f"{y1:.1f}", f"{x2:.2f}", f"{y2:.1f}"
    )


def band(css: str, x1: float, x2: float, y: float, height: str) -> Markup:
    """A filled stretch from x1 to x2."""
    return Markup('<rect class="{}" x="{}%" width="{}%" y="{}" height="{}"/>').format(
        css, f"{x1:.2f}", f"{max(x2 - x1, 0):.2f}", f"{y:g}", height
    )


def text(x: float, y: float, words: str, anchor: str = "middle", css: str = "tick", aside: float = 0) -> Markup:
    """Letters at x per cent, and so many pixels aside."""
    return Markup('<text class="{}" x="{}%" y="{}" dx="{}" text-anchor="{}">{}</text>').format(
        css, f"{x:.2f}", f"{y:.1f}", f"{aside:g}", anchor, words
    )


def trace(points: Sequence[Point], css: str, height: float = HEIGHT) -> Markup:
    """A line through points, stretched with the plot; its stroke and its dashes keep their size."""
    if len(points) < 2:
        return Markup("")
    path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return Markup(
        '<svg class="layer" width="100%" height="{0}" viewBox="0 0 100 {0}" preserveAspectRatio="none">'
        '<polyline class="{1}" points="{2}" vector-effect="non-scaling-stroke"/></svg>'
    ).format(f"{height:g}", css, path)


def across(axis: Axis, value: float) -> float:
    """The value's per cent of the width."""
    return LEFT + (RIGHT - LEFT) * axis.place(value)


def down(axis: Axis, value: float) -> float:
    """The value's pixels from the top."""
    return HEIGHT - (HEIGHT - TOP) * axis.place(value)


def joined(parts: Iterable[Markup]) -> Markup:
    """All of them, one after the other."""
    return Markup("").join(parts)


def framed(body: Markup, y: Axis, ticks: Sequence[tuple[float, str]], label: str, below: float = 0) -> Markup:
    """A plot: the left axis, grid lines, `ticks` (per cent, words) under it, `below` more pixels for the body's use."""
    width = 10 + 7 * max(len(words) for _, words in y.ticks)
    numbers = joined(
        Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>').format(
            width - 6, f"{down(y, v) + 4:.1f}", w
        )
        for v, w in y.ticks
    )
    grid = joined(line("grid", 0, down(y, value), 100, down(y, value)) for value, _ in y.ticks)
    feet = joined(line("grid", x, HEIGHT, x, HEIGHT + 4) + text(x, HEIGHT + 18, words) for x, words in ticks)
    total = f"{HEIGHT + 24 + below:g}"
    return Markup(
        '<div class="plotbox"><svg class="yaxis" width="{}" height="{}" aria-hidden="true">{}</svg>'
        '<svg class="plot" height="{}" role="img" aria-label="{}">{}</svg></div>'
    ).format(width, total, numbers, total, label, grid + feet + body)


def _polygon(size: float, corners: Sequence[Point]) -> str:
    points = " ".join(f"{x * size:.1f},{y * size:.1f}" for x, y in corners)
    return f'<polygon points="{points}"/>'
