"""When an open loop's requests are due: a schedule fixed by its seed, blind to how the server is doing.

Rule: pure; times are seconds from the start of the load, without end. The same seed gives the same arrivals
on every machine and over any number of generator processes. Neighbours: `generator` spawns one greenlet for each
arrival; `drive` names the kinds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import count, islice
from typing import Final, Literal, NamedTuple

Arrivals = Literal["constant", "poisson"]


class Part(NamedTuple):
    """One of several processes that share a schedule: the `number`-th (from 0) of `of`."""

    number: int = 0
    of: int = 1


WHOLE: Final = Part()


def share(kind: Arrivals, rate: float, seed: int, part: Part = WHOLE) -> Iterator[float]:
    """This part's arrivals of a schedule: the parts together are the very arrivals of one process."""
    return islice(schedule(kind, rate, seed), part.number, None, part.of)


def schedule(kind: Arrivals, rate: float, seed: int) -> Iterator[float]:
    """Arrival times at `rate` a second: evenly spaced, or with exponential gaps (a Poisson process)."""
    return _KINDS[kind](rate, seed)


def _constant(rate: float, _seed: int) -> Iterator[float]:
    return (number / rate for number in count())


def _poisson(rate: float, seed: int) -> Iterator[float]:
    chance = random.Random(seed)  # noqa: S311 - a schedule to be repeated, not a secret
    due = 0.0
    while True:
        due += chance.expovariate(rate)
        yield due


_KINDS: Final[Mapping[Arrivals, Callable[[float, int], Iterator[float]]]] = {
    "constant": _constant,
    "poisson": _poisson,
}
