"""What grows with what: the curves, and of each the quantities that are drawn, fitted and told.

Rule: a table; the page, the plots and the laws walk over it. Neighbours: `shapes` measures a curve of each name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.growth.model import Point


@dataclass(frozen=True, slots=True)
class Quantity:
    """A field of a point: its name, what it is called, its unit, its decimals, and from where it only says "full"."""

    field: str
    title: str
    unit: str
    decimals: int = 0
    full: float | None = None

    def of(self, point: Point) -> float | None:
        """Its value there, if it was measured."""
        value: float | None = getattr(point, self.field)
        return value


@dataclass(frozen=True, slots=True)
class Curve:
    """What is varied: its name, its title, what x is, what is watched, and how it was played."""

    name: str
    title: str
    x: str
    quantities: tuple[Quantity, ...]
    how: str


EVENTS: Final = Quantity("rate", "throughput", "events/s")
ANSWERS: Final = Quantity("rate", "throughput", "requests/s")
CORES: Final = Quantity("cores", "CPU", "cores", 3)
CORE: Final = Quantity("cores", "CPU", "cores", 3, full=0.95)  # one worker cannot be busier than its core
REQUEST: Final = Quantity("cost_us", "CPU of a request", "us")
EVENT: Final = Quantity("cost_us", "CPU of an event", "us", 1)
TTFT: Final = Quantity("ttft_ms", "TTFT p99", "ms", 1)
RSS: Final = Quantity("rss_mib", "RSS", "MiB", 1)
OWN: Final = Quantity("own_mib", "memory of its own (USS)", "MiB", 1)

CURVES: Final = (
    Curve(
        "streams",
        "Open streams",
        "open streams",
        (EVENTS, TTFT, CORE, OWN),
        "The scenario `stream` in a closed loop by the calibrated generator: so many streams at 20 events/s each, "
        "begun again when they end, on one server, the fewest first, because memory does not come back. CPU has a law "
        "only until the core is full (95%).",
    ),
    Curve(
        "pace",
        "Events a second of each stream",
        "events/s of a stream",
        (CORES, EVENT),
        "{steady} streams that neither begin nor end in the window, at one pace after another: what a stream costs "
        "that only waits, and what an event costs.",
    ),
    Curve(
        "workers",
        "Workers",
        "workers",
        (ANSWERS, REQUEST, OWN),
        "`POST /chat` as fast as answers come, 32 connections; all workers on one core, and on all cores there are, "
        "which the load then shares.",
    ),
    Curve(
        "streaming workers",
        "Workers, with streams",
        "workers",
        (EVENTS, TTFT, CORES, OWN),
        "{fixed} streams at 20 events/s by the calibrated generator, all workers on one core.",
    ),
    Curve(
        "length",
        "Length of the message",
        "characters",
        (ANSWERS, REQUEST, TTFT, OWN),
        "`POST /chat` with a message of so many characters as fast as answers come, 16 connections; TTFT of streams "
        "one after the other, with no model latency. One server, the shortest first: memory does not come back.",
    ),
    Curve(
        "history",
        "Length of the history",
        "messages before",
        (ANSWERS, REQUEST, TTFT, OWN),
        "The same in sessions that already have so many messages, the most that the model is given "
        "(`SESSION_MAX_MESSAGES`), in either store; a fresh server for each length.",
    ),
)


def series(points: Sequence[Point], curve: Curve) -> Iterator[tuple[str, tuple[Point, ...]]]:
    """The curve's lines: a name for each target and variant, and all of its points."""
    mine = [point for point in points if point.curve == curve.name]
    for target, variant in sorted({(point.target, point.variant) for point in mine}):
        name = f"{target}, {variant}" if variant else target
        yield name, tuple(p for p in mine if (p.target, p.variant) == (target, variant))


def pairs(points: Sequence[Point], quantity: Quantity) -> tuple[tuple[float, float], ...]:
    """What can be fitted: the valid points that have it, and are not full."""
    most = math.inf if quantity.full is None else quantity.full
    return tuple(
        (p.x, value) for p in points if not p.reasons and (value := quantity.of(p)) is not None and value < most
    )
