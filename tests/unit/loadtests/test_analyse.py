"""From rounds to panels and ratios, on made-up rounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.analyse import analyse, enough
from loadtests.analyse.figure_table import FIGURES
from loadtests.analyse.ratios import corrected, family_of, paired
from loadtests.analyse.verdict import Verdict
from loadtests.records import Round
from loadtests.results import Run
from tests.unit.loadtests import made_up
from tests.unit.loadtests.looked_up import panel_of, ratio_of, refuse, section


def test_a_cell_is_the_median_over_rounds_with_its_extremes(verdict: Verdict) -> None:
    """Not the mean, not the best: the middle round, and the lowest and highest beside it."""
    value = panel_of(verdict, "chat", "throughput").cell("fastapi-uvicorn").value
    assert value is not None
    assert sorted(value.values) == [value.low, value.median, value.high]
    assert value.values == pytest.approx((2046, 2075.5, 2107), rel=1e-6)


def test_ratios_are_paired_within_blocks() -> None:
    """A machine that slows down in one block slows both: the ratio does not see it."""
    ratio = paired({1: 50.0, 2: 5.0, 3: 55.0}, {1: 100.0, 2: 10.0, 3: 100.0})
    assert ratio is not None
    assert ratio.values == pytest.approx((0.5, 0.5, 0.55))
    assert ratio.value == pytest.approx((0.5 * 0.5 * 0.55) ** (1 / 3))
    assert ratio.low < ratio.value < ratio.high


def test_a_block_that_lacks_one_side_gives_no_ratio() -> None:
    """Only blocks that hold both targets are compared."""
    ratio = paired({1: 2.0, 3: 2.0}, {2: 1.0, 3: 1.0})
    assert ratio is not None
    assert ratio.blocks == 1
    assert paired({1: 2.0}, {2: 1.0}) is None
    assert paired({1: 2.0}, {1: 0.0}) is None


def test_a_block_with_a_zero_is_left_out_alone() -> None:
    """Memory that did not grow in one round has no ratio there, and takes none from the other blocks."""
    for values, base in (({1: 2.0, 2: 1.0}, {1: 0.0, 2: 1.0}), ({1: 0.0, 2: 1.0}, {1: 1.0, 2: 1.0})):
        ratio = paired(values, base)
        assert ratio is not None
        assert ratio.values == (1.0,)


def test_two_blocks_have_a_ratio_and_no_interval() -> None:
    """What is shown then are the extremes, and nothing is said of them."""
    ratio = paired({1: 1.0, 2: 3.0}, {1: 1.0, 2: 2.0})
    assert ratio is not None
    assert (ratio.low, ratio.high, ratio.p, ratio.word, ratio.bootstrap) == (1.0, 1.5, None, None, None)


def test_every_scenario_has_one_primary_figure_taken_at_its_highest_closed_load(tmp_path: Path) -> None:
    """One panel a scenario decides, however many levels there are; open loops do not."""
    verdict = analyse(made_up.a_run(tmp_path, made_up.plan(mode="full"), rounds=40))
    for found in verdict.sections:
        (primary,) = [panel for panel in found.panels if panel.primary]
        assert primary.level.users == max(level.users or 0 for level in found.levels)
    assert {name for name, table in FIGURES.items() if sum(figure.primary for figure in table) == 1} == set(FIGURES)


def test_primary_figures_are_corrected_together_and_the_others_in_their_scenario(verdict: Verdict) -> None:
    """Ten comparisons decide: the smallest p counts as often as there are some with noise; none without a direction."""
    panels = [panel for found in verdict.sections for panel in found.panels]
    ratios = [cell.ratio for panel in panels if panel.primary for cell in panel.cells if cell.ratio]
    assert len(ratios) == 10
    noisy = [ratio for ratio in ratios if len(set(ratio.values)) > 1]
    assert 2 < len(noisy) < 10
    smallest = min(noisy, key=lambda ratio: ratio.p or 0)
    assert smallest.adjusted == pytest.approx(len(noisy) * (smallest.p or 0))
    families = {family_of(panel) for panel in panels}
    assert {("primary",), ("chat", "charted"), ("chat", "in the table"), None} <= families
    for panel in panels:
        words = {cell.ratio.word for cell in panel.cells if cell.ratio}
        assert (words == {None}) is (panel.better == "neither")


def test_a_correction_can_take_a_difference_back() -> None:
    """p of 4% is a difference alone and none among twenty."""
    values = {1: 1.03, 2: 1.08, 3: 1.15, 4: 1.06}
    ratio = paired(values, dict.fromkeys(values, 1.0))
    assert ratio is not None
    assert ratio.p is not None
    assert 0.02 < ratio.p < 0.05
    alone = made_up.a_panel("chat", "throughput", ratio)
    assert ratio_of(corrected([alone])[0], "b").word == "higher"
    assert {ratio_of(panel, "b").word for panel in corrected([alone] * 20)} == {"no clear difference"}


def test_a_ratio_without_noise_raises_nobodys_bar() -> None:
    """Counts that are the same in every block are judged alone; what is left is corrected as if they were not there."""
    values = {1: 1.03, 2: 1.08, 3: 1.15, 4: 1.06}
    noisy, same = (
        paired(values, dict.fromkeys(values, 1.0)),
        paired(dict.fromkeys(values, 99.0), dict.fromkeys(values, 99.0)),
    )
    less = paired(dict.fromkeys(values, 0.7), dict.fromkeys(values, 1.0))
    assert noisy is not None
    assert same is not None
    assert less is not None
    counts = [made_up.a_panel("chat", "throughput", ratio) for ratio in (same, less)]
    judged = corrected([made_up.a_panel("chat", "throughput", noisy), *counts * 20])
    assert ratio_of(judged[0], "b").adjusted == noisy.p
    assert [ratio_of(panel, "b").word for panel in judged[:3]] == ["higher", "equivalent", "lower"]


def test_a_against_a_is_the_noise_and_not_a_finding(verdict: Verdict) -> None:
    """The baseline's second rounds are in no cell and in no family, and in every panel's noise."""
    for panel in section(verdict, "chat").panels:
        assert "fastapi-uvicorn-again" not in {cell.target for cell in panel.cells}
        assert panel.noise is not None
        assert panel.noise.blocks == 3
    assert "fastapi-uvicorn-again" not in verdict.answer


def test_a_run_without_a_against_a_has_no_noise(tmp_path: Path) -> None:
    """Then what a run resolves is taken from the spread of its ratios."""
    panel = panel_of(analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat",), again=False))), "chat", "throughput")
    assert panel.noise is None
    assert panel.resolves is not None


def test_open_loops_have_latency_from_the_intended_time_and_the_naive_one_beside_it(tmp_path: Path) -> None:
    """And no throughput, which is what was asked of them; closed loops have it the other way round."""
    found = section(analyse(made_up.a_run(tmp_path, made_up.plan(mode="full", only=("chat",)), rounds=20)), "chat")
    by_loop = {
        loop: {panel.key for panel in found.panels if (panel.level.users is None) is loop} for loop in (True, False)
    }
    assert {"intended_p50", "intended_p99", "naive_p99", "offered", "late", "dropped", "cpu_ms"} <= by_loop[True]
    assert "throughput" not in by_loop[True]
    assert {"throughput", "latency_p99", "cpu_ms"} <= by_loop[False]
    assert "intended_p99" not in by_loop[False]


def test_enough_is_the_widest_interval_that_decides(quick: Run, verdict: Verdict) -> None:
    """High over low less one, of the wider of the two targets; nothing while one of them has no interval."""
    panel = panel_of(verdict, "chat", "throughput")
    ratios = [cell.ratio for cell in panel.cells if cell.ratio]
    assert enough.widest(quick.plan, "chat", quick.rounds) == max(ratio.high / ratio.low - 1 for ratio in ratios)
    early = tuple(done for done in quick.rounds if done.block <= 2)
    assert enough.widest(quick.plan, "chat", early) is None
    lacking = tuple(done for done in quick.rounds if done.target != "flask-gevent")
    assert enough.widest(quick.plan, "chat", lacking) is None


def test_a_scenario_with_too_few_pairs_has_not_enough(quick: Run) -> None:
    """However narrow their interval, pairs that give no verdict end no scenario, and a cell asks for pairs too."""
    strict = quick.plan.model_copy(update={"minimum_good": len({done.block for done in quick.rounds})})
    assert enough.widest(strict, "chat", quick.rounds) is not None
    apart = {"flask-gevent": 1, strict.baseline: 2}
    played = tuple(done for done in quick.rounds if apart.get(done.target) != done.block)
    assert enough.widest(strict, "chat", played) is None
    most = strict.minimum_good - 1
    plan = quick.plan.model_copy(update={"minimum_good": most})
    panel = panel_of(analyse(replace(quick, plan=plan, rounds=played)), "chat", "throughput")
    assert panel.cell("flask-gevent").value is not None
    assert panel.cell("flask-gevent").ratio is None


def test_one_target_alone_is_measured_against_itself(tmp_path: Path) -> None:
    """`parity compare ONE` goes on until A against A is narrow."""
    run = made_up.a_run(tmp_path, made_up.plan("fastapi-uvicorn", only=("chat",)))
    assert enough.widest(run.plan, "chat", run.rounds) is not None


def test_refused_rounds_do_not_count_but_are_shown(tmp_path: Path) -> None:
    """One refused round leaves two, which is enough in a quick run."""
    found = section(
        analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat",)), bend=refuse("chat", "flask-gevent", 1))), "chat"
    )
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
    verdict = analyse(made_up.a_run(tmp_path, made_up.plan(only=("chat",)), bend=refuse("chat", "flask-gevent", 2)))
    panel = section(verdict, "chat").panel("throughput")
    assert panel is not None
    cell = panel.cell("flask-gevent")
    assert (cell.value, cell.ratio) == (None, None)
    assert cell.why == "no verdict: 1 good of 2 needed, 2 refused"
    assert next(row.holds for row in verdict.rows if row.key == "performance") == "not measured in this run"
    assert any("flask-gevent: 1 good of 2 rounds needed" in text for text in section(verdict, "chat").warnings)


def test_cpu_is_that_of_the_window(verdict: Verdict) -> None:
    """0.9 CPU-seconds a second at 2,076 answers a second are 0.433 s for 1,000."""
    panel = panel_of(verdict, "chat", "cpu_ms")
    assert panel.median("fastapi-uvicorn") == pytest.approx(900 / 2076, rel=0.01)


def test_memory_of_a_stream_is_the_servers_own_where_it_was_counted(tmp_path: Path) -> None:
    """USS at two looks is taken, and RSS, which holds shared pages, is not; without USS it is RSS."""
    plan = made_up.plan(only=("stream",))

    def counted(done: Round) -> Round:
        (driven,) = done.drives
        samples = [sample.model_copy(update={"uss_bytes": None}) for sample in driven.samples]
        for place, mib in ((0, 40), (len(samples) // 2, 72), (-1, 56)):
            samples[place] = samples[place].model_copy(update={"uss_bytes": mib * 1024 * 1024})
        return done.model_copy(update={"drives": (driven.model_copy(update={"samples": tuple(samples)}),)})

    with_uss = panel_of(analyse(made_up.a_run(tmp_path, plan, bend=counted)), "stream", "mib_stream")
    assert with_uss.median("flask-gevent") == pytest.approx(32 / 32)
    without = panel_of(analyse(made_up.a_run(tmp_path / "rss", plan)), "stream", "mib_stream")
    assert without.median("flask-gevent") == pytest.approx(1.3 * 3.4 / 32, rel=0.05)


def test_calls_in_flight_are_littles_law(verdict: Verdict) -> None:
    """As many answers as 128 users can get from a 200 ms model are 128 calls in flight."""
    panel = section(verdict, "async").panel("held")
    assert panel is not None
    assert (panel.level.users, panel.ideal) == (128, 128)
    assert panel.median("flask-gevent") == pytest.approx(128, rel=0.01)
