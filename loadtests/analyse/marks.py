"""What marks a target's figures at one load: tokens that came several in a read, and a queue that grew.

Rule: over the good rounds, by the worst of them; a mark takes no figure away, it takes away what would rest on it: a
gap between tokens that is not known is compared with nothing and bears no verdict. Neighbours: `drive` counts both,
`caution` says them, panels, floors, `limits` and `claims` show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from loadtests.drive.result import MAX_EVENTS_PER_READ, DriveResult
from loadtests.plan import Level
from loadtests.records import Round

GAPS: Final = frozenset({"itl_p50", "itl_p99", "longest_gap"})
"""The figures that are made of gaps between tokens."""
ENDED: Final = 0.95  # of what was offered in the window; from there on it is where the window falls


@dataclass(frozen=True)
class Behind:
    """A target that ended fewer requests than came: how many a second in the round of the fewest and of the most, and
    how many were offered."""

    low: float
    high: float
    offered: float

    @property
    def words(self) -> str:
        """`118 to 136 of 206 a second`."""
        low, high = f"{self.low:,.0f}", f"{self.high:,.0f}"
        return f"{low if low == high else f'{low} to {high}'} of {self.offered:,.0f} a second"


def merged(rounds: Iterable[Round], target: str, level: Level) -> float | None:
    """The most events that one read held on average, where that is too many to know the gaps between them."""
    seen = [result.events_per_read or 0 for result in _drives(rounds, target, level)]
    return worst if (worst := max(seen, default=0)) > MAX_EVENTS_PER_READ else None


def unreliable(key: str, rounds: Iterable[Round], target: str, level: Level) -> str:
    """The mark of that figure; "" where it has none."""
    worst = merged(rounds, target, level) if key in GAPS else None
    return f"unreliable: {worst:.2f} events a read" if worst else ""


def behind(rounds: Iterable[Round], target: str, level: Level) -> Behind | None:
    """Whether the target fell behind an open loop; None where it kept up, or was asked in a closed one.

    Against what was offered in the window, as a rate of random arrivals does not bring its mean each time.
    """
    drives = [result for result in _drives(rounds, target, level) if result.requests.offered]
    shares = [result.throughput * result.seconds / result.requests.offered for result in drives]
    if level.rate is None or not shares or min(shares) >= ENDED:
        return None
    ended = [result.throughput for result in drives]
    return Behind(min(ended), max(ended), max(result.requests.offered / result.seconds for result in drives))


def _drives(rounds: Iterable[Round], target: str, level: Level) -> Iterator[DriveResult]:
    return (driven.result for done in rounds if done.target == target for driven in done.timed if driven.level == level)
