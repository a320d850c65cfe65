"""Made-up spectra, worst streams and searches for a made-up verdict: invented, none was measured.

Rule: pure functions of a target's name and speed: the same arguments give the same values. Neighbour: `sample_verdict`.
"""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Literal

from loadtests.analyse.knee_values import Knee, Knees, LoadPoint
from loadtests.analyse.verdict import Spectrum, StreamLine
from loadtests.plan import Level
from tests.unit.loadtests.sample_run import SPEED

Limit = Literal["server", "generator", "plan", "unfinished"]
_PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99)
# figure -> title, ms of the fastest, ms that the tail adds
_FIGURES = {
    "ttft": ("Time to first token", 51.0, 9.0),
    "itl": ("Gap between tokens", 50.2, 3.0),
    "latency": ("Latency", 12.0, 14.0),
    "latency_intended": ("Latency from the intended time", 12.5, 60.0),
}
# target -> the load at which it bends in a search, and what ended the search
_BENDS: dict[str, tuple[float, Limit]] = {
    "fastapi-uvicorn": (840.0, "server"),
    "flask-gthread": (512.0, "server"),
    "flask-gevent": (2000.0, "generator"),
}


def spectra(scenario: str, level: Level, target: str) -> tuple[Spectrum, ...]:
    """TTFT and ITL of streams, else latency, in an open loop both latencies."""
    latencies = ("latency", "latency_intended") if level.rate else ("latency",)
    return tuple(_spectrum(kind, level, target) for kind in (("ttft", "itl") if scenario == "stream" else latencies))


def _spectrum(kind: str, level: Level, target: str) -> Spectrum:
    title, base, tail = _FIGURES[kind]
    known = _PERCENTILES[:-1] if target == "flask-gthread" else _PERCENTILES  # one has too few values for its last
    slow = tail / SPEED.get(target, 1.0)
    points = [(p, round(base + slow * (-math.log10(1 - min(p, 99.995) / 100)) ** 1.7, 3)) for p in (*known, 100.0)]
    return Spectrum(figure=kind, title=title, level=level, target=target, count=81_234, points=tuple(points))


def worst(target: str, level: Level) -> StreamLine:
    """Thirty tokens with a stall somewhere."""
    chance = random.Random(target)
    speed = SPEED.get(target, 1.0)
    gaps = [50 + chance.random() * 3 for _ in range(29)]
    gaps[chance.randrange(5, 25)] += 180 / speed
    times = [52.0 / speed]
    for each in gaps:
        times.append(round(times[-1] + each, 2))
    longest = max(after - before for before, after in pairwise(times))
    return StreamLine(target=target, round=17, level=level, longest_gap_ms=round(longest, 2), tokens_ms=tuple(times))


def knees(scenario: str, names: tuple[str, ...]) -> Knees:
    """One target that bends, one that bends sooner, one that the generator could not drive hard enough."""
    stream = scenario == "stream"
    slo = "ttft_p99=200ms,itl_p99=75ms,errors=0" if stream else "latency_p99=100ms,errors=0"
    cells = tuple(_knee(name, stream=stream) for name in names)
    return Knees(scenario=scenario, unit="users" if stream else "requests/s", slo=slo, cells=cells)


def _knee(target: str, *, stream: bool) -> Knee:
    bend, limit = _BENDS.get(target, (700.0, "plan"))
    fails = bend if limit == "server" else math.inf
    loads = sorted({32.0, 64.0, 128.0, 256.0, 512.0, bend, *([bend * 1.09] if limit == "server" else [])})
    points = tuple(_point(load, bend, fails, stream=stream) for load in loads if load <= bend * 1.1)
    held = [point.load for point in points if point.held == point.probes]
    failed = [point.load for point in points if point.held < point.probes]
    return Knee(target=target, low=max(held), high=min(failed, default=None), limit=limit, points=points)


def _point(load: float, bend: float, fails: float, *, stream: bool) -> LoadPoint:
    over = load > fails
    tail = 54 * (1 + (load / bend) ** 4 * 0.6) * (2.4 if over else 1)
    probes = 3 if load > 0.9 * bend else 1
    served = load * (0.33 if stream else 1)
    return LoadPoint(
        load=load,
        probes=probes,
        held=0 if over else probes,
        throughput=served,
        goodput=served * (0.55 if over else 1),
        latency_p99_ms=tail * (30 if stream else 1),
        ttft_p99_ms=tail if stream else None,
        itl_p99_ms=50 + tail / 15 if stream else None,
        errors=0,
        why="TTFT p99 was over 200 ms" if over else "",
    )
