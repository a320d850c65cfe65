"""Distributions and worst streams of made-up runs: what is pooled, what is left out, in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.analyse import spectra, worst
from loadtests.drive.histogram import Durations, merged, quantiles
from loadtests.drive.totals import WorstStream
from loadtests.plan import Level
from loadtests.records import Round
from loadtests.results import Run
from tests.unit.loadtests import made_up

ONE, TWO = "fastapi-uvicorn", "flask-gevent"


def a_run(tmp_path: Path, scenario: str, bend: made_up.Bend = lambda done: done, blocks: int = 3) -> Run:
    """A small full run of two targets."""
    plan = made_up.plan(ONE, TWO, mode="full", only=(scenario,), blocks=blocks)
    return made_up.a_run(tmp_path, plan, bend=bend)


def recorded(done: Round, name: str, seconds: list[float]) -> Round:
    """The round with this distribution in each of its drives."""
    durations = Durations()
    durations.extend(seconds)
    encoded = durations.encode()
    drives = []
    for driven in done.drives:
        histograms = driven.result.histograms | {name: encoded}
        drives.append(driven.model_copy(update={"result": driven.result.model_copy(update={"histograms": histograms})}))
    return done.model_copy(update={"drives": tuple(drives)})


def test_what_is_drawn_at_each_level(tmp_path: Path) -> None:
    """Closed loops by latency, open ones from the intended time first; a line for each compared target."""
    run = a_run(tmp_path, "chat")
    drawn = [(line.level.label, line.figure, line.target) for line in spectra.of(run, "chat")]
    figures = {"users": ("latency",), "requests/s": ("latency_intended", "latency")}
    assert drawn == [
        (level.label, figure, target)
        for level in run.plan.scenario("chat").levels
        for figure in figures[level.label.split()[1]]
        for target in (ONE, TWO)
    ]


def test_streams_are_drawn_by_their_tokens(tmp_path: Path) -> None:
    """TTFT and ITL, with titles a reader can follow."""
    found = spectra.of(a_run(tmp_path, "stream"), "stream")
    assert {line.figure: line.title for line in found} == {
        "ttft": "Time to the first token",
        "itl": "Time between tokens",
    }


def test_rounds_are_pooled_and_not_averaged(tmp_path: Path) -> None:
    """The line is that of all rounds' values together: with a slow round among three, p75 is its time."""

    def bend(done: Round) -> Round:
        return recorded(done, "latency", [0.3 if done.block == 2 else 0.1] * 1_000)

    line = spectra.of(a_run(tmp_path, "chat", bend), "chat")[0]
    points = dict(line.points)
    assert line.count == 3_000
    assert points[50] == pytest.approx(100, rel=0.001)
    assert points[75] == pytest.approx(300, rel=0.001)


def test_a_line_agrees_with_the_stored_histograms(tmp_path: Path) -> None:
    """At p50 and p99, and at the largest value, it is what the merged histogram itself says."""
    run = a_run(tmp_path, "stream")
    line = next(line for line in spectra.of(run, "stream") if (line.figure, line.target) == ("ttft", TWO))
    mine = [done.drives[0].result.histograms["ttft"] for done in run.rounds if done.target == TWO]
    whole = quantiles(merged(mine))
    points = dict(line.points)
    assert (points[50], points[95], points[100]) == (whole.p50, whole.p95, whole.max)
    assert line.count == whole.count == 300


@pytest.mark.parametrize(
    ("values", "highest"),
    [(100, 90), (1_000, 99), (10_000, 99.9), (5, None)],
    ids=["100", "1,000", "10,000", "five"],
)
def test_a_percentile_on_too_few_values_is_left_out(tmp_path: Path, values: int, highest: float | None) -> None:
    """Fewer than ten values beyond it; the largest value is given all the same."""

    def bend(done: Round) -> Round:
        return recorded(done, "latency", [0.001 * (1 + n % 500) for n in range(values)])

    line = spectra.of(a_run(tmp_path, "chat", bend, blocks=1), "chat")[0]
    *below, last = [percentile for percentile, _ in line.points]
    assert last == 100
    assert (below[-1] if below else None) == highest
    assert [value for _, value in line.points] == sorted(value for _, value in line.points)


def refused(done: Round) -> Round:
    """The round as one that does not count, where it is the second target's."""
    return done.model_copy(update={"reasons": ("a reason",)}) if done.target == TWO else done


def test_refused_rounds_and_runs_without_rounds_draw_nothing(tmp_path: Path) -> None:
    """A target with no good round has no line and no stream."""
    run = a_run(tmp_path, "stream", refused)
    assert {line.target for line in spectra.of(run, "stream")} == {ONE}
    assert {line.target for line in worst.of(run, "stream")} == {ONE}
    empty = made_up.a_run(tmp_path / "empty", run.plan, rounds=0)
    assert (spectra.of(empty, "stream"), worst.of(empty, "stream")) == ((), ())


def with_gaps(done: Round) -> Round:
    """Gaps that are longest in the second block, and longer still at the lower level, which is not asked."""
    drives = []
    for driven in done.drives:
        low = driven.level == min((d.level for d in done.drives), key=lambda level: level.amount)
        gap = 900.0 if low else {1: 70.0, 2: 140.0, 3: 140.0}[done.block]
        stream = WorstStream(longest_gap_ms=gap, tokens_ms=(50.0, 50.0 + gap))
        drives.append(driven.model_copy(update={"result": driven.result.model_copy(update={"worst_stream": stream})}))
    return done.model_copy(update={"drives": tuple(drives)})


def test_the_worst_stream_is_the_one_with_the_longest_gap(tmp_path: Path) -> None:
    """Of the highest closed level, over all good rounds, for each compared target; of equals the earlier round's."""
    run = a_run(tmp_path, "stream", with_gaps)
    found = worst.of(run, "stream")
    assert [line.target for line in found] == [ONE, TWO]
    for line in found:
        (number,) = [done.number for done in run.rounds if (done.target, done.block) == (line.target, 2)]
        assert (line.longest_gap_ms, line.tokens_ms, line.round) == (140.0, (50.0, 190.0), number)
        assert line.level == Level(users=256, seconds=1.5, warmup=0.5)


def test_a_scenario_without_streams_has_no_worst_one(tmp_path: Path) -> None:
    """Nor has one that is only driven in an open loop."""
    assert worst.of(a_run(tmp_path, "docs", blocks=1), "docs") == ()
    run = a_run(tmp_path / "open", "chat", blocks=1)
    levels = tuple(level for level in run.plan.scenario("chat").levels if level.rate)
    scenario = run.plan.scenario("chat").model_copy(update={"levels": levels})
    plan = run.plan.model_copy(update={"scenarios": (scenario,)})
    assert worst.of(made_up.a_run(tmp_path / "again", plan), "chat") == ()


def test_the_same_run_gives_the_same_values(tmp_path: Path) -> None:
    """So that a report built again is the same."""
    run = a_run(tmp_path, "stream")
    assert (spectra.of(run, "stream"), worst.of(run, "stream")) == (spectra.of(run, "stream"), worst.of(run, "stream"))
