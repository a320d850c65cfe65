"""The open loop shows what a stall does to users: whole rounds against a server that stops for two seconds.

Rule: 200 arrivals a second go on while the server stalls, but only `connections` of them can be under way; the others
wait in the client, and their latency counts from when they were due. Figures are bounds that hold on a busy machine.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest

from loadtests.arrivals import Arrivals, schedule
from loadtests.drive import DriveResult, DriveSpec, drive
from tests.unit.loadtests.scripted import Script, Step, contract, reply, serving

RATE, SECONDS, CALM, STALL, CONNECTIONS = 200.0, 6.0, 1.5, 2.0, 4
STALLED = RATE * STALL
KINDS: tuple[Arrivals, ...] = ("constant", "poisson")


def stalling() -> Script:
    """A server that answers at once, but for some seconds a while after its first request."""
    begins: list[float] = []

    def script(_: str) -> Iterator[Step]:
        begins.append(time.monotonic() + CALM)
        begin, now = begins[0], time.monotonic()
        if begin <= now < begin + STALL:
            yield begin + STALL - now
        yield reply()

    return script


def stalled(**given: object) -> DriveResult:
    """One round against it."""
    facts: dict[str, object] = {"rate": RATE, "seconds": SECONDS, "warmup": 0.0, "connections": CONNECTIONS, **given}
    with serving(contract(stalling())) as served:
        return drive(DriveSpec("async", served.url, "good", **facts))  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize("arrivals", KINDS)
def test_stall_shows_in_the_latency_from_the_intended_time(arrivals: Arrivals) -> None:
    """With a stall of 2 s at 200/s the p99 from the intended time is over 1.3 s; the naive one hardly moves."""
    result = stalled(arrivals=arrivals)
    assert result.latency_intended_ms.p99 > 1_300
    assert result.latency_ms.p99 < 400
    assert result.latency_ms.max > 1_000 * (STALL - 0.2)
    assert result.requests.offered == pytest.approx(RATE * SECONDS, rel=0.01 if arrivals == "constant" else 0.15)
    assert result.requests.count + result.requests.dropped == result.requests.offered
    assert result.requests.dropped <= 2  # of those due in the window's last milliseconds
    assert result.requests.late > 0.75 * STALLED
    assert 0.75 * STALLED < result.in_flight.max < 1.5 * STALLED


def test_stall_with_a_cap_drops_what_is_over_it() -> None:
    """Arrivals that find the cap reached are dropped and counted, the others are late, and the round is invalid."""
    result = stalled(max_in_flight=100)
    assert result.in_flight.max == 100
    assert 0.5 * (STALLED - 100) < result.requests.dropped < 1.5 * (STALLED - 100)
    assert result.requests.count + result.requests.dropped == result.requests.offered
    assert result.requests.late >= 100 - CONNECTIONS
    assert any("of the offered load was sent" in reason for reason in result.generator.reasons)


@pytest.mark.parametrize("arrivals", KINDS)
def test_arrivals_are_the_schedules(arrivals: Arrivals, tmp_path: Path) -> None:
    """Requests are due at the gaps that the seed's schedule has, whatever the server does."""
    rows = tmp_path / "rows.csv"
    with serving(contract(lambda _: (0.02, reply()))) as served:
        spec = DriveSpec("async", served.url, "good", rate=50.0, arrivals=arrivals, seed=7, seconds=1.5, rows=rows)
        drive(spec)
    with rows.open(encoding="utf-8", newline="") as file:
        due = sorted(float(row["intended"]) for row in csv.DictReader(file) if not row["group"])
    promised = [later - earlier for earlier, later in pairwise(islice(schedule(arrivals, 50.0, 7), 2_000))]
    gaps = [later - earlier for earlier, later in pairwise(due)]
    starts = range(len(promised) - len(gaps))
    assert len(gaps) > 40
    assert any(gaps == pytest.approx(promised[start : start + len(gaps)], abs=3e-6) for start in starts)
