"""The layers as one SVG: a bar for each target, a piece for each layer.

Rule: pure; drawn from the stored measurement, readable in light and dark. Neighbours: `page` links it, `costs`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from loadtests.report.charts.axis import linear
from tests.layers.costs import Costs
from tests.layers.names import BARE, ORDER

WIDTH, LEFT, RIGHT, ROW, BAR, TOP = 760, 130, 60, 34, 20, 12
COLOURS: Final = dict(
    zip(
        (BARE, *ORDER),
        ("#9aa0a6", "#3b82c4", "#0d9488", "#d97706", "#a16207", "#8b6fd6", "#c0568f", "#5b9b3a", "#2f6f8f", "#b4534f"),
        strict=True,
    )
)
STYLE: Final = "<style>text{font:12px sans-serif;fill:#777}.t{font-weight:bold}</style>"
KEYS: Final = 5  # names in a line of the key


def chart(found: Sequence[Costs]) -> str:
    """The bars, one under the other, the axis and the key."""
    axis = linear(max(one.rows[-1].us for one in found))
    scale = (WIDTH - LEFT - RIGHT) / axis.high
    under = TOP + ROW * len(found)
    lines = -(-len(COLOURS) // KEYS)
    high = under + 30 + 18 * lines
    body = "".join((*_axis(axis.ticks, scale, under), *_bars(found, scale), *_key(under + 40)))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}" width="{WIDTH}" height="{high}"'
    title = "<title>CPU microseconds of POST /chat by layer</title>"
    return f'{head} role="img">{title}{STYLE}{body}</svg>\n'


def _axis(ticks: Sequence[tuple[float, str]], scale: float, under: float) -> Iterator[str]:
    for value, words in ticks:
        x = round(LEFT + value * scale, 1)
        yield f'<path d="M{x} {TOP}V{under}" stroke="#999" stroke-opacity=".4"/>'
        yield f'<text x="{x}" y="{under + 14}" text-anchor="middle">{words}</text>'


def _bars(found: Sequence[Costs], scale: float) -> Iterator[str]:
    for place, one in enumerate(found):
        y, end = TOP + 6 + ROW * place, 0.0
        yield f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{one.target}</text>'
        for row in one.rows:
            begin, end = end, max(end, row.us)  # a layer that seems to cost less than nothing has no piece
            at, wide = round(LEFT + begin * scale, 1), round((end - begin) * scale, 1)
            yield f'<rect x="{at}" y="{y}" width="{wide}" height="{BAR}" fill="{COLOURS[row.layer]}"/>'
        yield f'<text class="t" x="{round(LEFT + end * scale + 6, 1)}" y="{y + 14}">{end:,.0f}</text>'


def _key(top: float) -> Iterator[str]:
    step = (WIDTH - 20) / KEYS
    for place, (name, colour) in enumerate(COLOURS.items()):
        x, y = round(10 + step * (place % KEYS), 1), top + 18 * (place // KEYS)
        yield f'<rect x="{x}" y="{y - 10}" width="11" height="11" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="{y}">{name}</text>'
