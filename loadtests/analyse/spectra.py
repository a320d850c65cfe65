"""Whole distributions: what each target's good rounds recorded at a level, pooled, at percentiles up to the largest.

Rule: histograms are added, never averaged; a percentile with fewer than ten values beyond it is left out, the largest
value is always given. Neighbours: drive.histogram adds and reads, report overlays the targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from loadtests.analyse.figures import timed_at
from loadtests.analyse.verdict import Spectrum
from loadtests.drive.histogram import merged, quantiles, spectrum
from loadtests.plan import Level
from loadtests.records import Round
from loadtests.results import Run
from loadtests.scenarios import find

PERCENTILES: Final = (50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100)
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "latency": "Latency",
        "latency_intended": "Latency from the intended time",
        "ttft": "Time to the first token",
        "itl": "Time between tokens",
    }
)


def of(run: Run, scenario: str) -> tuple[Spectrum, ...]:
    """Level by level, figure by figure, a line for each compared target that recorded it in a good round."""
    good = tuple(done for done in run.rounds if done.scenario == scenario and done.good)
    return tuple(
        line
        for level in run.plan.scenario(scenario).levels
        for figure in figures(scenario, level)
        for target in run.plan.compared
        for line in _line(figure, level, target.name, good)
    )


def figures(scenario: str, level: Level) -> tuple[str, ...]:
    """What is drawn at this level: streams by their tokens, an open loop also from the time that was meant."""
    if find(scenario).streams:
        return ("ttft", "itl")
    return ("latency_intended", "latency") if level.rate is not None else ("latency",)


def _line(figure: str, level: Level, target: str, good: Sequence[Round]) -> Iterator[Spectrum]:
    drives = (timed_at(done, level) for done in good if done.target == target)
    parts = [driven.result.histograms[figure] for driven in drives if driven and figure in driven.result.histograms]
    if not parts:
        return
    pooled = merged(parts)
    if points := spectrum(pooled, PERCENTILES):
        count = quantiles(pooled).count
        yield Spectrum(figure=figure, title=TITLES[figure], level=level, target=target, count=count, points=points)
