"""Made-up runs for the tests of analysis and report: every figure here is invented, none was measured.

Rule: a run is built from the same types as a real one, and stored by the same code, so only its numbers are false.
`GUESS` sets each target's speed; `block` bends it a little, so that rounds differ.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from loadtests import results
from loadtests.drive.histogram import Durations
from loadtests.drive.result import DriveResult, Load, result_of
from loadtests.drive.totals import Tally, Totals
from loadtests.measure import MIB, Sample
from loadtests.measure.environment import Cores, Environment, Package
from loadtests.measure.handwork import Handwork
from loadtests.measure.precheck import Documented, Precheck
from loadtests.plan import Level, Mode, Plan, PlannedRound, make_plan
from loadtests.results import Driven, Round, Run
from loadtests.scenarios import find
from loadtests.targets import Target, load_targets, pick

NAMES = ("fastapi-uvicorn", "flask-gthread", "flask-gevent")
GUESS = {"fastapi-uvicorn": 1.0, "flask-gthread": 0.4, "flask-gevent": 1.3}
MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
BEGAN = 1_900_000_000.0

Bend = Callable[[Round], Round]


def targets(*names: str) -> tuple[Target, ...]:
    """Some of the kit's real targets."""
    return pick(load_targets(), names or NAMES)


def plan(*names: str, mode: Mode = "quick", only: tuple[str, ...] = ()) -> Plan:
    """The kit's real plan for them."""
    return make_plan(targets(*names), mode=mode, only=only)


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
    histograms = {kind: _durations(base.get(kind, level.users / rate)) for kind in kinds}
    lines = {"latency": histograms["latency"], "latency_intended": histograms["latency"]}
    fields = {
        "seconds": level.seconds,
        "started_at": BEGAN,
        "whole": Tally(count=count, done=count, good=count, busy=level.users * level.seconds, histograms=histograms),
        "groups": {
            str(g): Tally(count=count // 2, done=count // 2, histograms=lines) for g in sorted(map(str, groups))
        },
        "completed_streams": count if streams else 0,
        "tokens": 40 * count if streams else 0,
        "token_reads": 40 * count if streams else 0,
        "most_in_flight": level.users,
        "cpu_percent": 20.0,
        "hub_lag": _durations(0.0003),
    }
    totals = Totals.model_validate(fields | changes)
    return result_of(totals, scenario, Load(users=level.users, warmup=level.warmup, seed=1), streams=streams)


def a_round(of: Plan, planned: PlannedRound, **changes: object) -> Round:
    """The round that this plan asks for, good unless `changes` to its totals are bad."""
    scenario = of.scenario(planned.scenario)
    speed = GUESS.get(planned.target, 1.0) * (1 + 0.02 * planned.block)
    drives = []
    for level in scenario.levels:
        top = {"async": level.users / 0.2, "stream": level.users / 2.0}.get(planned.scenario, 2_000.0)
        rate = min(top, 1_000 * speed) if planned.scenario in {"async", "stream"} else top * speed
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


def a_run(root: Path, of: Plan | None = None, *, rounds: int | None = None, bend: Bend = lambda done: done) -> Run:
    """A stored run with the first so many rounds of the plan; `bend` changes each before it is stored."""
    of = of or plan()
    run = results.start(root, of.mode, MOMENT, of, environment(), work())
    for planned in of.rounds[:rounds]:
        run = results.add(run, bend(a_round(of, planned)))
    return run


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
