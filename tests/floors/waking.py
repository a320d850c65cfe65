"""What a request costs a floor, by how busy the server is: an event loop with room wakes up for each request anew.

Rule: counts only. Requests answered and CPU-seconds of the server are exact however late the generator is, so a closed
loop that saturates it can be counted, though it could not be timed. Loads are interleaved; a figure is a median.
Neighbours: `page` writes it down, `loadtests.analyse.floors` has the figure that this is about.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from loadtests import serve
from loadtests.bench import STOP_SECONDS, cpus
from loadtests.drive import DriveSpec, drive
from loadtests.levels import Frozen, Level
from loadtests.measure import Meter, use
from loadtests.measure.environment import choose_cores
from loadtests.scenarios import NO_LATENCY
from loadtests.targets import load_targets, pick

PASSES: Final = 3
SECONDS: Final = 2.0
CLOSED: Final = Level(users=32, seconds=SECONDS, warmup=1.0)
LOADS: Final = {
    "floor-asgi-uvicorn": (*(Level(rate=rate, seconds=SECONDS, warmup=1.0) for rate in (1_000, 3_000, 5_500)), CLOSED),
    "floor-wsgi-gevent": (*(Level(rate=rate, seconds=SECONDS, warmup=1.0) for rate in (1_000, 3_000)), CLOSED),
}


class Cost(Frozen):
    """A load of one floor: requests/s answered, the server's CPU a request in microseconds, cores that server took."""

    floor: str
    load: str
    closed: bool
    per_second: float
    cpu_us: float
    cores: float


class Costs(Frozen):
    """docs/results/floors.json."""

    measured_at: str
    machine: str
    costs: tuple[Cost, ...]

    def idle(self, floor: str) -> float:
        """How many times as much CPU a request took at the highest rate as in the closed loop."""
        mine = [cost for cost in self.costs if cost.floor == floor]
        return [cost.cpu_us for cost in mine if not cost.closed][-1] / next(c.cpu_us for c in mine if c.closed)


class Seen(NamedTuple):
    """One drive."""

    per_second: float
    cpu_us: float
    cores: float


Play = Callable[[str, Level], Seen]


def measured(play: Play, passes: int = PASSES) -> Costs:
    """All loads, in so many passes."""
    every = [(floor, level) for floor, levels in LOADS.items() for level in levels]
    seen: dict[tuple[str, Level], list[Seen]] = {}
    for number in range(passes):
        for floor, level in every[:: -1 if number % 2 else 1]:
            seen.setdefault((floor, level), []).append(play(floor, level))
    return Costs(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        machine=f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {choose_cores().note}",
        costs=tuple(_cost(floor, level, seen[floor, level]) for floor, level in every),
    )


def play(floor: str, level: Level) -> Seen:
    """One load of a fresh server."""
    cores, (target,) = choose_cores(), pick(load_targets(), (floor,))
    with (
        TemporaryDirectory(prefix="parity-floors-") as folder,
        serve.running(
            target,
            log=Path(folder, "log"),
            settings=NO_LATENCY,
            cpus=cpus(cores.server),
            stop_timeout=STOP_SECONDS,
        ) as server,
    ):
        spec = DriveSpec(
            scenario="chat",
            url=server.url,
            key=server.key,
            users=level.users,
            rate=level.rate,
            arrivals=level.arrivals,
            seconds=level.seconds,
            warmup=level.warmup,
            cpus=cpus(cores.generator),
        )
        with Meter(server.processes) as meter:
            result = drive(spec)
    cost = use(meter.samples, result.started_at, result.started_at + result.seconds)
    assert cost is not None, "the meter ran for longer than the window"
    return Seen(result.throughput, 1e6 * cost.cpu_seconds / (result.throughput * cost.seconds), cost.cores)


def _cost(floor: str, level: Level, seen: list[Seen]) -> Cost:
    middles: Iterator[float] = (median(values) for values in zip(*seen, strict=True))
    per_second, cpu_us, cores = (round(value, 3) for value in middles)
    closed = level.users is not None
    return Cost(floor=floor, load=level.label, closed=closed, per_second=per_second, cpu_us=cpu_us, cores=cores)
