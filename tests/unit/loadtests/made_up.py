"""Made-up runs for the tests of analysis and report: every figure here is invented, none was measured.

Rule: a run is built from the same types as a real one, and stored by the same code, so only its numbers are false.
`GUESS` sets each target's speed; the block bends it for all targets alike, and `JITTER` for each by itself, so that
rounds differ and their ratios do too. The plan is made up as well: it does not move when the kit's own levels do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from loadtests import results
from loadtests.analyse.figure_table import FIGURES
from loadtests.analyse.verdict import Cell, Panel, Ratio
from loadtests.drive.histogram import Durations
from loadtests.drive.result import DriveResult, Load, result_of
from loadtests.drive.totals import Tally, Totals, Warmup, WorstStream
from loadtests.measure import MIB, Sample
from loadtests.measure.environment import Cores, Environment, Package
from loadtests.measure.handwork import Handwork
from loadtests.measure.precheck import Documented, Precheck
from loadtests.plan import SCENARIOS, Level, Plan, PlannedRound, PlannedScenario, PlannedTarget, Stop
from loadtests.records import Driven, Ending, Round
from loadtests.results import Run
from loadtests.scenarios import find
from loadtests.targets import Target, load_targets, pick

NAMES = ("fastapi-uvicorn", "flask-gthread", "flask-gevent")
GUESS = {
    "fastapi-uvicorn": 1.0,
    "flask-gthread": 0.4,
    "flask-gevent": 1.3,
    "floor-asgi-uvicorn": 5.0,
    "floor-wsgi-gthread": 0.9,
    "floor-wsgi-gevent": 2.0,
}
MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
BEGAN = 1_900_000_000.0
JITTER = (
    0.0,
    0.008,
    -0.006,
    0.003,
    -0.009,
    0.005,
    -0.002,
)  # of a target's speed in a block; 7 is prime to all else here
STREAM = tuple(52.0 + 50.5 * token + (10.5 if token > 20 else 0) for token in range(40))  # ms of each token
QUICK: Mapping[str, tuple[Level, ...]] = {
    "chat": (Level(users=16, seconds=2.0, warmup=0.5),),
    "async": (Level(users=32, seconds=0.8, warmup=0.3), Level(users=128, seconds=1.2, warmup=0.5)),
    "validation": (Level(users=16, seconds=1.5, warmup=0.4),),
    "docs": (Level(users=8, seconds=0.8, warmup=0.3),),
    "stream": (Level(users=32, seconds=1.5, warmup=0.5),),
}
FULL: Mapping[str, tuple[Level, ...]] = {
    **QUICK,
    "chat": (
        Level(users=16, seconds=2.0, warmup=0.5),
        Level(users=64, seconds=2.0, warmup=0.5),
        Level(rate=300.0, seconds=2.0, warmup=0.5),
        Level(rate=600.0, seconds=2.0, warmup=0.5),
    ),
    "stream": (Level(users=32, seconds=1.5, warmup=0.5), Level(users=256, seconds=1.5, warmup=0.5)),
}
MODES: Mapping[str, tuple[Mapping[str, tuple[Level, ...]], int, int]] = {"quick": (QUICK, 3, 2), "full": (FULL, 8, 5)}

Bend = Callable[[Round], Round]


def targets(*names: str) -> tuple[Target, ...]:
    """Some of the kit's real targets."""
    return pick(load_targets(), names or NAMES)


def plan(
    *names: str,
    mode: Literal["quick", "full"] = "quick",
    only: tuple[str, ...] = (),
    blocks: int | None = None,
    again: bool = True,
) -> Plan:
    """A plan for them: A against A among them (unless `again` is False), their order turned by one each block."""
    chosen = targets(*names)
    levels, most, minimum = MODES[mode]
    baseline = next((t.name for t in chosen if t.framework == "fastapi"), chosen[0].name)
    facts = [_facts(target, target.name) for target in chosen]
    if again:
        facts.append(_facts(next(t for t in chosen if t.name == baseline), f"{baseline}-again"))
    played = tuple(name for name in SCENARIOS if not only or name in only)
    return Plan(
        mode=mode,
        seed=1,
        baseline=baseline,
        noise=f"{baseline}-again" if again else None,
        minimum_good=minimum,
        targets=tuple(facts),
        scenarios=tuple(PlannedScenario(name=name, levels=levels[name]) for name in played),
        rounds=_order([fact.name for fact in facts], played, blocks or most),
        stop=Stop(width=0.05, minutes=60) if mode == "full" else Stop(),
    )


def _facts(target: Target, name: str) -> PlannedTarget:
    return PlannedTarget(
        name=name,
        deployment=target.name,
        title=target.title,
        framework=target.framework,
        server=target.server,
        workers=target.workers,
        slots=target.slots,
        command=tuple(target.command),
    )


def _order(names: list[str], played: tuple[str, ...], blocks: int) -> tuple[PlannedRound, ...]:
    turned = {block: names[block % len(names) :] + names[: block % len(names)] for block in range(1, blocks + 1)}
    order = [(block, scenario, name) for block in turned for scenario in played for name in turned[block]]
    return tuple(
        PlannedRound(number=number, block=block, scenario=scenario, target=name)
        for number, (block, scenario, name) in enumerate(order, start=1)
    )


def environment() -> Environment:
    """A machine that does not exist."""
    return Environment(
        started="2030-01-02 03:04:05 UTC",
        cpu="Imaginary 9000",
        cores=2,
        memory_gib=8.0,
        kernel="Linux 9.9",
        container="not in a container, as far as can be seen",
        python="CPython 3.11.0",
        packages=(Package(name="fastapi", version="0.0"), Package(name="flask", version="0.0")),
        lock_sha256="0" * 64,
        commit="0" * 40,
        dirty=False,
        pinning=Cores(server=(0,), generator=(1,), note="server on core 0, generator on core 1"),
        load_average=0.1,
    )


def work() -> tuple[Handwork, ...]:
    """Invented counts for the features that the claims are judged by."""
    counts = {"validation": (30, 20), "documentation": (25, 90), "streaming": (20, 20)}
    packages = {"fastapi": ("fastapi",), "flask": ("apispec", "flask")}
    return tuple(
        Handwork(
            feature=feature, title=feature.title(), twin=twin, lines=n, names=("x.py::y",), packages=packages[twin]
        )
        for feature, pair in counts.items()
        for twin, n in zip(("fastapi", "flask"), pair, strict=True)
    )


@cache  # a histogram takes milliseconds to pack and unpack, and a run has hundreds
def result(scenario: str, level: Level, rate: float, **changes: object) -> DriveResult:
    """What a generator might have recorded at this many answers a second; `changes` go into its totals."""
    count = max(1, int(rate * level.seconds))
    probe = find(scenario).probe
    groups = {call.group for call in (*find(scenario).calls, *([probe] if probe else [])) if call.group}
    streams = find(scenario).streams
    kinds = ("latency", "latency_intended", "ttfb") + (("ttft", "itl", "longest_gap") if streams else ())
    base = {"ttft": 0.052, "itl": 0.0505, "longest_gap": 0.06}
    histograms = {kind: _durations(base.get(kind, _open_requests(level, rate) / rate)) for kind in kinds}
    lines = {"latency": histograms["latency"], "latency_intended": histograms["latency"]}
    fields = {
        "seconds": level.seconds,
        "started_at": BEGAN,
        "whole": Tally(
            count=count, done=count, good=count, busy=_open_requests(level, rate) * level.seconds, histograms=histograms
        ),
        "groups": {
            str(g): Tally(count=count // 2, done=count // 2, histograms=lines) for g in sorted(map(str, groups))
        },
        "completed_streams": count if streams else 0,
        "tokens": 40 * count if streams else 0,
        "token_reads": 40 * count if streams else 0,
        "most_in_flight": int(_open_requests(level, rate)),
        "offered": count if level.rate else 0,
        "body_checks": 0 if streams else 1 + count // 50,
        "cpu_percent": 20.0,
        "hub_lag": _durations(0.0003),
        "warmup": Warmup(seconds=0.6 * level.warmup, settled=True, limit=level.warmup),
        "worst_stream": WorstStream(longest_gap_ms=61.0, tokens_ms=STREAM) if streams else None,
    }
    totals = Totals.model_validate(fields | changes)
    load = Load(users=level.users, rate=level.rate, arrivals=level.arrivals, warmup=level.warmup, seed=1)
    return result_of(totals, scenario, load, streams=streams)


def _open_requests(level: Level, rate: float) -> float:
    """How many requests are in flight: the users, or by Little's law at an invented 10 ms over the spare capacity."""
    return float(level.users) if level.users is not None else max(1.0, 0.01 * rate)


def a_round(of: Plan, planned: PlannedRound, **changes: object) -> Round:
    """The round that this plan asks for, good unless `changes` to its totals are bad."""
    scenario = of.scenario(planned.scenario).on(planned.target)
    speed = _speed(of, planned)
    drives = []
    for level in scenario.levels:
        rate = _rate(planned.scenario, level, speed)
        drives.append(
            Driven(level=level, result=result(planned.scenario, level, rate, **changes), samples=_samples(level, speed))
        )
    found = Documented(operations=5, responses=30, schemas=9, openapi_bytes=9_000, docs_bytes=800)
    reasons = tuple(reason for driven in drives for reason in driven.result.generator.reasons)
    return Round(
        number=planned.number,
        block=planned.block,
        scenario=planned.scenario,
        target=planned.target,
        settings=("SCRIPTED_ITL=0", "SCRIPTED_TTFT=0"),
        seconds=4.0,
        precheck=Precheck(ttft=0.01, gap=0.0, documented=found, problems=()),
        drives=tuple(drives),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _speed(of: Plan, planned: PlannedRound) -> float:
    """The guess for its deployment, bent by the block and by its own jitter."""
    place = [target.name for target in of.targets].index(planned.target)
    jitter = JITTER[(3 * planned.block + 2 * place) % len(JITTER)]
    return GUESS.get(of.target(planned.target).deployment, 1.0) * (1 + 0.02 * planned.block) * (1 + jitter)


def _rate(scenario: str, level: Level, speed: float) -> float:
    """Answers a second: no more than the users could get, or than are offered."""
    if level.rate is not None:
        return min(level.rate, 2_000 * speed)
    if scenario in {"async", "stream"}:
        return min(level.amount / (0.2 if scenario == "async" else 2.0), 1_000 * speed)
    return 2_000 * speed


def a_panel(scenario: str, key: str, ratio: Ratio) -> Panel:
    """A panel of one comparison, target b with the baseline a."""
    figure = next(figure for figure in FIGURES[scenario] if figure.key == key)
    return Panel(
        scenario=scenario,
        key=key,
        title=figure.title,
        unit=figure.unit,
        decimals=figure.decimals,
        better=figure.better,
        explain=figure.explain,
        level=QUICK[scenario][-1],
        chart=figure.chart,
        curve=figure.curve,
        primary=figure.primary,
        cells=(Cell(target="a", value=None, ratio=None), Cell(target="b", value=None, ratio=ratio)),
    )


def a_run(
    root: Path,
    of: Plan | None = None,
    *,
    rounds: int | None = None,
    bend: Bend = lambda done: done,
    ending: Ending | None = None,
) -> Run:
    """A stored run with the first so many rounds of the plan; `bend` changes each before it is stored."""
    of = of or plan()
    run = results.start(root, of.which, MOMENT, of, environment(), work())
    for planned in of.rounds[:rounds]:
        run = results.add(run, bend(a_round(of, planned)))
    return results.end(run, ending) if ending else run


@cache
def _durations(seconds: float) -> str:
    durations = Durations()
    for step in range(100):
        durations.add(seconds * (0.8 + step / 200))
    return durations.encode()


def _samples(level: Level, speed: float) -> tuple[Sample, ...]:
    ticks = int((level.seconds + 2) * 10)
    return tuple(
        Sample(at=BEGAN - 1 + n / 10, cpu_seconds=n / 10 * 0.9, rss_bytes=int((60 + speed * n / 10) * MIB), processes=2)
        for n in range(ticks)
    )
