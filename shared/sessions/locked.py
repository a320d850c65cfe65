"""A store that another writer holds for a moment: how that is told, and how long to pause before the next try.

Rule: who raises `Locked` has stored nothing, so the whole call can be made again. Neighbours: `sqlite` (waits in
place), `threaded` (waits on the event loop).
"""

from collections.abc import Iterator

from shared.errors import StoreUnavailable

DEADLINE = 5.0
"""Seconds that a call waits for another's lock before it gives up."""


class Locked(StoreUnavailable):
    """Nothing was done, because of somebody else; the same call may succeed in a moment."""


def pauses() -> Iterator[float]:
    """Seconds to wait between tries, without end: short at first, growing."""
    pause = 0.0002
    while True:
        yield pause
        pause = min(pause * 2, 0.05)
