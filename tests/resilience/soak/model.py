"""What a soak leaves: looks at each server from outside, what its clients did, and whether it stayed flat.

Rule: frozen; flatness is worked out from the looks alone, so a stored soak can be judged again. Neighbours: `watch`
(makes the looks), `users` (counts), `page` and `plot` (show).
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import quantiles
from typing import Final

from tests.resilience.part import Frozen, Measured

WARMUP: Final = 1 / 6  # of the whole time: pools fill, caches and threads reach the number that the load needs


class Look(Frozen):
    """One look at a server's whole tree: seconds since the load began, RSS and its own, threads, descriptors."""

    at: float
    rss_mib: float
    threads: int
    descriptors: int


class Growth(Frozen):
    """A quantity after the warm-up: its lower quartile in the first and the last third, and what it may have grown by.

    The lower quartile, since a leak lifts the floor, and a fault that sends 10 MB lifts the ceiling for a while.
    """

    name: str
    first: float
    last: float
    allowed: float

    @property
    def flat(self) -> bool:
        """Whether it stayed where it was."""
        return self.last - self.first <= self.allowed


class Soak(Frozen):
    """One server's half hour."""

    target: str
    seconds: float
    looks: tuple[Look, ...]
    done: Mapping[str, int]
    answers: Mapping[str, int]
    upstream: Mapping[str, int]
    broken: tuple[str, ...]

    @property
    def settled(self) -> tuple[Look, ...]:
        """The looks after the warm-up."""
        return tuple(look for look in self.looks if look.at >= WARMUP * self.seconds)

    def growths(self) -> tuple[Growth, ...]:
        """What each quantity did after the warm-up."""
        return tuple(_growth(name, [value(look) for look in self.settled], slack) for name, value, slack in QUANTITIES)


class Soaked(Measured):
    """All servers', at the same time on the same machine."""

    soaks: tuple[Soak, ...]


# What may change without being a leak: RSS by the 10 MB that a fault lets through at the moment of a look and what an
# allocator keeps of it, threads and descriptors by the requests that happen to be open.
QUANTITIES: Final[tuple[tuple[str, Callable[[Look], float], Callable[[float], float]], ...]] = (
    ("RSS, MiB", lambda look: look.rss_mib, lambda value: 0.05 * value),
    ("threads", lambda look: look.threads, lambda _: 2.0),
    ("descriptors", lambda look: look.descriptors, lambda _: 4.0),
)


def _growth(name: str, values: Sequence[float], slack: Callable[[float], float]) -> Growth:
    third = max(1, len(values) // 3)
    first, last = _floor(values[:third]), _floor(values[-third:])
    return Growth(name=name, first=first, last=last, allowed=slack(first))


def _floor(values: Sequence[float]) -> float:
    return quantiles(values, n=4)[0] if len(values) > 1 else values[0]
