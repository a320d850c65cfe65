"""A stream as it arrived: a tick for each token over time, the longest gap marked.

Rule: all streams of a picture share one axis, from the request's sending. Neighbours: views, axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from loadtests.analyse.verdict import StreamLine
from loadtests.report.charts.axis import Axis, linear
from loadtests.report.charts.svg import LEFT, RIGHT, SHAPES, across, band, joined, line, text

HEIGHT = 34.0
_TICKS = 20.0  # pixels from the top to the ticks' end


def scale(streams: Sequence[StreamLine]) -> Axis:
    """Milliseconds from zero to the end of the longest."""
    return linear(max((s.tokens_ms[-1] for s in streams if s.tokens_ms), default=1.0))


def gap(stream: StreamLine) -> tuple[float, float] | None:
    """Where the longest gap between two tokens begins and ends, in ms; None with fewer than two tokens."""
    return max(pairwise(stream.tokens_ms), key=lambda pair: pair[1] - pair[0], default=None)


def timeline(stream: StreamLine, axis: Axis, shape: int) -> Markup:
    """One stream's row."""
    path = " ".join(f"M{across(axis, at):.2f} 4V{_TICKS:g}" for at in stream.tokens_ms)
    ticks = Markup(
        '<svg class="layer" width="100%" height="{0}" viewBox="0 0 100 {0}" preserveAspectRatio="none">'
        '<path class="token" d="{1}" vector-effect="non-scaling-stroke"/></svg>'
    ).format(f"{HEIGHT:g}", path)
    label = f"{stream.target}: {len(stream.tokens_ms)} tokens, longest gap {stream.longest_gap_ms:,.0f} ms"
    return Markup('<svg class="track t{}" height="{}" role="img" aria-label="{}">{}</svg>').format(
        shape % SHAPES, f"{HEIGHT:g}", label, line("axis", LEFT, _TICKS, RIGHT, _TICKS) + _marked(stream, axis) + ticks
    )


def ruler(axis: Axis) -> Markup:
    """The shared axis under the rows."""
    numbers = joined(text(across(axis, value), 13, words) for value, words in axis.ticks)
    return Markup('<svg class="ruler" height="18" aria-hidden="true">{}</svg>').format(numbers)


def _marked(stream: StreamLine, axis: Axis) -> Markup:
    """The longest gap as a band with its length written below."""
    found = gap(stream)
    if found is None:
        return Markup("")
    left, right = (across(axis, at) for at in found)
    at = min(max((left + right) / 2, 8), 92)
    return band("gap", left, right, 4, f"{_TICKS - 4:g}") + text(
        at, HEIGHT - 1, f"{stream.longest_gap_ms:,.0f} ms", css="value"
    )
