"""From rounds to a verdict, on made-up rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.analyse import analyse, claims, paired, sentences, word
from loadtests.analyse.verdict import Section, Verdict
from loadtests.results import Round
from tests.unit.loadtests import made_up


def section(verdict: Verdict, scenario: str) -> Section:
    """The section, which must be there."""
    found = verdict.section(scenario)
    assert found is not None
    return found


def refuse(scenario: str, target: str, blocks: int) -> made_up.Bend:
    """Refuse this cell's rounds in the first so many blocks."""

    def bend(done: Round) -> Round:
        hit = (done.scenario, done.target) == (scenario, target) and done.block <= blocks
        return done.model_copy(update={"reasons": ("the generator's CPU was at 71%, over 60%",)}) if hit else done

    return bend


def test_a_cell_is_the_median_over_rounds_with_its_extremes(tmp_path: Path) -> None:
    """Not the mean, not the best: the middle round, and the lowest and highest beside it."""
    panel = section(analyse(made_up.a_run(tmp_path)), "chat").panel("throughput")
    assert panel is not None
    value = panel.cell("fastapi-uvicorn").value
    assert value is not None
    assert (value.low, value.median, value.high) == pytest.approx((2040, 2080, 2120), rel=0.001)


def test_ratios_are_paired_within_blocks() -> None:
    """A machine that slows down in one block slows both: the ratio does not see it."""
    ratio = paired({1: 50.0, 2: 5.0, 3: 55.0}, {1: 100.0, 2: 10.0, 3: 100.0})
    assert ratio is not None
    assert (ratio.median, ratio.low, ratio.high, ratio.blocks) == pytest.approx((0.5, 0.5, 0.55, 3))


def test_a_block_that_lacks_one_side_gives_no_ratio() -> None:
    """Only blocks that hold both targets are compared."""
    ratio = paired({1: 2.0, 3: 2.0}, {2: 1.0, 3: 1.0})
    assert ratio is not None
    assert ratio.blocks == 1
    assert paired({1: 2.0}, {2: 1.0}) is None
    assert paired({1: 2.0}, {1: 0.0}) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({1: 5.0, 2: 6.0}, "clearly higher"),
        ({1: 1.0, 2: 2.0}, "clearly lower"),
        ({1: 2.0, 2: 4.5}, "no clear difference"),
        ({1: 3.0, 2: 5.0}, "no clear difference"),
    ],
    ids=["above", "below", "overlap", "inside"],
)
def test_only_ranges_that_do_not_overlap_differ(values: dict[int, float], said: str) -> None:
    """Overlapping ranges are no clear difference, whatever their medians."""
    assert word(values, {1: 3.0, 2: 4.0}) == said


def test_refused_rounds_do_not_count_but_are_shown(tmp_path: Path) -> None:
    """One refused round leaves two, which is enough in a quick run."""
    found = section(analyse(made_up.a_run(tmp_path, bend=refuse("chat", "flask-gevent", 1))), "chat")
    panel = found.panel("throughput")
    assert panel is not None
    value = panel.cell("flask-gevent").value
    assert value is not None
    assert len(value.values) == 2
    validity = next(item for item in found.validity if item.target == "flask-gevent")
    assert (validity.good, validity.planned) == (2, 3)
    assert validity.refused[0].reasons == ("the generator's CPU was at 71%, over 60%",)


def test_a_cell_with_too_few_good_rounds_has_no_verdict(tmp_path: Path) -> None:
    """One good round is no figure: the cell says why, and the claim that rests on it is not judged."""
    verdict = analyse(made_up.a_run(tmp_path, bend=refuse("chat", "flask-gevent", 2)))
    panel = section(verdict, "chat").panel("throughput")
    assert panel is not None
    cell = panel.cell("flask-gevent")
    assert (cell.value, cell.ratio) == (None, None)
    assert cell.why == "no verdict: 1 good of 2 needed, 2 refused"
    assert next(row.holds for row in verdict.rows if row.key == "performance") == "not measured in this run"
    assert any("flask-gevent: 1 good of 2 rounds needed" in text for text in section(verdict, "chat").warnings)


def test_cpu_is_that_of_the_window(tmp_path: Path) -> None:
    """0.9 CPU-seconds a second at 2,080 answers a second are 0.433 ms an answer."""
    panel = section(analyse(made_up.a_run(tmp_path)), "chat").panel("cpu_ms")
    assert panel is not None
    assert panel.median("fastapi-uvicorn") == pytest.approx(900 / 2080, rel=0.01)


def test_calls_in_flight_are_littles_law(tmp_path: Path) -> None:
    """As many answers as 128 users can get from a 200 ms model are 128 calls in flight."""
    panel = section(analyse(made_up.a_run(tmp_path)), "async").panel("held")
    assert panel is not None
    assert (panel.users, panel.ideal) == (128, 128)
    assert panel.median("flask-gevent") == pytest.approx(128, rel=0.01)


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


def test_the_five_rows_come_first_to_last(tmp_path: Path) -> None:
    """Five claims, judged from figures: with these invented ones, each verdict is known."""
    rows = analyse(made_up.a_run(tmp_path)).rows
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
    assert set(claims.PERFORMANCE) == {(share, told) for share in shares for told in (True, False)}
    assert set(claims.STREAM) == {(ok, s, n) for ok in (True, False) for s in shares for n in lines}
    for table in (claims.VALIDATION, claims.DOCS):
        assert set(table) == {(ok, n) for ok in (True, False) for n in lines}


def test_the_answer_is_made_of_figures(tmp_path: Path) -> None:
    """The opening sentence names what decided, and by how much."""
    answer = analyse(made_up.a_run(tmp_path)).answer
    assert "Throughput depends on the deployment" in answer
    assert "flask-gevent 2,704 (1.30\N{MULTIPLICATION SIGN})" in answer
    assert "1 held, 2 depended on the deployment and 2 did not hold" in answer


def test_an_empty_cell_is_said_in_the_sentence(tmp_path: Path) -> None:
    """A sentence does not pass over a target that has no figure."""
    verdict = analyse(made_up.a_run(tmp_path, bend=refuse("chat", "flask-gevent", 3)))
    row = next(row for row in verdict.rows if row.key == "performance")
    assert f"flask-gevent {sentences.MISSING}" in row.measured
