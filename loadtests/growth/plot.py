"""A curve as one SVG: a panel for each quantity, a colour for each target, dashes for a second variant.

Rule: pure; a line is a law that holds, a hollow mark a point that is not valid, at the upper edge if it lies beyond;
readable in light and dark, and every number stands in the page's table. Neighbours: `page` links it, `curves`, `laws`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from loadtests.growth.curves import Curve, Quantity, pairs, series
from loadtests.growth.laws import fit
from loadtests.growth.model import Point
from loadtests.report.charts.axis import Axis, linear

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 380, 220, 52, 20, 30, 40
ACROSS: Final = 2  # panels in a row
STEPS: Final = 40  # straight pieces of a drawn law
COLOURS: Final = ("#3b82c4", "#d97706", "#0d9488", "#8b6fd6")
DASHES: Final = ("", ' stroke-dasharray="6 4"')
STYLE: Final = "<style>text{font:12px sans-serif;fill:#777}.t{font-weight:bold}</style>"
Series = tuple[str, tuple[Point, ...]]


def plot(points: Sequence[Point], curve: Curve) -> str:
    """All panels, and the key under them."""
    lines = list(series(points, curve))
    rows = -(-len(curve.quantities) // ACROSS)
    body = "".join(
        f'<g transform="translate({WIDTH * (place % ACROSS)} {HEIGHT * (place // ACROSS)})">'
        f"{''.join(_panel(lines, curve, quantity))}</g>"
        for place, quantity in enumerate(curve.quantities)
    )
    high = HEIGHT * rows + 18 * len(lines) + 8
    wide = WIDTH * min(ACROSS, len(curve.quantities))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    key = "".join(_key(lines, HEIGHT * rows + 14))
    return f'{head} role="img"><title>Growth with {curve.x}</title>{STYLE}{body}{key}</svg>\n'


def _panel(lines: Sequence[Series], curve: Curve, quantity: Quantity) -> Iterator[str]:
    valid = [value for _, found in lines for p in found if not p.reasons and (value := quantity.of(p)) is not None]
    every = [value for _, found in lines for point in found if (value := quantity.of(point)) is not None]
    if not every:
        return
    x, y = linear(max(point.x for _, found in lines for point in found)), linear(max(valid or every))
    yield f'<text class="t" x="{LEFT}" y="18">{quantity.title}, {quantity.unit}</text>'
    yield from _axes(x, y, curve.x)
    for number, (_, found) in enumerate(lines):
        yield from _marks(lines, number, quantity, x, y)
        fitted = pairs(found, quantity)
        law = fit(fitted)
        if law is not None and law.holds:
            low, high = min(fitted)[0], max(fitted)[0]
            path = "L".join(
                f"{_x(x, at):.1f} {_y(y, law.at(at)):.1f}"
                for at in (low + (high - low) * step / STEPS for step in range(STEPS + 1))
            )
            colour, dash = _look(lines, number)
            yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>'


def _axes(x: Axis, y: Axis, name: str) -> Iterator[str]:
    for value, words in y.ticks:
        yield f'<path d="M{LEFT} {_y(y, value):.1f}H{WIDTH - RIGHT}" stroke="#999" stroke-opacity=".4"/>'
        yield f'<text x="{LEFT - 6}" y="{_y(y, value) + 4:.1f}" text-anchor="end">{words}</text>'
    for value, words in x.ticks:
        yield f'<text x="{_x(x, value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{words}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle">{name}</text>'


def _marks(lines: Sequence[Series], number: int, quantity: Quantity, x: Axis, y: Axis) -> Iterator[str]:
    colour, _ = _look(lines, number)
    for point in lines[number][1]:
        value = quantity.of(point)
        if value is not None:
            fill = 'fill="none"' if point.reasons else f'fill="{colour}"'
            at = f'cx="{_x(x, point.x):.1f}" cy="{_y(y, value):.1f}"'
            yield f'<circle {at} r="3" {fill} stroke="{colour}" stroke-width="1.2"/>'


def _key(lines: Sequence[Series], top: float) -> Iterator[str]:
    for number, (name, _) in enumerate(lines):
        (colour, dash), y = _look(lines, number), top + 18 * number
        yield f'<path d="M{LEFT} {y - 4}h24" stroke="{colour}" stroke-width="2"{dash}/>'
        yield f'<text x="{LEFT + 30}" y="{y}">{name}</text>'


def _look(lines: Sequence[Series], number: int) -> tuple[str, str]:
    """A line's colour, by its target, and its dashes, by its variant."""
    first = lines[number][1][0]
    targets = list(dict.fromkeys(found[0].target for _, found in lines))
    variants = list(dict.fromkeys(found[0].variant for _, found in lines))
    return COLOURS[targets.index(first.target) % len(COLOURS)], DASHES[variants.index(first.variant) % len(DASHES)]


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return TOP + (1 - axis.place(value)) * (HEIGHT - TOP - BOTTOM)
