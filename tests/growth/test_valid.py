"""Which points count: those that a deployment has places for, in a window that can have settled."""

from datetime import UTC, datetime

import pytest

from loadtests.growth import valid
from loadtests.growth.model import Measured, Point
from loadtests.growth.shapes import SHAPES, Place
from loadtests.growth.sizes import FULL, QUICK
from loadtests.measure.environment import Cores
from loadtests.targets import load_targets

GTHREAD = "flask-gthread"  # 1,000 places a worker


def measured(*points: Point) -> Measured:
    """These, and nothing else."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Measured(taken=now, machine="made up", pinning="nowhere", cores=2, size=FULL, points=points)


def streams(x: float, rate: float, *, settled: bool | None = None, target: str = GTHREAD) -> Point:
    """A point over open streams."""
    return Point(curve="streams", target=target, x=x, round=0, rate=rate, settled=settled, load_busy=0.1)


@pytest.mark.parametrize(
    ("target", "x", "told"), [(GTHREAD, 1_000, 1), (GTHREAD, 1_200, 0), ("flask-gevent", 1_200, 1)]
)
def test_more_streams_than_places_are_left_out(target: str, x: float, told: int) -> None:
    """A point with more streams than the deployment has places is not told, and named as left out."""
    made = measured(streams(x, 20 * x, target=target))
    assert len(valid.judged(made).points) == told
    assert len(valid.crowded(made)) == 1 - told


@pytest.mark.parametrize(
    ("point", "reasons"),
    [
        (streams(100, 1_990), ()),
        (streams(100, 1_990, settled=True), ()),
        (streams(1_000, 2_784), (valid.OVERLOADED,)),
        (streams(100, 1_990, settled=False), (valid.UNSETTLED,)),
        (Point(curve="pace", target=GTHREAD, x=5, round=0, rate=400, load_busy=0.1), (valid.OVERLOADED,)),
        (Point(curve="workers", target=GTHREAD, x=1, round=0, rate=4, load_busy=0.1), ()),
    ],
    ids=["held", "settled", "overloaded", "unsettled", "slow pace", "no streams"],
)
def test_what_cannot_have_settled_is_not_valid(point: Point, reasons: tuple[str, ...]) -> None:
    """Far fewer events than were asked for, or a load that had not settled, make a point not valid; once is enough."""
    once = valid.judged(measured(point))
    assert once.points[0].reasons == reasons
    assert valid.judged(once) == once


@pytest.mark.parametrize("curve", ["streams", "pace", "streaming workers"])
def test_nothing_is_played_without_room(curve: str) -> None:
    """A deployment with a place for one stream is not asked for twenty: no server is even started."""
    cores = Cores(server=(), generator=(), note="")
    place = Place(load_targets()["flask-sync"], 0, QUICK.model_copy(update={"workers": (1,)}), cores, ())
    assert list(SHAPES[curve](place)) == []
