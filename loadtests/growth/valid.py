"""Which points count: what a server has no places for is left out, and what cannot have settled is not valid.

Rule: pure, and told from what is stored, so it holds of a measurement that was made before it. Neighbours: `model` has
the points, `shapes` plays nothing that there is no room for, `page`, `plot` and `paper` go on with what is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from loadtests.growth.model import Measured, Point, Size
from loadtests.targets import Target, load_targets

PACE: Final = 20.0  # events/s that the scenario `stream` asks of each stream, for about 1.5 s
HELD: Final = 0.5  # of these: at half of its pace a stream fills the whole window of 3 s, and none has settled in it
AMPLE: Final = 0.9  # of these: with less its server is full, which a closed loop waits for
OVERLOADED: Final = f"overloaded: under {HELD:.0%} of the events that it was asked for, so nothing can have settled"
UNSETTLED: Final = "throughput or latency still changed when the window began"

OPEN: Final[Mapping[str, Callable[[Size, Point], float]]] = {
    "streams": lambda _, point: point.x,
    "pace": lambda size, _: size.steady,
    "streaming workers": lambda size, _: size.fixed,
}


def has_room(target: Target, streams: float) -> bool:
    """Whether it has a place for each."""
    return target.slots is None or streams <= target.slots


def judged(measured: Measured) -> Measured:
    """The same with only the points that there was room for, and every reason that can be told."""
    targets = load_targets()
    points = tuple(_judged(measured.size, p) for p in measured.points if not _crowded(targets, measured.size, p))
    return measured.model_copy(update={"points": points})


def crowded(measured: Measured) -> tuple[Point, ...]:
    """The points that `judged` leaves out."""
    targets = load_targets()
    return tuple(point for point in measured.points if _crowded(targets, measured.size, point))


def share(size: Size, point: Point) -> float | None:
    """What was given of the events that were asked for; None where no streams were open or nothing was measured."""
    if point.curve not in OPEN or point.rate is None:
        return None
    return point.rate / (OPEN[point.curve](size, point) * (point.x if point.curve == "pace" else PACE))


def _crowded(targets: Mapping[str, Target], size: Size, point: Point) -> bool:
    target = targets.get(point.target)
    if target is None or target.slots is None or point.curve not in OPEN:
        return False
    workers = point.x / target.workers if point.curve == "streaming workers" else 1.0
    return OPEN[point.curve](size, point) > target.slots * workers


def _judged(size: Size, point: Point) -> Point:
    return point.model_copy(update={"reasons": tuple(dict.fromkeys((*point.reasons, *_reasons(size, point))))})


def _reasons(size: Size, point: Point) -> Iterator[str]:
    given = share(size, point)
    if given is not None and given < HELD:
        yield OVERLOADED
    if point.settled is False:
        yield UNSETTLED
