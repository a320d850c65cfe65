"""The five rows, the answer and the words of a comparison, on made-up rounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.analyse import analyse, claims, sentences, units
from loadtests.analyse.knee_values import Knee, Knees
from loadtests.analyse.verdict import Verdict
from loadtests.files import ROOT
from tests.unit.loadtests import made_up
from tests.unit.loadtests.looked_up import panel_of, ratio_of, refuse


@pytest.mark.parametrize(
    ("key", "target", "said"),
    [
        ("throughput", "flask-gthread", "slower"),
        ("throughput", "flask-gevent", "faster"),
        ("latency_p99", "flask-gthread", "slower"),
        ("latency_p99", "flask-gevent", "faster"),
        ("cpu_ms", "flask-gthread", "more"),
        ("cpu_ms", "flask-gevent", "less"),
        ("rss", "flask-gevent", "equivalent"),
    ],
)
def test_a_verdict_is_said_as_speed_or_as_an_amount(verdict: Verdict, key: str, target: str, said: str) -> None:
    """More answers a second and fewer ms are faster; of CPU and memory there is more or less."""
    panel = panel_of(verdict, "chat", key)
    assert units.said(panel, ratio_of(panel, target)) == said


def test_what_cannot_be_judged_is_said_as_that(tmp_path: Path) -> None:
    """No ratio is a dash, too few rounds are said to be too few."""
    panel = panel_of(analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat",), blocks=2))), "chat", "throughput")
    assert units.said(panel, None) == units.DASH
    assert units.said(panel, ratio_of(panel, "flask-gevent")) == units.TOO_FEW


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [(0, "round", "0 good rounds of 2 needed"), (1, "pair", "1 good pair of 2 needed")],
)
def test_what_is_lacking_is_counted_in_its_number(count: int, noun: str, words: str) -> None:
    """One good pair, but no good rounds."""
    assert units.lacking(count, noun, 2) == words


def test_the_five_rows_come_first_to_last(verdict: Verdict) -> None:
    """Five claims, judged from figures: with these invented ones, each verdict is known."""
    rows = verdict.rows
    assert [(row.key, row.holds) for row in rows] == [
        ("async", "depends on the deployment"),
        ("validation", "does not hold"),
        ("docs", "holds"),
        ("performance", "depends on the deployment"),
        ("streaming", "does not hold"),
    ]


def test_a_claim_whose_scenario_was_left_out_is_not_measured(tmp_path: Path) -> None:
    """`--only chat` judges one claim and says so of the others."""
    rows = analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat",)))).rows
    assert [row.holds for row in rows].count("not measured in this run") == 4


def test_one_framework_alone_is_no_comparison(tmp_path: Path) -> None:
    """Without both frameworks no claim about the two is judged."""
    plan = made_up.plan("flask-gthread", "flask-gevent", only=("chat",))
    assert {row.holds for row in analyse(made_up.a_run(tmp_path, plan)).rows} == {"not measured in this run"}


def test_every_case_of_every_rule_has_a_verdict() -> None:
    """The tables are complete: no combination of facts falls through."""
    shares, lines = ("all", "some", "none"), ("more", "alike", "fewer")
    assert set(claims.ASYNC) == {(ok, share) for ok in (True, False) for share in shares}
    possible = {(share, told) for share in shares for told in (True, False)} - {("all", True)}  # all are slower
    assert set(claims.PERFORMANCE) == possible
    assert set(claims.STREAM) == {(ok, s, n) for ok in (True, False) for s in shares for n in lines}
    for table in (claims.VALIDATION, claims.DOCS):
        assert set(table) == {(ok, n) for ok in (True, False) for n in lines}


def test_the_answer_is_made_of_figures(verdict: Verdict) -> None:
    """The opening sentence names what decided, and by how much."""
    answer = verdict.answer
    assert "Throughput depends on the deployment" in answer
    assert "flask-gevent 2,712, 1.30\N{MULTIPLICATION SIGN} (1.29 to 1.32, faster)" in answer
    assert "1 held, 2 depended on the deployment and 2 did not hold" in answer


def test_an_empty_cell_is_said_in_the_sentence(tmp_path: Path) -> None:
    """A sentence does not pass over a target that has no figure."""
    verdict = analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat",)), bend=refuse("chat", "flask-gevent", 3)))
    row = next(row for row in verdict.rows if row.key == "performance")
    assert f"flask-gevent {sentences.MISSING}" in row.measured


def test_each_row_names_documents_that_are_there(verdict: Verdict) -> None:
    """What a run does not measure is named by its path in the repository, and no path is wrong."""
    for row in verdict.rows:
        named = re.findall(r"docs/[a-z/-]+\.md", row.elsewhere)
        assert named, row.key
        assert all((ROOT / path).is_file() for path in named), named


def test_calls_in_flight_are_shown_beside_littles_law(verdict: Verdict) -> None:
    """What the client counted open on average, and throughput times latency, are figures and words of the row."""
    section = verdict.section("async")
    assert section is not None
    counted, law = section.panel("open_mean"), section.panel("littles_law")
    assert counted is not None
    assert law is not None
    assert counted.median("flask-gevent") == pytest.approx(128, rel=0.02)
    row = next(row for row in verdict.rows if row.key == "async")
    assert "128 were open on average (throughput times latency: " in row.measured


def test_calls_in_flight_are_told_for_each_of_several_workers(verdict: Verdict) -> None:
    """A target with four workers has a quarter of its calls beside them; one with one worker has none."""
    section = verdict.section("async")
    assert section is not None
    panel = section.panel("held")
    assert panel is not None
    one = panel.median("flask-gevent") or 0
    said = sentences.held(section, {"flask-gevent": 4, "flask-gthread": 1})
    assert f"flask-gevent {one:,.1f} ({one / 4:,.1f} for each of 4 workers)" in said
    assert said.count("for each of") == 1


def test_the_most_that_each_holds_is_in_its_row(verdict: Verdict) -> None:
    """A bracket by its lower end; what is unsure or has no upper or lower end says so; without searches: nothing."""
    section = verdict.section("chat")
    assert section is not None
    assert not sentences.most(section)
    cells = (
        Knee(target="a", low=1_200, high=1_300, limit="server", points=()),
        Knee(target="b", low=600, high=700, limit="server", short="asked once", points=()),
        Knee(target="c", low=900, high=None, limit="generator", points=()),
        Knee(target="d", low=None, high=1, limit="server", points=()),
    )
    knees = Knees(scenario="chat", unit="requests/s", slo="errors=0", cells=cells)
    searched = section.model_copy(update={"knees": knees})
    assert (
        sentences.most(searched) == "The most requests/s within errors=0: a 1,200, b about 600, c at least 900, d none."
    )
    assert sentences.performed(searched).endswith("d none.")


def test_what_a_refusal_costs_is_in_the_validation_row(verdict: Verdict) -> None:
    """Latency of an accepted and of a refused body, of each target."""
    row = next(row for row in verdict.rows if row.key == "validation")
    assert re.search(
        r"Accepted and refused at p50: fastapi-uvicorn [\d.,]+ and [\d.,]+ ms, flask-gthread", row.measured
    )
