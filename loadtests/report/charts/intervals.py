"""A ratio with its interval on a logarithmic axis around 1: the noise floor behind it, the zone of no account marked.

Rule: a whisker is the 95% interval; where there are too few blocks for one it is dashed, from the lowest block to the
highest. What lies beyond the axis is an arrow at its end. Neighbours: views puts rows together; axis gives the scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from loadtests.analyse.verdict import Ratio
from loadtests.report.charts.axis import Axis
from loadtests.report.charts.svg import SHAPES, band, joined, line, mark, text

ZONE = (0.97, 1.03)  # within which two targets are called equivalent
HEIGHT = 25.0
_MIDDLE = HEIGHT / 2


def track(ratio: Ratio, noise: Ratio | None, axis: Axis, shape: int, label: str) -> Markup:
    """One row: zone, noise, grid, whisker, mark."""
    low, high = _x(axis, ratio.low), _x(axis, ratio.high)
    css = "whisker" if ratio.word else "whisker dashed"
    whisker = line(css, low, _MIDDLE, high, _MIDDLE)
    if ratio.word:
        whisker += _caps(low, high)
    return _drawn(shape, label, ground(axis, noise) + whisker + _point(axis, ratio.value, shape))


def against_floor(ratio: Ratio, axis: Axis, shape: int, label: str) -> Markup:
    """One row: grid, whisker, mark. Nothing is equivalent to a floor, and there is no noise of it."""
    low, high = _x(axis, ratio.low), _x(axis, ratio.high)
    whisker = line("whisker" if ratio.p is not None else "whisker dashed", low, _MIDDLE, high, _MIDDLE)
    if ratio.p is not None:
        whisker += _caps(low, high)
    return _drawn(shape, label, joined(_grid(axis)) + whisker + _point(axis, ratio.value, shape))


def _drawn(shape: int, label: str, inside: Markup) -> Markup:
    return Markup('<svg class="track t{}" height="{}" role="img" aria-label="{}">{}</svg>').format(
        shape % SHAPES, f"{HEIGHT:g}", label, inside
    )


def _caps(low: float, high: float) -> Markup:
    return line("cap", low, _MIDDLE - 5, low, _MIDDLE + 5) + line("cap", high, _MIDDLE - 5, high, _MIDDLE + 5)


def _point(axis: Axis, value: float, shape: int) -> Markup:
    return _beyond(axis, value) or mark(_x(axis, value), "50%", shape, size="m")


def ground(axis: Axis, noise: Ratio | None) -> Markup:
    """What lies behind every row."""
    parts = [band("zoned", _x(axis, ZONE[0]), _x(axis, ZONE[1]), 0, "100%")]
    if noise:
        parts.append(band("noise", _x(axis, noise.low), _x(axis, noise.high), 3, f"{HEIGHT - 6:g}"))
    return joined([*parts, *_grid(axis)])


def _grid(axis: Axis) -> list[Markup]:
    return [
        line("one" if value == 1 else "grid", _x(axis, value), 0, _x(axis, value), HEIGHT) for value, _ in axis.ticks
    ]


def ruler(axis: Axis) -> Markup:
    """The axis' numbers, for above and below the rows."""
    numbers = joined(
        text(_x(axis, value), 13, words, css="tick strong" if value == 1 else "tick") for value, words in axis.ticks
    )
    return Markup('<svg class="ruler" height="18" aria-hidden="true">{}</svg>').format(numbers)


def glyph(kind: str) -> Markup:
    """A piece of the chart by itself, for the key that explains it."""
    return Markup('<svg class="glyph ink" width="56" height="18" aria-hidden="true">{}</svg>').format(_GLYPHS[kind])


def _x(axis: Axis, value: float) -> float:
    return 3 + 94 * axis.place(value)


def _beyond(axis: Axis, value: float) -> Markup | None:
    """An arrow at the axis' end when the value lies outside of it."""
    if axis.low <= value <= axis.high:
        return None
    points = "-7,-6 3,0 -7,6" if value > axis.high else "7,-6 -3,0 7,6"
    x = "97" if value > axis.high else "3"
    return Markup('<svg class="mark" x="{}%" y="50%" overflow="visible"><polygon points="{}"/></svg>').format(x, points)


def _rounds() -> Markup:
    dots = (mark(x, "50%", 0, css="dot", size="s") for x in (20, 42, 60, 75))
    return line("axis", 0, 9, 100, 9) + line("range", 20, 9, 75, 9) + joined(dots)


_CAPS: Final = line("cap", 10, 4, 10, 14) + line("cap", 90, 4, 90, 14)
_POINT: Final = mark(50, "50%", 0, size="m")
_GLYPHS: Final[Mapping[str, Markup]] = {
    "interval": line("whisker", 10, 9, 90, 9) + _CAPS + _POINT,
    "few": line("whisker dashed", 10, 9, 90, 9) + _POINT,
    "noise": band("noise", 10, 90, 1, "16") + line("one", 50, 0, 50, 18),
    "zone": band("zoned", 25, 75, 0, "18") + line("one", 50, 0, 50, 18),
    "strip": _rounds() + _POINT,
    "ideal": line("ideal", 50, 0, 50, 18),
}
