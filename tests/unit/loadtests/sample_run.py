"""The made-up run under a made-up verdict: plan, environment, rounds, ceiling and gate, as the report reads them.

Rule: as for `sample_verdict`, whose neighbour it is: invented, built from the models, nothing is stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from loadtests.analyse.verdict import Verdict
from loadtests.drive.histogram import Quantiles
from loadtests.drive.result import DriveResult, Generator, InFlight, Load, Requests, Span, Streams
from loadtests.drive.totals import Warmup
from loadtests.measure.environment import Cores, Environment, Package
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level, Plan, PlannedRound, PlannedScenario, PlannedTarget
from loadtests.records import Ceiling, Driven, Relied, Round
from loadtests.results import Run

Mode = Literal["quick", "full"]
NAMES = ("fastapi-uvicorn", "flask-gthread", "flask-gevent")
SIX = (*NAMES, "flask-sync", "aiohttp", "fastapi-gunicorn")
SPEED = {"fastapi-uvicorn": 1.0, "flask-gthread": 0.83, "flask-gevent": 1.01, "flask-sync": 0.97, "aiohttp": 2.4}
SCENARIOS = ("chat", "async", "validation", "docs", "stream")
_SERVERS = {"fastapi-uvicorn": "uvicorn", "flask-gthread": "gunicorn gthread", "flask-gevent": "gunicorn gevent"}
_USERS = {"chat": (16, 64), "async": (16, 32, 64, 128, 256, 512), "stream": (32, 256)}


class Sample(NamedTuple):
    """What a page is made from."""

    run: Run
    verdict: Verdict


def levels(scenario: str, mode: Mode) -> tuple[Level, ...]:
    """Loads like the kit's own, more of them in a full run."""
    users = _USERS.get(scenario, (16,))
    closed = tuple(Level(users=n, seconds=10, warmup=5) for n in (users if mode == "full" else users[-1:]))
    opened = (Level(rate=300, seconds=10, warmup=5),) if (scenario, mode) == ("chat", "full") else ()
    return closed + opened


def made(names: tuple[str, ...], *, mode: Mode, blocks: int, played: int) -> Run:
    """A run of all five scenarios whose first `played` blocks had finished; only a full one has a ceiling."""
    plan = _plan(names, mode, blocks)
    rounds = tuple(_round(planned, plan) for planned in plan.rounds if planned.block <= played)
    folder = Path(f"20300102T030405Z-{mode}")
    return Run(folder, plan, _environment(), (), rounds, _gate(names), _ceiling() if mode == "full" else None)


def _plan(names: tuple[str, ...], mode: Mode, blocks: int) -> Plan:
    again = f"{names[0]}-again"
    targets = tuple(_target(name) for name in (*names, again))
    cells = [(block, s, target.name) for block in range(1, blocks + 1) for s in SCENARIOS for target in targets]
    return Plan(
        mode=mode,
        seed=1,
        baseline=names[0],
        noise=again,
        minimum_good=5 if mode == "full" else 2,
        targets=targets,
        scenarios=tuple(PlannedScenario(name=s, levels=levels(s, mode)) for s in SCENARIOS),
        rounds=tuple(
            PlannedRound(number=n, block=b, scenario=s, target=t) for n, (b, s, t) in enumerate(cells, start=1)
        ),
    )


def _target(name: str) -> PlannedTarget:
    deployment = name.removesuffix("-again")
    return PlannedTarget(
        name=name,
        deployment=deployment,
        title=deployment.title(),
        framework=deployment.partition("-")[0],
        workers=1,
        slots=None,
        server=_SERVERS.get(deployment, "its own server"),
        command=("python", "-m", "server", "--port", "{port}"),
    )


def _round(planned: PlannedRound, plan: Plan) -> Round:
    drives = plan.scenario(planned.scenario).levels
    return Round(
        number=planned.number,
        block=planned.block,
        scenario=planned.scenario,
        target=planned.target,
        settings=(),
        seconds=20.0,
        precheck=Precheck(ttft=0.01, gap=0.0, documented=None, problems=()),
        drives=tuple(Driven(level=level, result=_result(planned, level), samples=()) for level in drives),
        reasons=(),
    )


def _result(planned: PlannedRound, level: Level) -> DriveResult:
    stream = planned.scenario == "stream"
    rate = 1_000 * SPEED.get(planned.target, 1.0)
    times = Quantiles(p50=12, p95=20, p99=31, max=44, mean=13, count=9_000)
    return DriveResult(
        scenario=planned.scenario,
        load=Load(users=level.users, rate=level.rate, warmup=level.warmup, seed=1),
        window=Span(start=1_900_000_000.0, seconds=level.seconds),
        requests=Requests(count=9_000, errors=0, dropped=0, offered=9_000, late=0),
        throughput=90.0 if stream else rate,
        goodput=rate,
        latency_ms=times,
        latency_intended_ms=times,
        ttfb_ms=times,
        streams=Streams(completed=900, truncated=0) if stream else None,
        tokens=48_000 if stream else 0,
        groups={},
        in_flight=InFlight(mean=16, max=16, littles_law=16),
        body_checks=20,
        error_samples={},
        generator=Generator(cpu_percent=20 + planned.block * 2.5, hub_lag_p99_ms=0.4, valid=True, reasons=()),
        warmup=Warmup(seconds=2.1 + planned.block / 10, settled=planned.block != 3, limit=level.warmup),
        timeline=(),
        histograms={},
    )


def _ceiling() -> Ceiling:
    return Ceiling(
        measured_at="2030-01-01 02:03:04 UTC",
        machine="Imaginary 9000",
        events_per_second=20_100,
        requests_per_second=6_200,
        cpu_percent_at_events=58.0,
        cpu_percent_at_requests=57.0,
        seconds=70,
    )


def _gate(names: tuple[str, ...]) -> tuple[Relied, ...]:
    facts = {"identical": 300, "known": 41, "not_applicable": 2, "fingerprint": "ab" * 32, "why": ""}
    where = {"passed_at": "2030-01-01 01:00:00 UTC", "page": "results/verify/report.html"}
    return tuple(Relied.model_validate({"target": name} | facts | where) for name in names)


def _environment() -> Environment:
    return Environment(
        started="2030-01-02 03:04:05 UTC",
        cpu="Imaginary 9000",
        cores=2,
        memory_gib=8.0,
        kernel="Linux 9.9",
        container="in a container",
        python="CPython 3.11.0",
        packages=(Package(name="fastapi", version="0.0"), Package(name="flask", version="0.0")),
        lock_sha256="0" * 64,
        commit="0" * 40,
        dirty=False,
        load_average=0.1,
        pinning=Cores(server=(0,), generator=(1,), note="server on core 0, generator on core 1"),
    )
