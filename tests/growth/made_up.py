"""A whole measurement whose laws are known, for the tests of what is made of one. Neighbours: `test_growth`."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from loadtests.growth.model import Measured, Point
from loadtests.growth.sizes import FULL

LATE = "the generator's hub was late by over 2 ms at p99"


def measured(noise: float = 0.01) -> Measured:
    """Of every curve, with this share of noise; one point is not valid, and far off."""
    chance = random.Random(7)
    points = [*_points(lambda value: value * (1 + chance.gauss(0, noise))), _late()]
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Measured(taken=now, machine="made up", pinning="nowhere", cores=2, size=FULL, points=tuple(points))


def _late() -> Point:
    return Point(
        curve="streams",
        target=FULL.targets[0],
        x=1_200,
        round=2,
        cores=99.0,
        own_mib=9_999.0,
        load_busy=0.5,
        reasons=(LATE,),
    )


def _points(about: Callable[[float], float]) -> Iterator[Point]:
    """Memory 40 + 0.05 a stream; cores a line that bends at one core's worth; the pace 0.01 + 0.01 an event."""
    for number in range(FULL.rounds):
        for target in FULL.targets:
            for x in FULL.streams:
                cores, memory = about(0.02 + 0.0014 * min(x, 700)), about(40 + 0.05 * x)
                yield Point(
                    curve="streams",
                    target=target,
                    x=x,
                    round=number,
                    rate=about(20.0 * x),
                    cores=cores,
                    ttft_ms=about(52.0),
                    own_mib=memory,
                    load_busy=0.2,
                )
            for pace in FULL.pace:
                cores = about(0.01 + 0.01 * pace)
                yield Point(curve="pace", target=target, x=pace, round=number, cores=cores, load_busy=0.1)
            for x in FULL.length:
                cost = about(300 * x**0.1)
                yield Point(curve="length", target=target, x=x, round=number, cost_us=cost, load_busy=0.1)
