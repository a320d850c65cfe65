"""Which load to try next, from those that were tried: up by doubling or more while it is easy, then closer and closer.

Rule: pure. A load that was good in any try is good; one that was refused although the generator had CPU to spare is
tried once more, because then it may have been the machine. The CPU that the good loads took says how far to jump.
Neighbours: `search` plays the loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

AIM: Final = 0.97  # of the CPU limit: over it, a round may be refused by chance
GROWTH: Final = 4.0
CLOSE: Final = 1.04  # between the last good load and the first bad one: near enough
NUDGE: Final = 1.02
SPARE: Final = 0.8  # below this share of the limit, CPU is not why a load was refused
LEAST: Final = 10


class Tried(NamedTuple):
    """A load, whether its figures were good, and the generator's CPU as a share of its limit."""

    load: int
    good: bool
    share: float


def next_load(tried: Sequence[Tried], *, first: int, most: int) -> int | None:
    """The next load to try, from `first` up to `most`; None when the answer is known well enough."""
    if not tried:
        return min(first, most)
    last = tried[-1]
    if not last.good and last.share < SPARE and sum(one.load == last.load for one in tried) == 1:
        return last.load
    low, high = edges(tried)
    if low is None:
        bad = min(one.load for one in tried)
        return max(bad // 4, LEAST) if bad > LEAST else None
    if high is None:
        factor = min(AIM / max(low.share, 1e-6), GROWTH)
        return min(round(low.load * factor), most) if factor >= CLOSE and low.load < most else None
    return _between(low, high) if high.load >= low.load * CLOSE else None


def edges(tried: Sequence[Tried]) -> tuple[Tried | None, Tried | None]:
    """The highest good load, and the lowest above it that never was."""
    low = max((one for one in tried if one.good), key=lambda one: one.load, default=None)
    above = (one for one in tried if low is not None and one.load > low.load)
    return low, min(above, key=lambda one: one.load, default=None)


def found(tried: Sequence[Tried]) -> bool:
    """Whether the highest good load is the generator's limit; else it is "at least" that."""
    low, high = edges(tried)
    return low is not None and (high is not None or low.share * CLOSE >= AIM)


def _between(low: Tried, high: Tried) -> int | None:
    """Where the CPU should meet its aim, by a straight line; the middle where CPU was not the reason."""
    reach = (AIM - low.share) / (high.share - low.share) if high.share > max(AIM, low.share) else 0.5
    guess = low.load + reach * (high.load - low.load)
    chosen = round(min(max(guess, low.load * NUDGE), high.load / NUDGE))
    return chosen if low.load < chosen < high.load else None
