"""The judgement of limits: each promise, broken by hand in a measurement that keeps all of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from loadtests.measure import MIB, Sample
from loadtests.targets import load_services
from tests.resilience.limits import judge
from tests.resilience.limits.measured import Ending, Flood, Footing, Health, Row, Streams
from tests.resilience.limits.play import slope

TARGETS = load_services()
QUIET = Health(looks=100, unanswered=0, p50_ms=1.0, p99_ms=3.0, worst_ms=4.0)
SILENT = Health(looks=3, unanswered=3, p50_ms=None, p99_ms=None, worst_ms=None)
BEFORE = Footing(rss_mib=60.0, descriptors=17, threads=7, processes=1)
ROW = Row(
    target="fastapi-uvicorn",
    attack="readers",
    wanted=50,
    reached=50,
    closed=0,
    hold=18.0,
    quiet=QUIET,
    attacked=QUIET,
    before=BEFORE,
    during=BEFORE,
    after=BEFORE,
    slope=0.0,
    turn=0.01,
    recovered=0.1,
)
FLOOD = Flood(target="x", flood="wide", sent_bytes=2**20, answer="431", seconds=0.1, grown_mib=0.5, healthy=True)
STREAMS = Streams(
    target="x",
    limit=20,
    workers=1,
    clients=80,
    admitted=20,
    refused=60,
    other=(),
    turn=0.01,
    healthy=True,
    again=20,
    again_after=0.2,
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attacked": SILENT}, "none of 3 health checks had an answer"),
        ({"attacked": QUIET.model_copy(update={"unanswered": 1})}, "1 of 100 health checks had no answer in time"),
        ({"attacked": QUIET.model_copy(update={"p99_ms": 130.0})}, "health took 130 ms"),
        ({"turn": None}, "a plain turn had no answer"),
        ({"reached": 40, "stopped": "more were not taken"}, "only 40 of 50"),
        ({"slope": 1.5}, "memory still grew"),
        ({"during": BEFORE.model_copy(update={"rss_mib": 200.0})}, "50 clients held 140 MiB"),
        ({"recovered": None}, "not answered again"),
        ({"after": BEFORE.model_copy(update={"descriptors": 67})}, "67 descriptors"),
        ({"after": BEFORE.model_copy(update={"threads": 57})}, "57 threads"),
        ({"after": BEFORE.model_copy(update={"processes": 2})}, "2 processes"),
    ],
)
def test_row(change: Mapping[str, Any], words: str) -> None:
    """A row that keeps every promise is judged so, and one that breaks one is told it, and nothing else."""
    target = TARGETS[ROW.target]
    assert [*judge.of_row(ROW, target), *judge.in_time(ROW, target)] == []
    row = ROW.model_copy(update=change)
    (sentence,) = [*judge.of_row(row, target), *judge.in_time(row, target)]
    assert words in sentence


def test_row_of_a_target_that_is_full() -> None:
    """Where the attack holds every place, silence is no broken promise; that it lasts is one."""
    row = ROW.model_copy(update={"attacked": SILENT, "turn": None, "attack": "slow heads"})
    assert [*judge.of_row(row, TARGETS["flask-sync"])] == []
    assert len([*judge.of_row(row.model_copy(update={"recovered": None}), TARGETS["flask-sync"])]) == 1


@pytest.mark.parametrize(
    "change", [{"answer": "200"}, {"answer": "no answer"}, {"grown_mib": 64.0}, {"seconds": 11.0}, {"healthy": False}]
)
def test_flood(change: Mapping[str, Any]) -> None:
    """A flood that is refused at little cost is as promised; taken, dear or deadly it is not."""
    assert [*judge.of_flood(FLOOD)] == []
    assert len([*judge.of_flood(FLOOD.model_copy(update=change))]) == 1


@pytest.mark.parametrize(
    "change",
    [{"admitted": 21, "refused": 59}, {"refused": 59, "other": ("500",)}, {"turn": None}, {"again": 19}],
)
def test_streams(change: Mapping[str, Any]) -> None:
    """One stream too many, one refused in another way, a turn without an answer, a place that stays away: each told."""
    assert [*judge.of_streams(STREAMS)] == []
    assert len([*judge.of_streams(STREAMS.model_copy(update=change))]) == 1


def test_ending() -> None:
    """Two seconds after the grace no process is left, or that is told."""
    assert [*judge.of_ending(Ending(target="x", readers=5, grace=1.0, gone=2.9))] == []
    assert len([*judge.of_ending(Ending(target="x", readers=5, grace=1.0, gone=4.0))]) == 1


def test_slope() -> None:
    """The slope is that of the second half: what an attack takes at its beginning is no growth."""
    rss = [10, 30, 50, 50, 51, 52, 53, 54]
    samples = tuple(
        Sample(at=float(at), cpu_seconds=0.0, rss_bytes=mib * MIB, processes=1) for at, mib in enumerate(rss)
    )
    assert slope(samples) == pytest.approx(1.0)
