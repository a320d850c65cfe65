"""What a probe costs, and how the time of a run is shared among its searches.

Rule: pure; every search has time for as many probes as the others, so one of streams, which are long, has more
seconds. Neighbours: compare.course asks, `knee` begins no probe that would end too late.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.levels import DRIVE_SECONDS
from loadtests.plan import PlannedKnee
from loadtests.planned import SERVER_SECONDS, TAIL_SECONDS


def cost(planned: PlannedKnee) -> float:
    """Seconds that one probe takes at most, the answers that are under way at its end included."""
    return planned.warmup + planned.seconds + DRIVE_SECONDS + TAIL_SECONDS.get(planned.scenario, 0)


def share(seconds: float, left: Sequence[PlannedKnee]) -> float:
    """The part of so many seconds that the first of the searches that are left may take."""
    each = [cost(planned) + SERVER_SECONDS for planned in left]
    return max(0.0, seconds) * each[0] / sum(each)
