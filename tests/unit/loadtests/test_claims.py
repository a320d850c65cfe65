"""The five rows, the answer and the words of a comparison, on made-up rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.analyse import analyse, claims, sentences, units
from loadtests.analyse.verdict import Verdict
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
