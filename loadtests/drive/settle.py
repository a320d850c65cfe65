"""When a load has warmed up: its throughput and its latency have stopped changing.

Rule: pure. The load is looked at in short slices; it has settled when the last stretch of slices agrees with the one
before it, in work done per second and in mean latency. They agree when they differ by no more than `TOLERANCE` and
what chance alone gives: `SIGMAS` standard deviations of a Poisson count, or of a difference of means. So a ramp is
seen at a high rate after a second, while a few requests a second need longer stretches: where chance could make more
than `PRECISE` of the difference, nothing is said. Latency is compared where both know enough of it: once all streams
have begun, only their tokens are left to look at. A slice is a fiftieth of the longest warm-up, so whoever allows for a
slower start gets a longer look. Neighbours: `recorder` counts a slice, `opening` takes them and opens the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from operator import add, sub
from typing import Final, NamedTuple

SLICES: Final = 50  # of the longest warm-up
STRETCH: Final = 6  # slices at least: with 5 s, two of them outlast a server that is slow, evenly, for a second
ENOUGH: Final = 5
PRECISE: Final = 0.15  # of what was done: more than this by chance alone, and a stretch is too short to agree with
TOLERANCE: Final = 0.05
SIGMAS: Final = 2.0


class Slice(NamedTuple):
    """What was seen in some seconds.

    `work` is answers, or token events as they are read; so many `latencies` became known, with this sum and sum of
    squares (s, s²): of answers, or for streams the time to the first token.
    """

    seconds: float
    work: int
    latencies: int
    total: float
    squares: float

    def __add__(self, other: Slice) -> Slice:  # type: ignore[override]  # no longer tuple: sums, field by field
        """What was seen in both."""
        return Slice(*map(add, self, other))

    def __sub__(self, other: Slice) -> Slice:
        """What came between two running sums."""
        return Slice(*map(sub, self, other))

    @property
    def rate(self) -> float:
        """Work per second."""
        return self.work / self.seconds

    @property
    def mean(self) -> float:
        """Mean latency in seconds."""
        return self.total / self.latencies

    @property
    def error(self) -> float:
        """The squared standard error of that mean."""
        return max(self.squares / self.latencies - self.mean**2, 0.0) / (self.latencies - 1)


def settled(slices: Sequence[Slice]) -> bool:
    """Whether the last two stretches agree: the shortest two that hold enough to be compared."""
    sums = [Slice(0.0, 0, 0, 0.0, 0.0), *accumulate(slices)]
    for length in range(STRETCH, len(slices) // 2 + 1):
        earlier, later = sums[-1 - length] - sums[-1 - 2 * length], sums[-1] - sums[-1 - length]
        if by_chance(earlier, later) <= PRECISE * (earlier.rate + later.rate) / 2:
            return bool(earlier.work) and agree(earlier, later)
    return False


def agree(earlier: Slice, later: Slice) -> bool:
    """Whether throughput and, where it is known, mean latency are the same but for chance."""
    if not _close(earlier.rate, later.rate, by_chance(earlier, later)):
        return False
    if min(earlier.latencies, later.latencies) < ENOUGH:
        return True
    return _close(earlier.mean, later.mean, sqrt(earlier.error + later.error))


def by_chance(earlier: Slice, later: Slice) -> float:
    """One standard deviation of the difference of two rates that are the same, from the counts themselves."""
    return sqrt(earlier.work / earlier.seconds**2 + later.work / later.seconds**2)


def _close(one: float, other: float, chance: float) -> bool:
    return abs(one - other) <= TOLERANCE * (one + other) / 2 + SIGMAS * chance
