"""A search for the knee with made-up parts, played."""

from __future__ import annotations

from pathlib import Path

from loadtests.knee import Place, search
from loadtests.measure.environment import Cores
from loadtests.plan import PlannedKnee
from loadtests.records import Ceiling, KneeSearch
from loadtests.slo import planned
from tests.unit.loadtests import made_up
from tests.unit.loadtests.probed import Fake

CHAT = planned(["chat"])[0]
STREAM = planned(["stream"])[0]


def place(tmp_path: Path, **changes: object) -> Place:
    """Nothing pinned, no deadline."""
    return Place(**({"cores": Cores(server=(), generator=(), note=""), "logs": tmp_path} | changes))  # type: ignore[arg-type]  # by test


def play(tmp_path: Path, fake: Fake, what: PlannedKnee = CHAT, **changes: object) -> KneeSearch:
    """A whole search on the made-up server."""
    return search(what, made_up.targets("flask-gevent")[0], place(tmp_path, **changes), fake.bench)


def ceiling(requests: float = 1e6) -> Ceiling:
    """A generator that can drive so many requests a second."""
    return Ceiling(
        measured_at="2030-01-02 03:04:05 UTC",
        machine="Imaginary 9000",
        events_per_second=1e6,
        requests_per_second=requests,
        cpu_percent_at_events=50,
        cpu_percent_at_requests=50,
        seconds=1,
    )
