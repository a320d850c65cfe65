"""The search for the knee, rehearsed on made-up servers whose knee is known: `python -m tests.statistics.knee`.

Rule: pure and seeded, no load; an edge of 5% is a server that fails half of the time at its knee, and a quarter of
the time at a load 5% below it. The table that this prints is the one in docs/decisions/0012-the-knee.md, and a test
holds the two together. Neighbours: `loadtests.knee.steps` has the rules that are rehearsed.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from statistics import mean, median
from typing import Final, NamedTuple

from loadtests.knee.steps import FAR, MOST_PROBES, NEAR, Answer, End, Next, after, bracket, tallies

EDGES: Final = (0.0, 0.02, 0.05, 0.10)
SEARCHES: Final = 300
FIRST, MOST = 50.0, 20_000.0
GUESS: Final = 0.25  # how far a start near the knee is from it: the standard deviation of the ratio's logarithm


class Rehearsed(NamedTuple):
    """One search on a server of this knee: its probes, its end, its ends, and the lower one before the repeats."""

    knee: float
    probes: int
    end: End
    low: float | None
    high: float | None
    hasty: float | None


def fails(load: float, knee: float, edge: float) -> float:
    """How often a probe of this load fails: a logistic step as wide as the edge, on a logarithmic scale."""
    return 1 / (1 + math.exp(-math.log(load / knee) / edge)) if edge else float(load > knee)


def rehearse(edge: float, seed: int, *, near: bool = False) -> Rehearsed:
    """One search, from the usual first load or from a guess at the knee."""
    chance = random.Random(seed)
    knee = math.exp(chance.uniform(math.log(200), math.log(8_000)))
    guess = round(knee * math.exp(random.Random(f"guess {seed}").gauss(0, GUESS)))
    first, stride = (guess, NEAR) if near else (FIRST, FAR)
    answers: list[Answer] = []
    hasty = None
    while isinstance(step := after(answers, first, MOST, stride), Next):
        if step.edge and hasty is None:
            hasty = _low(answers)
        answers.append(Answer(step.load, chance.random() >= fails(step.load, knee, edge)))
    failed = bracket(tallies(answers)).failed
    return Rehearsed(knee, len(answers), step, _low(answers), failed.load if failed else None, hasty)


def table(searches: int = SEARCHES) -> Iterator[str]:
    """The rows, as Markdown."""
    names = (
        "edge",
        "probes, mean (most)",
        "from near the knee",
        "too much promised, without repeats",
        "with",
        "knee inside",
        "high over low",
    )
    yield f"| {' | '.join(names)} |"
    yield "|---|---|---|---|---|---|---|"
    for edge in EDGES:
        found = [rehearse(edge, seed) for seed in range(searches)]
        close = [rehearse(edge, seed, near=True) for seed in range(searches)]
        wide = [r.high / r.low for r in found if r.low and r.high]
        columns = (
            f"{edge:.0%}",
            _probes(found),
            _probes(close),
            f"{mean((r.hasty or 0) > r.knee for r in found):.0%}",
            f"{mean((r.low or 0) > r.knee for r in found):.0%}",
            f"{mean((r.low or 0) <= r.knee < (r.high or math.inf) for r in found):.0%}",
            f"{median(wide):.2f}",
        )
        yield f"| {' | '.join(columns)} |"


def _probes(found: list[Rehearsed]) -> str:
    return f"{mean(r.probes for r in found):.1f} ({max(r.probes for r in found)})"


def _low(answers: list[Answer]) -> float | None:
    low = bracket(tallies(answers)).low
    return low.load if low else None


if __name__ == "__main__":
    sys.stdout.write(f"{SEARCHES} searches a row, at most {MOST_PROBES} probes each\n\n" + "\n".join(table()) + "\n")
