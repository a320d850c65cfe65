"""On paper: what a million open streams would take, from measured points and fitted laws, with the arithmetic shown.

Rule: pure. Nothing is invented: cores of streams that begin and end come from the points over the streams themselves,
cores of streams that are only held open from the law over the pace, memory from the law over the streams; what is
assumed is a named number below. Neighbours: `laws`, `curves`, `million`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Final

from loadtests.growth.curves import CURVES, pairs
from loadtests.growth.laws import Law, fit
from loadtests.growth.model import Measured, Point
from loadtests.growth.valid import PACE
from loadtests.targets import Target

STREAMS: Final = 1_000_000
PACES: Final = (20.0, 1.0)  # events/s of each stream that is held open
FULL: Final = 0.7  # of a core: what a worker is given to do, so that its streams do not wait for each other
HOST_CORES, HOST_GIB = 32, 128  # an assumed host
HOST_MEMORY: Final = 0.8  # of it, for the servers
SPARE_FILES: Final = 32  # a worker's other descriptors
PORTS: Final = 28_232  # Linux gives 32768 to 60999 to outgoing connections, for each pair of addresses and server port
MOST_FILES: Final = 1_048_576  # of one process, where nobody has set another limit (fs.nr_open)
MIB: Final = 1024.0
TINY: Final = 1e-9  # of a stream: what rounding takes from a whole number
BEGUN: Final = f"begun again, {PACE:g} events/s"
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes in one way. `half`: half the width of the interval, of `Busy` half the distance of the rounds."""

    way: str
    each: float
    """Cores of one stream."""
    cores: float
    cores_half: float
    streams_each: int
    """Of one worker, and what limits it there."""
    limit: str
    workers: int
    gib: float
    gib_half: float
    hosts: int

    @property
    def descriptors(self) -> int:
        """Of all workers."""
        return STREAMS + SPARE_FILES * self.workers


@dataclass(frozen=True, slots=True)
class Busy:
    """How many streams that begin and end keep a core busy to `FULL`: the mean of the rounds, and what of each."""

    streams: float
    rounds: tuple[float, ...]
    below: tuple[float, float]
    above: tuple[float, float]
    """The measured (streams, cores) on either side, each the mean of its rounds."""


@dataclass(frozen=True, slots=True)
class Laws:
    """What it is worked out from."""

    busy: Busy
    pace: Law
    memory: Law


def laws_of(measured: Measured, target: str) -> Laws | None:
    """Those of this target; None when one of them could not be told."""
    pace, memory = (_law(measured, target, *what) for what in (("pace", "cores"), ("streams", "own_mib")))
    busy = busy_of(measured, target)
    return Laws(busy, pace, memory) if busy and pace and memory else None


def busy_of(measured: Measured, target: str) -> Busy | None:
    """Between two measured points, by a straight line; None where the core was not that busy in every round."""
    points = [p for p in _of(measured.points, "streams", target) if not p.reasons and p.cores is not None]
    rounds = [_between([(p.x, p.cores or 0.0) for p in points if p.round == n]) for n in range(measured.size.rounds)]
    found = [one for one in rounds if one is not None]
    means = [(x, fmean(p.cores or 0.0 for p in points if p.x == x)) for x in sorted({p.x for p in points})]
    middle = _between(means)
    if middle is None or len(found) < len(rounds):
        return None
    return Busy(middle[0], tuple(streams for streams, _, _ in found), *middle[1:])


def _between(line: Sequence[Pair]) -> tuple[float, Pair, Pair] | None:
    """Where these (streams, cores) first reach `FULL`, and the two of them on either side."""
    for below, above in pairwise(sorted(line)):
        if below[1] <= FULL < above[1]:
            way = (FULL - below[1]) / (above[1] - below[1])
            return below[0] + way * (above[0] - below[0]), below, above
    return None


def needs(measured: Measured, target: Target, laws: Laws) -> Iterator[Need]:
    """For streams that begin and end, and for those held open at each pace."""
    each = [FULL / one for one in laws.busy.rounds]
    yield _need(BEGUN, FULL / laws.busy.streams, (max(each) - min(each)) / 2, target, laws.memory)
    steady = measured.size.steady
    for pace in PACES:
        one, half = laws.pace.at(pace) / steady, laws.pace.within(pace) / steady
        yield _need(f"held open, {pace:g} events/s", one, half, target, laws.memory)


def _need(way: str, one: float, half: float, target: Target, memory: Law) -> Need:
    base, each, each_half = memory_of(memory)
    fitting, slots = int(FULL / one + TINY), target.slots or STREAMS
    streams = max(1, min(fitting, slots))
    workers = math.ceil(STREAMS / streams)
    cores, gib = STREAMS * one, (STREAMS * each + workers * base) / MIB
    hosts = max(cores / (HOST_CORES * FULL), gib / (HOST_GIB * HOST_MEMORY))
    return Need(
        way=way,
        each=one,
        cores=cores,
        cores_half=STREAMS * half,
        streams_each=streams,
        limit="its core" if fitting <= slots else f"its {slots:,} places",
        workers=workers,
        gib=gib,
        gib_half=STREAMS * each_half / MIB,
        hosts=math.ceil(hosts),
    )


def pairs_of_addresses() -> int:
    """How many pairs of a proxy's address and a server's address and port so many connections need."""
    return math.ceil(STREAMS / PORTS)


def _law(measured: Measured, target: str, curve: str, field: str) -> Law | None:
    found = next(one for one in CURVES if one.name == curve)
    quantity = next(one for one in found.quantities if one.field == field)
    law = fit(pairs(_of(measured.points, curve, target), quantity))
    return law if law and law.holds else None


def _of(points: Sequence[Point], curve: str, target: str) -> list[Point]:
    return [point for point in points if (point.curve, point.target) == (curve, target)]


def memory_of(law: Law) -> tuple[float, float, float]:
    """MiB of a worker without streams, of each stream, and half the width of the latter's interval.

    With a bend the steeper of the two slopes, which nobody will find too little.
    """
    if law.kind == "flat":
        return law.coefficients[0], 0.0, 0.0
    if law.kind == "power":  # its slope at one stream in a hundred of what was fitted would be a guess: the mean one
        each = law.at(1_000) - law.at(100)
        return max(law.at(100) - each / 9, 0.0), each / 900, (law.within(1_000) + law.within(100)) / 900
    slope = law.coefficients[1] + (max(law.coefficients[2], 0.0) if law.kind == "bend" else 0.0)
    half = law.half[1] + (law.half[2] if law.kind == "bend" and law.coefficients[2] > 0 else 0.0)
    return law.coefficients[0], slope, half
