"""Time, as an argument: whoever needs it is given a `Clock`, and tests give another.

Rule: what an answer depends on reads its time here, or from an argument; only the log has its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` gives seconds for durations, `wall` the seconds since the epoch."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    def utc(self) -> datetime:
        """The aware time of day."""
        return datetime.fromtimestamp(self.wall(), UTC)
