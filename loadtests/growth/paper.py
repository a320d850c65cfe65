"""On paper: what a million open streams would take, from the fitted laws, with the arithmetic shown.

Rule: pure. Nothing is invented: cores come from the law over the pace, memory from the law over the streams, and the
interval of each goes on into the result; what is assumed is a named number below. Neighbours: `laws`, `curves`, `page`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.growth.curves import CURVES, pairs
from loadtests.growth.laws import Law, fit
from loadtests.growth.model import Measured, Point
from loadtests.targets import Target

STREAMS: Final = 1_000_000
PACES: Final = (20.0, 1.0)  # events/s of each stream
FULL: Final = 0.7  # of a core: what a worker is given to do, so that its streams do not wait for each other
HOST_CORES, HOST_GIB = 32, 128  # an assumed host
HOST_MEMORY: Final = 0.8  # of it, for the servers
SPARE_FILES: Final = 32  # a worker's other descriptors
PORTS: Final = 28_232  # Linux gives 32768 to 60999 to outgoing connections, for each pair of addresses and server port
MOST_FILES: Final = 1_048_576  # of one process, where nobody has set another limit (fs.nr_open)
MIB: Final = 1024.0


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes at one pace. `half`: half the width of the interval, in the same unit."""

    pace: float
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
class Laws:
    """The two laws that it is worked out from."""

    pace: Law
    memory: Law


def laws_of(measured: Measured, target: str) -> Laws | None:
    """Those of this target; None when one of them could not be fitted."""
    pace, memory = (_law(measured, target, *what) for what in (("pace", "cores"), ("streams", "own_mib")))
    return Laws(pace, memory) if pace and memory else None


def needs(measured: Measured, target: Target, laws: Laws) -> Iterator[Need]:
    """For each pace."""
    steady = measured.size.steady
    base, each, each_half = memory_of(laws.memory)
    for pace in PACES:
        one, half = laws.pace.at(pace) / steady, laws.pace.within(pace) / steady
        fitting, slots = int(FULL / one), target.slots or STREAMS
        streams = max(1, min(fitting, slots))
        workers = math.ceil(STREAMS / streams)
        cores, gib = STREAMS * one, (STREAMS * each + workers * base) / MIB
        hosts = max(cores / (HOST_CORES * FULL), gib / (HOST_GIB * HOST_MEMORY))
        limit = "its core" if fitting <= slots else f"its {slots:,} places"
        yield Need(
            pace, cores, STREAMS * half, streams, limit, workers, gib, STREAMS * each_half / MIB, math.ceil(hosts)
        )


def pairs_of_addresses() -> int:
    """How many pairs of a proxy's address and a server's address and port so many connections need."""
    return math.ceil(STREAMS / PORTS)


def _law(measured: Measured, target: str, curve: str, field: str) -> Law | None:
    found = next(one for one in CURVES if one.name == curve)
    quantity = next(one for one in found.quantities if one.field == field)
    return fit(pairs(_of(measured.points, curve, target), quantity))


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
