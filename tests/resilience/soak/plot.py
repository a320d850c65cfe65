"""The soak as one SVG: RSS, threads and descriptors against time, a line for each server, the warm-up shaded.

Rule: pure; drawn from the stored soak, readable in light and dark. Neighbours: `page` links it, `model` has the looks.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.resilience.soak.model import QUANTITIES, WARMUP, Soak

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 190, 52, 30, 130, 26
COLOURS: Final = ("#8b6fd6", "#d97706", "#0d9488")
STYLE: Final = "<style>text{font:12px sans-serif;fill:#777}.t{font-weight:bold}</style>"
MARKS: Final = 6


def plot(soaks: Sequence[Soak]) -> str:
    """A panel for each quantity, one above the other."""
    panels = "".join(
        f'<g transform="translate(0 {place * HEIGHT})">{"".join(_panel(soaks, place))}</g>'
        for place in range(len(QUANTITIES))
    )
    high = HEIGHT * len(QUANTITIES)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}" width="{WIDTH}" height="{high}"'
    return f'{head} role="img"><title>Memory, threads and descriptors under mixed load</title>{STYLE}{panels}</svg>\n'


def _panel(soaks: Sequence[Soak], place: int) -> Iterator[str]:
    name, value, _ = QUANTITIES[place]
    seconds = max(soak.seconds for soak in soaks)
    top = 1.15 * max(value(look) for soak in soaks for look in soak.looks)
    yield f'<text class="t" x="{LEFT}" y="18">{name}</text>'
    yield (
        f'<rect x="{LEFT}" y="{TOP}" width="{WARMUP * (WIDTH - LEFT - RIGHT):g}" height="{HEIGHT - TOP - BOTTOM}" '
        'fill="#999" fill-opacity=".12"/>'
    )
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        yield f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#999" stroke-opacity=".5"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{share * top:.0f}</text>'
    for mark in range(MARKS + 1):
        minutes = seconds * mark / MARKS / 60
        yield f'<text x="{_x(mark / MARKS)}" y="{HEIGHT - 8}" text-anchor="middle">{minutes:g} min</text>'
    for number, soak in enumerate(soaks):
        points = [(_x(look.at / seconds), _y(value(look) / top)) for look in soak.looks]
        path = "L".join(f"{x} {y}" for x, y in points)
        colour, y = COLOURS[number % len(COLOURS)], TOP + 14 + 16 * number
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        yield f'<text x="{WIDTH - RIGHT + 8}" y="{y}" style="fill:{colour}">{soak.target}</text>'


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)
