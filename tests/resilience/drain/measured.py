"""What is measured of a drain, and what was promised to whom: the table that judges.

Rule: a group of clients is named by what it may expect. Neighbours: `stopping` and `killing` (fill these), `page`
(shows them).
"""

from collections.abc import Mapping

from tests.resilience.drain import client as seen
from tests.resilience.part import Frozen, Measured

SHORT, LONG = "streams that can finish", "streams that cannot"
SHORT_CHAT, LONG_CHAT = "turns that can finish", "turns that cannot"
QUEUED, NEW = "waiting for a place", "sent after the signal"

GROUPS: Mapping[str, frozenset[str]] = {
    SHORT: frozenset({seen.END}),
    LONG: frozenset({seen.ERROR}),
    SHORT_CHAT: frozenset({seen.ANSWERED}),
    LONG_CHAT: frozenset({seen.UNAVAILABLE}),
    QUEUED: frozenset({seen.UNAVAILABLE, seen.REFUSED}),
    # what was sent before the signal has gone all the way is work like any other; what the kernel has accepted for a
    # server that closes is reset, unread, and no application can know of it
    NEW: frozenset({seen.UNAVAILABLE, seen.REFUSED, seen.ANSWERED, seen.LOST}),
}
"""Who there is, and what may become of it on SIGTERM."""


class Stopped(Frozen):
    """One server that was stopped. `gone`: seconds until no process was left (None: still there long after)."""

    target: str
    workers: int
    stop: str
    outcomes: Mapping[str, Mapping[str, int]]
    gone: float | None
    limit: float
    code: int | None
    broken: tuple[str, ...]


class Killed(Frozen):
    """A server of several workers that lost one. `hit`: what became of its turns; `spared`: of all others'.

    `replaced`: seconds until another had started in its place.
    """

    target: str
    hit: Mapping[str, int]
    spared: Mapping[str, int]
    replaced: float
    broken: tuple[str, ...]


class DrainMeasured(Measured):
    """Everything that was stopped and killed."""

    stopped: tuple[Stopped, ...]
    killed: tuple[Killed, ...]
