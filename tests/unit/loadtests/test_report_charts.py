"""The charts of a report: axes, marks and labels say what the figures are, and a target looks the same in all of them.

Rule: drawn from the made-up verdict, read as SVG text. Neighbour: `test_report` (the page that they stand on).
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from loadtests.analyse.verdict import Ratio, Word
from loadtests.report import html, views
from loadtests.report.charts import axis, intervals, strips
from tests.unit.loadtests import made_up, sample_charts
from tests.unit.loadtests.page import text_of
from tests.unit.loadtests.sample_verdict import cut_short, full

SHAPE = {name: index for index, name in enumerate(made_up.NAMES)}


def ratio(value: float, low: float, high: float, word: Word | None) -> Ratio:
    """A ratio of four blocks."""
    blocks = (value,) * 4
    return Ratio(value=value, low=low, high=high, bootstrap=None, values=blocks, p=None, adjusted=None, word=word)


def test_too_few_blocks_are_dashed_and_get_no_word() -> None:
    """One block: no whisker is full, and the page says that it is no interval."""
    scale = axis.ratios((0.9, 1.1))
    few = intervals.track(ratio(1.0, 0.95, 1.05, None), None, scale, 0, "few")
    enough = intervals.track(ratio(1.0, 0.95, 1.05, "no clear difference"), None, scale, 0, "enough")
    assert ('"whisker dashed"' in few, '"cap"' in few) == (True, False)
    assert ('"whisker dashed"' in enough, enough.count('"cap"')) == (False, 2)
    text = text_of(cut_short())
    assert "too few rounds for an interval" in text
    assert "equivalent" not in text.partition("Performance: what")[2]


def test_a_target_keeps_its_colour_and_shape() -> None:
    """The nth target of the plan is tn in every chart."""
    text = html.page(*full())
    for index, name in enumerate(made_up.NAMES):
        bars = re.findall(
            rf'class="(?:bar|row) (t\d)">(?:<div class="top(?: wrap)?">)?<span class="name">{name}<', text
        )
        named = re.findall(rf'class="name (t\d)">{name}<', text)
        assert {*bars, *named} == {f"t{index}"}
        assert bars


@pytest.mark.parametrize(
    ("low", "high", "limit", "words"),
    [
        (512, 560, "server", "holds 512 streams, fails at 560"),
        (2048, None, "generator", "holds at least 2,048 streams: the generator's limit, not the server's"),
        (2048, None, "plan", "holds at least 2,048 streams: no higher load was tried"),
        (64, None, "unfinished", "holds at least 64 streams: the search was cut short"),
        (None, 32, "server", "holds nowhere: fails at 32 streams already"),
        (None, None, "unfinished", "no probe could tell"),
    ],
)
def test_a_knee_is_said_in_words(low: float | None, high: float | None, limit: str, words: str) -> None:
    """The bracket under the axis, for those who read."""
    section = full().verdict.section("stream")
    assert section
    assert section.knees
    knee = section.knees.cells[0].model_copy(update={"low": low, "high": high, "limit": limit})
    assert views.held(knee, "users", stream=True) == words
    unsure = knee.model_copy(update={"short": "asked once"})
    about = words.replace("holds 512", "holds about 512")
    assert views.held(unsure, "users", stream=True) == about


def test_the_objective_is_a_line_where_it_limits_the_figure() -> None:
    """TTFT and gap have their limits drawn and named, goodput has none."""
    section = full().verdict.section("stream")
    assert section
    drawn = {chart.title: re.findall(r"limit \d+ ms", chart.svg) for chart in views.searches(section, SHAPE)}
    assert drawn == {
        "Time to first token, p99": ["limit 200 ms"],
        "Gap between tokens, p99": ["limit 75 ms"],
        "Goodput": [],
    }


def test_an_open_loops_objective_limits_its_latency() -> None:
    """A search by rate is held to the latency from the intended time, and that limit is drawn."""
    section = full().verdict.section("chat")
    assert section
    assert section.knees
    knees = section.knees.model_copy(update={"slo": "latency_intended_p99=150ms,errors=0"})
    charts = list(views.searches(section.model_copy(update={"knees": knees}), SHAPE))
    assert [chart.title for chart in charts] == ["Latency p99", "Goodput"]
    assert "limit 150 ms" in charts[0].svg


@pytest.mark.parametrize("slo", ["latency_p99=1ms", "ttft_p99=2s,errors=0"])
@pytest.mark.parametrize(
    ("scenario", "limits"),
    [
        ("chat", "answered within 100 ms"),
        ("async", "answered within 300 ms"),
        ("stream", "first token within 250 ms, longest gap between tokens at most 250 ms"),
    ],
)
def test_goodput_is_labelled_with_the_scenarios_own_limits(scenario: str, limits: str, slo: str) -> None:
    """Whatever the search was held to, each request was counted against the fixed ones: chart and table say which."""
    made = full()
    sections = []
    for section in made.verdict.sections:
        knees = sample_charts.knees(section.scenario, made_up.NAMES).model_copy(update={"slo": slo})
        sections.append(section.model_copy(update={"knees": knees}))
    found = next(section for section in sections if section.scenario == scenario)
    goodput = next(chart for chart in views.searches(found, SHAPE) if chart.title == "Goodput")
    assert f"the scenario's own limits ({limits})" in goodput.explain
    page = html.page(made.run, made.verdict.model_copy(update={"sections": tuple(sections)}))
    assert f'goodput/s<br><span class="soft">{limits}</span>' in page
    assert f"own limits ({limits}) and not against this objective" in page


def test_an_open_loop_shows_both_latencies_in_one_picture() -> None:
    """From the intended time full, from the actual one dashed; the naive one has no picture of its own."""
    section = full().verdict.section("chat")
    assert section
    opened = [chart for chart in views.spectra(section, SHAPE) if "300 requests/s" in chart.title]
    assert [chart.title for chart in opened] == ["Latency from the intended time, 300 requests/s"]
    assert opened[0].svg.count('class="line naive"') == 3
    assert opened[0].svg.count('class="line"') == 3


def test_what_lies_beyond_the_axis_is_an_arrow_at_its_end() -> None:
    """A hundredfold does not squeeze all else into a line, and is not drawn at ten either."""
    scale = axis.ratios((0.9, 1.1, 120.0))
    assert (scale.low, scale.high) == (0.1, 10.0)
    far = intervals.track(ratio(100, 90, 120, "higher"), None, scale, 0, "far")
    near = intervals.track(ratio(1.05, 1.0, 1.1, "higher"), None, scale, 0, "near")
    assert "polygon" in far
    assert "<use" not in far
    assert "polygon" not in near
    assert "<use" in near


def test_a_ratios_axis_has_one_in_its_middle_and_inverse_ends() -> None:
    """Twice as much is as far from 1 as half as much."""
    scale = axis.ratios((0.6, 1.1))
    assert scale.place(1.0) == pytest.approx(0.5)
    assert scale.place(0.8) == pytest.approx(1 - scale.place(1.25))
    assert [words for _, words in scale.ticks] == ["0.5×", "0.71×", "1×", "1.4×", "2×"]  # noqa: RUF001 - as it is shown


def test_each_nine_takes_as_much_room_as_the_one_before() -> None:
    """p90, p99 and p99.9 are equally far from each other."""
    scale = axis.percentiles(99.97)
    nines = [scale.place(p) for p in (90.0, 99.0, 99.9, 99.99)]
    assert [b - a for a, b in pairwise(nines)] == pytest.approx([nines[1] - nines[0]] * 3)
    assert nines[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(("values", "low"), [((50, 900), 0.0), ((40, 900), 20.0)])
def test_an_upright_axis_is_logarithmic_only_over_twentyfold(values: tuple[float, ...], low: float) -> None:
    """Below that it starts at zero, so that heights can be compared."""
    assert axis.upright(values).low == low


@pytest.mark.parametrize(
    ("top", "end"), [(0.0, 0), (0.93, 1), (1.0, 1), (11.1, 12), (2120, 2500), (2704, 3000), (61, 80), (8100, 10000)]
)
def test_an_axis_ends_at_a_plain_number(top: float, end: float) -> None:
    """The axis goes from zero to a round number at or above the highest round."""
    panel = full().verdict.sections[0].panels[0]
    value = panel.cells[0].value
    assert value is not None
    high = panel.cells[0].model_copy(update={"value": value.model_copy(update={"high": top})})
    assert strips.end(panel.model_copy(update={"cells": (high,)})) == pytest.approx(end)
