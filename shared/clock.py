"""Time, as an argument: whoever needs it is given a `Clock`, and tests give another.

Rule: nothing else in `shared/` reads a clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` gives seconds for durations, `utc` the aware time of day."""

    monotonic: Callable[[], float] = time.monotonic
    utc: Callable[[], datetime] = _utc
