"""The truth test's table: every framing under rising load, up to the generator's ceiling, in under three minutes.

Rule: pinned as a comparison is; a row says what was seen and recorded, and a refused round is shown as refused, because
a round that the gates refuse is no untruth. Neighbours: `rounds`, `page` (renders it), `__main__` (the command).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from loadtests.calibrate.machine import machine
from loadtests.calibrate.running import peer
from loadtests.calibrate.schedule import FRAMINGS, Framing, Schedule, scripts
from loadtests.calibrate.step import Step, play
from loadtests.drive.totals import Frozen
from loadtests.measure.environment import Cores, choose_cores
from tests.truth.rounds import best, rounds

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
STORED: Final = DOCS / "results" / "truth.json"
SHARES: Final = (0.25, 0.5, 0.75)  # of the ceiling, for every framing; other bytes cost more than the plain ones
PLAIN: Final = (*SHARES, 1.0)
SECONDS: Final = 2.0
PATIENCE: Final = 120.0  # seconds after which no round is played again


class Row(Frozen):
    """One framing under one load, `share` of the ceiling; `rounds` were played for it."""

    share: float
    step: Step
    rounds: int


class Truth(Frozen):
    """docs/results/truth.json."""

    measured_at: str
    machine: str
    cores: str
    events_per_second: float
    seconds: float
    rows: tuple[Row, ...]


def measure(ceiling: float, tell: Callable[[Row], None]) -> Truth:
    """Play the whole table. `ceiling` is in events/s."""
    begun, cores = monotonic(), choose_cores()
    rows: list[Row] = []
    for framing in FRAMINGS.values():
        for row in _rows(framing, ceiling, cores, begun + PATIENCE):
            rows.append(row)
            tell(row)
    return Truth(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        machine=machine(),
        cores=cores.note,
        events_per_second=ceiling,
        seconds=monotonic() - begun,
        rows=tuple(rows),
    )


def _rows(framing: Framing, ceiling: float, cores: Cores, patient_until: float) -> Iterator[Row]:
    schedule = Schedule(framing=framing)
    each = schedule.tokens / scripts(schedule)["stream"][0].offsets[-1]  # events/s of one stream after the other
    with peer(schedule, cores.server) as running:
        for share in PLAIN if framing.name == "plain" else SHARES:
            users = max(round(ceiling * share / each), 1)

            def one(users: int = users) -> Step:
                return play(running, "stream", framing, users=users, seconds=SECONDS, cores=cores.generator)

            played = rounds(one, tries=3 if monotonic() < patient_until else 1)
            yield Row(share=share, step=best(played), rounds=len(played))


def load(path: Path = STORED) -> Truth:
    """The stored table."""
    return Truth.model_validate_json(path.read_bytes())
