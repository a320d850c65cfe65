"""The power curve as an SVG: how often a difference is found, against the number of blocks.

Rule: pure; drawn from the stored proof, small enough to be read as text, in both light and dark. Neighbours: `page`
links it, `proof` has the numbers.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.statistics.noise import DOCS
from tests.statistics.proof import BLOCKS, EFFECTS, Power, Proof

SVG: Final = DOCS / "results" / "statistics-power.svg"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 350, 240, 46, 34, 30, 40
COLOURS: Final = ("#8b6fd6", "#d97706", "#0d9488")
STYLE: Final = "<style>text{font:12px sans-serif;fill:#777}.t{font-weight:bold}</style>"


def curve(proof: Proof, names: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """A panel for each of these figures, a line for each difference."""
    panels = "".join(
        f'<g transform="translate({place * WIDTH} 0)">{_panel(proof, key, names[key])}</g>'
        for place, key in enumerate(keys)
    )
    size = f'viewBox="0 0 {WIDTH * len(keys)} {HEIGHT}" width="{WIDTH * len(keys)}" height="{HEIGHT}"'
    title = "<title>How often a difference is found, by blocks</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{title}{STYLE}{panels}</svg>\n'


def _panel(proof: Proof, key: str, name: str) -> str:
    lines = "".join(_line(one, COLOURS[EFFECTS.index(one.effect)]) for one in proof.power if one.key == key)
    return f'<text class="t" x="{LEFT}" y="18">{name}</text>{"".join(_axes())}{lines}'


def _axes() -> Iterator[str]:
    for share in (0.0, 0.5, 0.8, 1.0):
        dash = ' stroke-dasharray="4 3"' if share == 0.8 else ""
        yield f'<path d="M{LEFT} {_y(share)}H{WIDTH - RIGHT}" stroke="#999" stroke-opacity=".5"{dash}/>'
        yield f'<text x="{LEFT - 6}" y="{_y(share) + 4}" text-anchor="end">{share:.0%}</text>'
    for blocks in BLOCKS:
        yield f'<text x="{_x(blocks)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{blocks}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle:g}" y="{HEIGHT - 6}" text-anchor="middle">blocks</text>'


def _line(one: Power, colour: str) -> str:
    points = [(_x(blocks), _y(share)) for blocks, share in zip(BLOCKS, one.shares, strict=True)]
    path = "L".join(f"{x} {y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points)
    x, y = max(points, key=lambda point: (one.shares[points.index(point)] <= 0.9, point[0]))
    label = f'<text x="{x + 6}" y="{y + 14}" style="fill:{colour}">{one.effect:.0%}</text>'
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}{label}'


def _x(blocks: int) -> float:
    low, high = BLOCKS[0], BLOCKS[-1]
    return round(LEFT + 8 + (blocks - low) / (high - low) * (WIDTH - RIGHT - LEFT - 24), 1)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)
