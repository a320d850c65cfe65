"""Scales: a value to its place between 0 and 1, and the ticks that are written beside it.

Rule: a linear axis starts at zero; a logarithmic one is used where values span more than SPAN times, for loads, for
percentiles and for ratios. Ticks are plain numbers. Neighbours: every chart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loadtests.analyse.units import TIMES

SPAN = 20.0  # times: the largest value over the smallest, from which a linear axis would hide the small ones
MANY = 8  # ticks
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # the plain numbers an axis may end at, times 10^n
# the reach of a ratio's axis to either side of 1, with the ticks above 1; those below are their inverses
_REACHES: tuple[tuple[float, tuple[float, ...]], ...] = (
    (1.1, (1.05, 1.1)),
    (1.25, (1.1, 1.25)),
    (1.5, (1.2, 1.5)),
    (2.0, (1.4, 2.0)),
    (3.0, (1.5, 3.0)),
    (5.0, (2.0, 5.0)),
    (10.0, (3.0, 10.0)),
)


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, with its ticks as (value, text)."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    bend: Callable[[float], float] = float

    def place(self, value: float) -> float:
        """Where the value is, 0 at the low end and 1 at the high one; beyond the ends it stays at them."""
        low, high = self.bend(self.low), self.bend(self.high)
        inside = min(max(value, self.low), self.high)
        return (self.bend(inside) - low) / (high - low)


def plain(value: float) -> str:
    """A tick's number: three digits that count, no zeros after them, thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ceiling(top: float) -> float:
    """The plain number at or above `top`; 0 where there is nothing above zero."""
    if top <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(top))
    return next(round(step * power, 9) for step in _STEPS if step * power >= top * (1 - 1e-9))


def linear(top: float) -> Axis:
    """From zero to the plain number at or above `top`, in quarters that are plain as well, or halves."""
    end = ceiling(top)
    lead = end / 10.0 ** math.floor(math.log10(end))
    parts = next(n for n in (4, 5, 3, 2) if n == 2 or _is_plain(lead / n))
    return Axis(0.0, end, tuple((end * n / parts, plain(end * n / parts)) for n in range(parts + 1)))


def _is_plain(step: float) -> bool:
    return any(abs(step * scale - round(step * scale)) < 1e-9 for scale in (1, 2, 10)) and round(step * 10) in {
        2, 3, 4, 5, 10, 15, 20, 25, 30, 50,
    }  # fmt: skip


def logarithmic(values: Iterable[float]) -> Axis:
    """Over all values, ticks at 1, 2 and 5 times powers of ten, or fewer of them where these are many."""
    found = [value for value in values if value > 0]
    low, high = min(found), max(found)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        every = [step * 10.0**power for power in powers for step in steps]
        start = max((t for t in every if t <= low * (1 + 1e-9)), default=low)
        end = min((t for t in every if t >= high * (1 - 1e-9)), default=high)
        inside = [t for t in every if start <= t <= end]
        if len(inside) <= MANY:
            break
    return Axis(start, max(end, start * 2), tuple((t, plain(t)) for t in inside), math.log10)


def upright(values: Iterable[float]) -> Axis:
    """For values in ms and the like: from zero, or logarithmic where they span more than SPAN times."""
    found = [value for value in values if value > 0] or [1.0]
    return logarithmic(found) if max(found) > SPAN * min(found) else linear(max(found))


def loads(values: Iterable[float]) -> Axis:
    """Loads: logarithmic from the lowest to the highest, ticks at every doubling that has room."""
    found = sorted(set(values))
    low, high = found[0], max(found[-1], found[0] * 1.5)
    ticks = [low]
    while ticks[-1] * 2 <= high * 1.02:
        ticks.append(ticks[-1] * 2)
    return Axis(low, high, tuple((t, plain(t)) for t in ticks[:: math.ceil(len(ticks) / 6)]), math.log10)


def ratios(ends: Iterable[float]) -> Axis:
    """Around 1, as far to the left as to the right (in factors), at most ten times; what lies beyond is pointed at."""
    wanted = max((max(end, 1 / end) for end in ends if end > 0), default=1.0)
    reach, above = next((r for r in _REACHES if r[0] >= wanted), _REACHES[-1])
    ticks = (*(1 / tick for tick in reversed(above)), 1.0, *above)
    digits = ".2f" if reach < 1.5 else ".2g"
    return Axis(1 / reach, reach, tuple((t, f"{t:{digits}}{TIMES}") for t in ticks), math.log10)


def percentiles(top: float) -> Axis:
    """From p50 to `top`, each nine as wide as the one before; the maximum has a place of its own beyond the end."""
    marks = (50.0, 90.0, 99.0, 99.9, 99.99)
    end = next((mark for mark in marks[1:] if mark >= top), marks[-1])
    return Axis(50.0, end, tuple((m, f"p{m:g}") for m in marks if m <= end), _nines)


def _nines(percentile: float) -> float:
    return -math.log10(1 - percentile / 100)
