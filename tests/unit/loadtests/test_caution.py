"""What a verdict warns of, what it cannot tell and how the run went, on made-up rounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.analyse import analyse, units
from loadtests.analyse.caution import limits_of, warnings_of
from loadtests.analyse.knee_values import Knee, Knees
from loadtests.analyse.verdict import Verdict
from loadtests.drive.totals import Warmup
from loadtests.records import Ceiling, Ending, Round
from loadtests.results import Run
from tests.unit.loadtests import made_up
from tests.unit.loadtests.looked_up import changed, panel_of, section


def test_a_baseline_that_differs_from_itself_brings_a_warning(tmp_path: Path) -> None:
    """The machine was not the same for both: said where it decides, with what to do."""
    plan = made_up.plan(only=("docs",))

    def slow(done: Round) -> Round:
        if done.target != plan.noise:
            return done
        (driven,) = done.drives
        other = made_up.result("docs", driven.level, 0.8 * driven.result.throughput)
        return done.model_copy(update={"drives": (driven.model_copy(update={"result": other}),)})

    warnings = section(analyse(made_up.a_run(tmp_path, plan, bend=slow)), "docs").warnings
    assert any("the baseline against itself came to 1.2" in text and "Run again" in text for text in warnings)
    assert section(analyse(made_up.a_run(tmp_path / "fair", plan)), "docs").warnings == ()


def test_what_a_run_cannot_tell_is_said_in_numbers(verdict: Verdict, tmp_path: Path) -> None:
    """The smallest difference that this many rounds would have told, figure by figure."""
    resolves = panel_of(verdict, "chat", "throughput").resolves
    assert resolves is not None
    assert f"four of five such runs find: {units.share(resolves)} in Throughput (chat)" in verdict.limits[0]
    assert "could not" not in verdict.limits[0], "a smaller one is found as well, less often"
    fewer = analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat", "docs"), blocks=2)))
    assert fewer.limits[0] == "Too few rounds for any verdict by its figures in chat, docs."


def test_drives_that_did_not_settle_bring_a_warning(tmp_path: Path) -> None:
    """How many of how many, and which; the section says how long warm-up took."""
    plan = made_up.plan(only=("chat",))
    late = Warmup(seconds=0.5, settled=False, limit=0.5)
    found = section(analyse(made_up.a_run(tmp_path, plan, bend=changed(plan, "flask-gevent", warmup=late))), "chat")
    assert any(text.startswith("3 of 12 drives had not settled") for text in found.warnings)
    assert "the first 0.3 to 0.5 s of each drive do not count" in found.warmup
    assert "in 9 of 12 drives" in found.warmup


def test_answers_that_are_shared_out_unequally_bring_a_warning(tmp_path: Path) -> None:
    """A p99 of many times the median in a closed loop: whose, by how much, and what to look at instead."""
    plan = made_up.plan(only=("chat",))

    def starving(done: Round) -> Round:
        if done.target != "flask-gevent":
            return done
        (driven,) = done.drives
        latency = driven.result.latency_ms.model_copy(update={"p50": 1.4, "p99": 223.0})
        result = driven.result.model_copy(update={"latency_ms": latency})
        return done.model_copy(update={"drives": (driven.model_copy(update={"result": result}),)})

    warnings = section(analyse(made_up.a_run(tmp_path, plan, bend=starving)), "chat").warnings
    (said,) = [text for text in warnings if "unequally" in text]
    assert said.startswith("flask-gevent shared itself out unequally: ")
    assert "half of the answers took up to 1.4 ms" in said
    assert "one in 100 took over 223 ms" in said


@pytest.mark.parametrize(
    ("why", "said", "complete"),
    [
        ("as planned", "All planned rounds were played.", True),
        ("narrow enough", "every interval that decides was narrower than 5%, after 8 blocks of each scenario", True),
        ("out of time", "its 60 min 00 s were over, after 8 blocks of each scenario", True),
        ("interrupted", "interrupted after 8 blocks", False),
        ("failed", "broke off after 8 blocks of each scenario; what had finished is shown. The disk is full.", False),
    ],
)
def test_the_verdict_says_why_the_run_ended(tmp_path: Path, why: str, said: str, complete: bool) -> None:
    """Enough, out of time or broken off: a reader knows which, and whether the plan meant it."""
    note = "The disk is full." if why == "failed" else ""
    ending = Ending.model_validate({"why": why, "note": note, "blocks": {"chat": 8}})
    run = made_up.a_run(tmp_path, made_up.plan(mode="full", only=("chat",)), ending=ending)
    verdict = analyse(run)
    assert said in verdict.ended
    assert verdict.complete is complete


def test_a_run_that_was_killed_has_no_ending(tmp_path: Path) -> None:
    """Nothing recorded says why; how far it came does."""
    verdict = analyse(made_up.a_run(tmp_path, rounds=7))
    assert verdict.ended == "It was cut off after 7 of 60 rounds; nothing recorded says why."
    assert not verdict.complete


def test_a_search_that_was_not_finished_brings_a_warning(quick: Run) -> None:
    """Each target whose knee was cut short is named; one that was bracketed is not."""
    knees = Knees(
        scenario="chat",
        unit="requests/s",
        slo="errors=0",
        cells=(
            Knee(target="flask-gthread", low=100, high=None, limit="unfinished", points=()),
            Knee(target="flask-gevent", low=100, high=120, limit="server", points=()),
            Knee(target="fastapi-uvicorn", low=100, high=120, limit="server", short="held once at 100", points=()),
        ),
    )
    cut, unsure = warnings_of(quick, (), (), (), knees)
    assert cut.startswith("flask-gthread: the search")
    assert unsure.startswith(
        "fastapi-uvicorn: the search for the most it holds had too little time to be sure: held once"
    )


def test_a_run_that_was_not_calibrated_says_so(quick: Run) -> None:
    """Only a stored ceiling takes the sentence away."""
    ceiling = Ceiling(
        measured_at="2030-01-02 03:04:05 UTC",
        machine="Imaginary 9000",
        events_per_second=20_000,
        requests_per_second=3_000,
        cpu_percent_at_events=55,
        cpu_percent_at_requests=55,
        seconds=60,
    )
    for given, said in ((None, True), (ceiling, False)):
        assert any("Not calibrated" in text for text in limits_of(replace(quick, ceiling=given), ())) is said


def test_coalesced_events_bring_a_warning(tmp_path: Path) -> None:
    """More than 1.05 events a read: the gaps are marked unreliable."""
    plan = made_up.plan(only=("stream",))

    def merge(done: Round) -> Round:
        planned = next(p for p in plan.rounds if p.number == done.number)
        return made_up.a_round(plan, planned, token_reads=100)

    warnings = section(analyse(made_up.a_run(tmp_path, plan, bend=merge)), "stream").warnings
    assert any("gaps between tokens are unreliable" in text for text in warnings)


def test_rounds_far_apart_bring_a_warning(tmp_path: Path) -> None:
    """A figure whose rounds differ by more than a quarter is named."""
    plan = made_up.plan(only=("chat",))

    def wild(done: Round) -> Round:
        planned = next(p for p in plan.rounds if p.number == done.number)
        driven = done.drives[0]
        rate = 1000.0 * planned.block
        other = driven.model_copy(update={"result": made_up.result("chat", driven.level, rate)})
        return done.model_copy(update={"drives": (other,)})

    warnings = section(analyse(made_up.a_run(tmp_path, plan, bend=wild)), "chat").warnings
    assert any("rounds differ by more than 25%" in text and "Throughput" in text for text in warnings)
