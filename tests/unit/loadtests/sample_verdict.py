"""A made-up run and its verdict for the tests of the report: every number here is invented, none was measured.

Rule: built straight from the models, so that the page is tested without analysis or load; the same arguments give the
same values. `full()` has all that a page can show; the others are the lesser runs that a page must bear as well.
Neighbours: `sample_run` makes the run, `sample_charts` what is drawn as lines.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median, stdev

from loadtests.analyse.verdict import (
    Better,
    Cell,
    Holds,
    Panel,
    Ratio,
    Refusal,
    Row,
    Section,
    Spread,
    Validity,
    Verdict,
    Word,
)
from loadtests.measure.handwork import Handwork
from loadtests.plan import Level
from loadtests.results import Run
from tests.unit.loadtests import sample_charts, sample_run
from tests.unit.loadtests.sample_run import NAMES, SIX, SPEED, Sample


@dataclass(frozen=True)
class Made:
    """A figure of the sample: the baseline's value, and what the model asks for."""

    key: str
    title: str
    unit: str
    decimals: int
    better: Better
    base: float
    chart: bool = True
    primary: bool = False


@dataclass(frozen=True)
class Lesser:
    """How a run is less than whole: `width` of its rounds' scatter, what is missing, who lost every round."""

    width: float = 0.02
    knees: bool = False
    noise: bool = True
    refused: int = 0
    lost: str = ""


_FIGURES: dict[str, tuple[Made, ...]] = {
    "chat": (
        Made("throughput", "Throughput", "requests/s", 0, "higher", 1044, primary=True),
        Made("latency_p99", "Latency p99", "ms", 1, "lower", 31.2),
        Made("cpu_ms", "CPU per 1,000 requests", "s", 3, "lower", 0.914),
        Made("rss", "Memory", "MiB", 0, "lower", 91),
        Made("latency_p50", "Latency p50", "ms", 1, "lower", 14.9, chart=False),
    ),
    "async": (
        Made("held", "Model calls in flight", "calls", 1, "higher", 0.92, primary=True),
        Made("health_p99", "/health p99 meanwhile", "ms", 2, "lower", 19.9),
    ),
    "validation": (
        Made("accepted_p50", "Accepted body, p50", "ms", 2, "lower", 8.31, primary=True),
        Made("caught", "Expected status met", "%", 1, "neither", 100, chart=False),
    ),
    "docs": (
        Made("openapi_p50", "GET /openapi.json, p50", "ms", 2, "lower", 3.9, primary=True),
        Made("operations", "Operations documented", "", 0, "neither", 5, chart=False),
    ),
    "stream": (
        Made("cpu_million", "CPU per million events", "s", 0, "lower", 71, primary=True),
        Made("ttft_p99", "Time to first token, p99", "ms", 1, "lower", 54.1),
        Made("itl_p99", "Gap between tokens, p99", "ms", 1, "lower", 51.9),
        Made("longest_gap", "Longest gap, p99 of streams", "ms", 1, "lower", 61.0),
        Made("mib_stream", "Memory per open stream", "MiB", 3, "lower", 0.041),
    ),
}
_TITLES = {
    "chat": "Performance: what does a reply cost?",
    "async": "Async support: how many slow model calls can be waited for at once?",
    "validation": "Validation: what is caught, and at what cost?",
    "docs": "Documentation: what is generated, and at what cost?",
    "stream": "Streaming: does each token arrive when it is made?",
}
_CLAIMS: tuple[tuple[str, str, Holds], ...] = (
    ("async", "Async support", "does not hold"),
    ("validation", "Type validation", "does not hold"),
    ("docs", "API documentation", "holds"),
    ("chat", "Performance", "depends on the deployment"),
    ("stream", "Streaming responses", "not clear in this run"),
)
REASONS = ("the generator's CPU was at 71%, over 60%", "<b>its hub</b> was late by 3.1 ms at p99, over 2 ms")


@cache
def full(*names: str) -> Sample:
    """Everything: eight blocks, several levels, knees, spectra, worst streams, noise; two rounds refused."""
    run = sample_run.made(names or NAMES, mode="full", blocks=8, played=8)
    return Sample(run, verdict(run, Lesser(knees=True, refused=2)))


@cache
def quick(*names: str) -> Sample:
    """Three blocks, a level for each scenario, no knees, and intervals as wide as that gives."""
    run = sample_run.made(names or NAMES, mode="quick", blocks=3, played=3)
    return Sample(run, verdict(run, Lesser(width=0.12)))


@cache
def cut_short() -> Sample:
    """One block had finished: no intervals, no words, no noise; flask-gthread has no good round at all."""
    run = sample_run.made(NAMES, mode="quick", blocks=3, played=1)
    return Sample(run, verdict(run, Lesser(noise=False, lost="flask-gthread")))


SAMPLES: Mapping[str, Callable[[], Sample]] = {
    "full": full,
    "quick": quick,
    "cut short": cut_short,
    "six targets": lambda: full(*SIX),
    "one target": lambda: quick("aiohttp"),
    "third frameworks": lambda: quick("aiohttp", "quart-hypercorn"),
}


def verdict(run: Run, less: Lesser) -> Verdict:
    """What analysis might have said of this run."""
    names = tuple(target.name for target in run.plan.compared)
    both = {"fastapi", "flask"} <= {target.framework for target in run.plan.compared}
    complete = len(run.rounds) == len(run.plan.rounds)
    return Verdict(
        answer=f"The answer stands here, with {names[0]} and what it was. Of the five things, 1 held.",
        baseline=run.plan.baseline,
        complete=complete,
        ended="All planned rounds were played." if complete else "It was interrupted; what had finished is shown.",
        rounds_done=len(run.rounds),
        rounds_planned=len(run.plan.rounds),
        rounds_refused=less.refused,
        rows=_rows(names) if both else (),
        sections=tuple(_section(run, scenario.name, scenario.levels, names, less) for scenario in run.plan.scenarios),
        handwork=_work() if both else (),
        limits=("Server and generator are on one machine over loopback: no network, no TLS, no proxy.",),
    )


def _section(run: Run, name: str, levels: tuple[Level, ...], names: tuple[str, ...], less: Lesser) -> Section:
    chance = random.Random(name)
    played = max(done.block for done in run.rounds)
    alive = tuple(target for target in names if target != less.lost)
    drawn = name in {"chat", "stream"}
    cells = (_panel(name, made, level, names, played, less, chance) for made in _FIGURES[name] for level in levels)
    return Section(
        scenario=name,
        title=_TITLES[name],
        asked="What is asked stands here, in a sentence or two of about this length, so that it may wrap on a phone.",
        driven=f"Closed loop: {', then '.join(level.label for level in levels)}.",
        settings=("SCRIPTED_ITL=0.05", "SCRIPTED_TTFT=0.05"),
        panels=tuple(_primary(panel, levels) for panel in cells),
        spectra=tuple(s for at in levels for t in alive for s in sample_charts.spectra(name, at, t)) if drawn else (),
        worst_streams=tuple(sample_charts.worst(t, levels[-1]) for t in alive) if name == "stream" else (),
        knees=sample_charts.knees(name, names) if less.knees and drawn else None,
        validity=tuple(_validity(run, name, target, played, less) for target in names),
        warmup="Warm-up: the first 2.1 to 4.8 s of each drive do not count.",
        warnings=(f"{names[0]}: rounds differ by more than 25% of their median.",) if name == "chat" else (),
    )


def _panel(  # noqa: PLR0913, PLR0917 - what a panel is made of
    scenario: str,
    made: Made,
    level: Level,
    names: tuple[str, ...],
    played: int,
    less: Lesser,
    chance: random.Random,
) -> Panel:
    curve = made.key == "held"
    judged = made.better != "neither"
    base = made.base * (level.amount if curve else 1)
    ideal = level.amount if curve else 50.0 if made.key in {"ttft_p99", "itl_p99"} else None
    return Panel(
        scenario=scenario,
        key=made.key,
        title=made.title,
        unit=made.unit,
        decimals=made.decimals,
        better=made.better,
        explain="What it means, in a few words.",
        level=level,
        chart=made.chart,
        curve=curve,
        primary=made.primary,
        ideal=ideal,
        noise=_ratio(_values(chance, 1.0, played, less.width / 2)) if judged and less.noise else None,
        resolves=0.021 if judged and less.noise else None,
        cells=tuple(_cell(made, base, name, names[0], played, less, chance) for name in names),
    )


def _primary(panel: Panel, levels: tuple[Level, ...]) -> Panel:
    """Primary at the highest closed loop alone."""
    top = max(level.users or 0 for level in levels)
    return panel.model_copy(update={"primary": panel.primary and panel.level.users == top})


def _cell(  # noqa: PLR0913, PLR0917 - as a panel
    made: Made, base: float, target: str, baseline: str, played: int, less: Lesser, chance: random.Random
) -> Cell:
    if target == less.lost:
        return Cell(target=target, value=None, ratio=None, why="no verdict: 0 good of 2 needed, 1 refused")
    factor = {"higher": SPEED.get(target, 1.0), "lower": 1 / SPEED.get(target, 1.0), "neither": 1.0}[made.better]
    values = _values(chance, base * factor, played, less.width if made.better != "neither" else 0)
    compared = target != baseline and made.better != "neither"
    ratio = _ratio(_values(chance, factor, played, less.width)) if compared else None
    spread = Spread(median=median(values), low=min(values), high=max(values), values=values)
    return Cell(target=target, value=spread, ratio=ratio)


def _values(chance: random.Random, centre: float, count: int, width: float) -> tuple[float, ...]:
    return tuple(round(centre * math.exp(chance.gauss(0, width)), 6) for _ in range(count))


def _ratio(values: Sequence[float]) -> Ratio:
    """A ratio with an interval of about the right width; with fewer than three blocks extremes and no word."""
    logs = [math.log(value) for value in values]
    centre = sum(logs) / len(logs)
    half = (2.4 if len(values) > 3 else 4.3) * stdev(logs) / math.sqrt(len(logs)) if len(logs) > 2 else 0.0
    low, high = math.exp(centre - half), math.exp(centre + half)
    enough = half > 0
    return Ratio(
        value=math.exp(centre),
        low=low if enough else min(values),
        high=high if enough else max(values),
        bootstrap=(low * 1.002, high * 0.998) if enough else None,
        values=tuple(values),
        p=0.0123 if enough else None,
        adjusted=0.0246 if enough else None,
        word=_word(low, high) if enough else None,
    )


def _word(low: float, high: float) -> Word:
    if low > 0.97 and high < 1.03:
        return "equivalent"
    return "higher" if low > 1 else "lower" if high < 1 else "no clear difference"


def _validity(run: Run, scenario: str, target: str, played: int, less: Lesser) -> Validity:
    hit = (scenario, target) == ("stream", run.plan.compared[-1].name)
    bad = played if target == less.lost else less.refused if hit else 0
    refused = (Refusal(rounds=tuple(range(7, 7 + bad)), reasons=REASONS),) if bad else ()
    planned = max(planned.block for planned in run.plan.rounds)
    return Validity(target=target, planned=planned, good=played - bad, refused=refused)


def _rows(names: tuple[str, ...]) -> tuple[Row, ...]:
    measured = "At p99: " + ", ".join(f"{name} {100 + 7 * index} ms" for index, name in enumerate(names)) + "."
    claim = "What is commonly said of it stands here, in about so many words."
    return tuple(
        Row(key=key, title=title, claim=claim, measured=measured, holds=holds, rule="Holds if so.", scenario=key)
        for key, title, holds in _CLAIMS
    )


def _work() -> tuple[Handwork, ...]:
    counts = {"validation": (34, 21), "documentation": (40, 111), "streaming": (28, 11), "errors": (35, 35)}
    packages = {"fastapi": ("fastapi", "starlette"), "flask": ("apispec", "flask")}
    return tuple(
        Handwork(feature=name, title=name.title(), twin=twin, lines=n, names=("x.py::y",), packages=packages[twin])
        for name, pair in counts.items()
        for twin, n in zip(("fastapi", "flask"), pair, strict=True)
    )
