"""The objective: what can be written, what is refused, when a drive breaks it, and when that cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from loadtests.drive.result import DriveResult
from loadtests.drive.totals import FailureSample, Tally
from loadtests.errors import UserError
from loadtests.knee import timeout
from loadtests.knee.probe import judge
from loadtests.slo import DEFAULTS, Errors, Time, left_out, parse, planned
from tests.unit.loadtests.probed import probed, times

STREAM_SLO = "ttft_p99=200ms,itl_p99=75ms,errors=0"


def test_an_objective_is_read() -> None:
    """Terms by a comma, spaces or not; ms and s; a count of errors or a share. Its text is what was written."""
    slo = parse("latency_intended_p95=0.1s, longest_gap_max=250.5ms ,errors=0.5%")
    assert slo.terms == (
        Time("latency_intended_p95=0.1s", "latency_intended", "p95", 100.0),
        Time("longest_gap_max=250.5ms", "longest_gap", "max", 250.5),
        Errors("errors=0.5%", 0.005, share=True),
    )
    assert parse(slo.text) == slo
    assert slo.longest_ms == 250.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"term 1 \(''\) is not a term"),
        ("ttft_p99", r"term 1 \('ttft_p99'\) is not a term"),
        ("errors=0,ttft_p98=200ms", r"term 2 \('ttft_p98=200ms'\) .* the quantile p50, p95, p99, max"),
        ("ttfb_p99=200ms", "the figure is latency, latency_intended, ttft, itl, longest_gap"),
        ("ttft_p99=200", "a number above 0 with ms or s"),
        ("ttft_p99=0ms", "a number above 0 with ms or s"),
        ("ttft_p99=-5ms", "is not a term"),
        ("errors=-1", "errors=NUMBER or errors=NUMBER%"),
        ("errors=0.5", "errors=NUMBER or errors=NUMBER%"),
        ("errors=0,", r"term 2 \(''\)"),
        ("errors=0,errors=1%", "asks for errors again after errors=0; leave one"),
        ("itl_p99=75ms,itl_p99=80ms", "asks for itl_p99 again after itl_p99=75ms"),
    ],
)
def test_what_is_no_objective_is_refused(text: str, said: str) -> None:
    """The message names the term, its place and what is allowed."""
    with pytest.raises(UserError, match=said):
        parse(text)


def test_the_defaults_are_objectives() -> None:
    """Each of them is what it is written as, and it fits its own scenario."""
    for plan in planned(DEFAULTS):
        assert parse(plan.slo).text == plan.slo == DEFAULTS[plan.scenario]
        assert planned([plan.scenario], plan.slo) == (plan,)


def test_a_search_is_planned_for_the_scenarios_that_have_a_knee() -> None:
    """In the kit's order, whatever else is asked for; an objective of one's own takes the default's place."""
    assert [plan.scenario for plan in planned(["docs", "stream", "chat"])] == ["chat", "stream"]
    assert planned(["validation"]) == ()
    (chat,) = planned(["chat"], "latency_p99=50ms")
    assert (chat.slo, chat.unit, chat.first, chat.most) == ("latency_p99=50ms,errors=0", "requests/s", 50, 20_000)


def test_a_term_that_does_not_apply_is_refused_for_one_scenario() -> None:
    """A chat's reply has no tokens to wait for; the message says what to ask instead."""
    with pytest.raises(UserError, match=r"--slo ttft_p99=200ms does not apply to chat.*latency_intended_p99=100ms"):
        planned(["chat", "docs"], STREAM_SLO)


def test_a_term_that_does_not_apply_is_left_out_for_several_scenarios() -> None:
    """Each keeps what fits it, or its default where no time does; which that is, is said."""
    text = "ttft_p99=200ms,latency_p99=400ms,errors=1"
    plans = planned(["chat", "stream"], text)
    assert [plan.slo for plan in plans] == ["latency_p99=400ms,errors=1", text]
    assert left_out(plans, text) == ("chat is held to latency_p99=400ms,errors=1",)
    assert planned(["chat", "stream"], STREAM_SLO)[0].slo == DEFAULTS["chat"]
    assert left_out(planned(["chat", "stream"]), None) == ()


@pytest.mark.parametrize(
    ("text", "drive", "said"),
    [
        ("latency_p99=10ms", probed(seconds=0.0099), None),
        ("latency_p99=10ms", probed(seconds=0.02), "latency p99 was 20.0 ms, and latency_p99=10ms is asked"),
        ("latency_p99=10ms", probed(seconds=0.02, sent=0.005), None),
        (
            "latency_intended_p99=10ms",
            probed(seconds=0.02, sent=0.005),
            "latency intended p99 was 20.0 ms, and latency_intended_p99=10ms is asked",
        ),
        ("ttft_max=0.3s", probed("stream", 0.31), "ttft max was 310.0 ms, and ttft_max=0.3s is asked"),
        ("ttft_p99=1s", probed("chat"), "no ttft p99 could be measured, and ttft_p99=1s is asked"),
        ("itl_p50=1s", probed("stream", whole=Tally(count=9)), "no itl p50 could be measured, and itl_p50=1s is asked"),
        ("errors=2", probed(whole=Tally(count=200, errors=2)), None),
        (
            "errors=2",
            probed(whole=Tally(count=2_000, errors=3), failures={"time-out": FailureSample(count=3, example="")}),
            "3 of 2,000 requests failed (most often, 3: time-out), and errors=2 is asked",
        ),
        ("errors=1%", probed(whole=Tally(count=200, errors=2)), None),
        ("errors=1%", probed(whole=Tally(count=200, errors=3)), "3 of 200 requests failed, and errors=1% is asked"),
    ],
)
def test_when_a_drive_breaks_a_term(text: str, drive: DriveResult, said: str | None) -> None:
    """At the limit it is kept; beyond it, or unmeasured, a sentence has the figure and the limit."""
    broken = parse(text).broken(drive)
    assert broken == (() if said is None else (said,))


def test_every_broken_term_is_said() -> None:
    """In the order they are asked."""
    broken = parse(STREAM_SLO).broken(probed("stream", 0.25))
    assert [text.split()[0] for text in broken] == ["ttft", "itl"]


LATE: dict[str, Any] = {"hub_lag": times(0.003)}
BUSY: dict[str, Any] = {"cpu_percent": 75.0}
FAILED = Tally(count=200, errors=3, done=197, histograms={"latency_intended": times(0.01)})


@pytest.mark.parametrize(
    ("drive", "held", "reason"),
    [
        pytest.param(probed(), True, "", id="kept"),
        pytest.param(probed(seconds=0.2), False, "latency intended p99 was 200", id="missed"),
        pytest.param(probed(**BUSY), None, "CPU was over 60%", id="a busy generator"),
        pytest.param(probed(**LATE), None, "hub was late", id="a late hub"),
        pytest.param(probed(seconds=0.11, **LATE), None, "hub was late", id="a late hub and hardly missed"),
        pytest.param(probed(seconds=0.2, **LATE), False, "latency intended p99 was", id="a late hub and far missed"),
        pytest.param(probed(seconds=0.2, sent=0.01, **BUSY), None, "CPU was over", id="late arrivals"),
        pytest.param(probed(offered=200, dropped=20), None, "less than 99% of the offered", id="dropped arrivals"),
        pytest.param(probed(whole=Tally()), None, "no request fell into the window", id="no requests"),
        pytest.param(probed(whole=FAILED, **BUSY), False, "3 of 200 requests failed", id="errors"),
    ],
)
def test_what_a_probe_says(drive: DriveResult, held: bool | None, reason: str) -> None:
    """The server's failure is a failure; what the generator could not do leaves the question open."""
    judged = judge(parse(DEFAULTS["chat"]), drive)
    assert judged.held is held
    assert reason in "; ".join(judged.reasons)
    assert bool(judged.reasons) is (held is not True)


def test_a_failed_request_was_not_served_whatever_is_asked() -> None:
    """An objective that says nothing of errors allows none."""
    assert parse("latency_p99=100ms").text == "latency_p99=100ms,errors=0"
    judged = judge(parse("latency_p99=100ms"), probed(whole=FAILED))
    assert judged.held is False
    assert "3 of 200 requests failed, and errors=0 is asked" in judged.reasons


def test_work_that_was_skipped_is_the_servers_failure() -> None:
    """A server that answers sooner than its model can does not hold the load; the generator could tell very well."""
    said = "answers came before the model can have made them"
    assert judge(parse(DEFAULTS["chat"]), probed(), skipped=[said]) == (False, (said,))


def test_a_doubt_leaves_the_question_open() -> None:
    """What was seen around the drive speaks against its figures, too."""
    assert judge(parse(DEFAULTS["chat"]), probed(), ["near its ceiling"]) == (None, ("near its ceiling",))


@pytest.mark.parametrize("scenario", DEFAULTS)
def test_a_request_has_time_to_miss_the_objective(scenario: str) -> None:
    """A time-out lies far beyond the longest time that is asked, so that lateness is measured and not cut off."""
    for text in (DEFAULTS[scenario], "latency_max=20s"):
        assert timeout(parse(text), scenario) >= 5 * parse(text).longest_ms / 1e3
