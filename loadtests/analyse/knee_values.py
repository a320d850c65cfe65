"""What the searches for the knee found, as values: a part of a section's evidence in verdict.json.

Rule: as in `verdict`, nothing here computes. Neighbours: knees makes them, verdict holds them, report shows them.
"""

from __future__ import annotations

from typing import Literal

from loadtests.levels import Frozen


class LoadPoint(Frozen):
    """One load of a search, over its probes: figures are medians. `held`: of `probes`, how many met the objective."""

    load: float
    probes: int
    held: int
    throughput: float
    goodput: float
    latency_p99_ms: float
    ttft_p99_ms: float | None
    itl_p99_ms: float | None
    errors: int
    why: str


class Knee(Frozen):
    """The most that a target holds within the objective: it held at `low` every time, and not at `high`.

    `high` None: it was never seen to fail; `limit` says what ended the search (the server, the generator, the highest
    load of the plan). `low` None: it held nowhere. `short`: what the ends lack, for want of time; "" for nothing.
    """

    target: str
    low: float | None
    high: float | None
    limit: Literal["server", "generator", "plan", "unfinished"]
    short: str = ""
    points: tuple[LoadPoint, ...]


class Knees(Frozen):
    """A scenario's searches: one for each target."""

    scenario: str
    unit: str
    slo: str
    cells: tuple[Knee, ...]
