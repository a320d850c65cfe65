"""What a service on two hosts does, measured: each twin directly, through nginx, and over a slow line with losses.

Rule: twins take turns (A B, B A), each time on servers of their own; every round is kept, and one that was refused is
not counted. Neighbours: `site` (the service), `page` (the figures in docs/hosts.md), `__main__` (the command).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import BaseModel, ConfigDict

from loadtests.calibrate.machine import machine
from loadtests.drive import DriveFailed, DriveResult
from loadtests.drive.result import Generator
from loadtests.measure.environment import Cores, choose_cores
from loadtests.scenarios import find
from loadtests.serve import ROOT
from tests.hosts.net import why_no_delay
from tests.hosts.site import LOADERS, SERVERS, TWINS, Site, site

STORED: Final = ROOT / "docs" / "results" / "hosts.json"
DELAY_MS, LOSS_PERCENT = 20.0, 1.0
BLOCKS: Final = 3
SECONDS: Final = 6.0
WARMUP: Final = 3.0
USERS: Final = {"chat": 8, "stream": 64}

Tell = Callable[[str], None]


class Frozen(BaseModel):
    """A value: made once, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Round(Frozen):
    """One round. Times in ms; `served`: the answers of each server host; `exact`: the hosts' requests add up to all."""

    twin: str
    scenario: str
    way: str
    block: int
    requests: int
    errors: int
    throughput: float
    latency_p50: float
    latency_p99: float
    ttft_p50: float | None
    ttft_p99: float | None
    itl_p50: float | None
    itl_p99: float | None
    events_per_read: float | None
    truncated: int
    served: dict[str, int]
    exact: bool
    generator: Generator


class Measured(Frozen):
    """All rounds, in the order of play. `left_out`: what this machine cannot do, and why."""

    measured_at: str
    machine: str
    cores: str
    seconds: float
    left_out: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Way:
    """How the load reaches the servers."""

    nginx: bool
    slow: bool = False


WAYS: Final[Mapping[str, Way]] = {
    "one host, directly": Way(nginx=False),
    "nginx, two hosts": Way(nginx=True),
    f"nginx, two hosts, {DELAY_MS:g} ms and {LOSS_PERCENT:g}% loss": Way(nginx=True, slow=True),
}


def measure(tell: Tell, blocks: int = BLOCKS, seconds: float = SECONDS) -> Measured:
    """Play all of it."""
    begun, cores, slow = time.monotonic(), choose_cores(), why_no_delay()
    ways = {name: way for name, way in WAYS.items() if not (way.slow and slow)}
    rounds: list[Round] = []
    for block in range(1, blocks + 1):
        for scenario in USERS:
            for twin in list(TWINS)[:: 1 if block % 2 else -1]:
                rounds += _visit(twin, scenario, ways, block, cores, seconds, tell)
    return Measured(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=machine(),
        cores=cores.note,
        seconds=round(time.monotonic() - begun),
        left_out=slow,
        rounds=tuple(rounds),
    )


def _visit(  # noqa: PLR0913, PLR0917 - one visit is named by all of them
    twin: str, scenario: str, ways: Mapping[str, Way], block: int, cores: Cores, seconds: float, tell: Tell
) -> Iterator[Round]:
    """One round each way, on fresh servers."""
    times = {name: value for name, value in find(scenario).settings.items() if name != "SESSION_STORE"}
    with TemporaryDirectory() as folder, site(twin, Path(folder), times, cores) as two:
        for name, way in ways.items():
            for host in LOADERS if way.slow else ():
                two.net.shape(host, DELAY_MS, LOSS_PERCENT)
            if (done := _play(two, (twin, scenario, name, block), way, seconds, tell)) is not None:
                yield done


def _play(two: Site, named: tuple[str, str, str, int], way: Way, seconds: float, tell: Tell) -> Round | None:
    twin, scenario, name, block = named
    direct = f"http://{two.net.addresses[SERVERS[0]]}:8000"
    before = two.served()
    try:
        result = two.drive(
            scenario,
            url=two.url if way.nginx else direct,
            users=USERS[scenario],
            seconds=seconds,
            warmup=WARMUP,
            timeout=15.0,
        )
    except DriveFailed as error:
        tell(f"{block} {twin} {scenario}, {name}: no figures: {error}")
        return None
    done = _round(named, result, dict(two.served() - before))
    tell(f"{block} {twin} {scenario}, {name}: {done.throughput:,.1f}/s; {'; '.join(done.generator.reasons) or 'good'}")
    return done


def _round(named: tuple[str, str, str, int], result: DriveResult, served: dict[str, int]) -> Round:
    twin, scenario, way, block = named
    ttft, itl = result.ttft_ms, result.itl_ms
    return Round(
        twin=twin,
        scenario=scenario,
        way=way,
        block=block,
        requests=result.requests.count,
        errors=result.requests.errors,
        throughput=result.throughput,
        latency_p50=result.latency_ms.p50,
        latency_p99=result.latency_ms.p99,
        ttft_p50=ttft and ttft.p50,
        ttft_p99=ttft and ttft.p99,
        itl_p50=itl and itl.p50,
        itl_p99=itl and itl.p99,
        events_per_read=result.events_per_read,
        truncated=result.streams.truncated if result.streams else 0,
        served=served,
        exact=sum(sent.requests for sent in result.generator.workers) == result.requests.count,
        generator=result.generator,
    )
