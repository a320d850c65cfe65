"""Plays every curve on every target, in rounds, in random order.

Rule: what a curve could not play is a point's reason or a `UserError` that ends it all; no server is left. Neighbours:
`shapes` plays one, `__main__` stores what comes of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

from loadtests.descriptors import open_files
from loadtests.growth.model import Measured, Point, Size
from loadtests.growth.shapes import SHAPES, Place
from loadtests.measure import environment
from loadtests.pinning import kept_to
from loadtests.targets import load_targets, pick


def play(size: Size, tell: Callable[[str], object], only: tuple[str, ...] = ()) -> Measured:
    """All of it, in `size.minutes` or so; `only` these curves."""
    taken = environment.take(datetime.now(UTC).replace(microsecond=0))
    every = environment.available_cores()
    cores, chance, points = environment.choose_cores(), random.Random(size.seed), list[Point]()  # noqa: S311 - an order
    with open_files(), kept_to(cores.generator):
        for number in range(size.rounds):
            todo = list(product(only or SHAPES, pick(load_targets(), size.targets)))
            for curve, target in chance.sample(todo, len(todo)):
                found = tuple(SHAPES[curve](Place(target, number, size, cores, every)))
                points += found
                bad = sum(bool(point.reasons) for point in found)
                told = f", {bad} not valid" if bad else ""
                tell(f"round {number + 1} of {size.rounds}: {curve} on {target.name}: {len(found)} points{told}")
    return Measured(
        taken=datetime.fromisoformat(taken.started.removesuffix(" UTC")).replace(tzinfo=UTC),
        machine=f"{taken.cpu}, {taken.cores} cores, {taken.kernel}, {taken.python}, commit {taken.commit[:12]}",
        pinning=cores.note,
        cores=taken.cores,
        size=size,
        points=tuple(points),
    )
