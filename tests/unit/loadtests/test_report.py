"""The report: the same bytes every time, no network, nothing hidden, every chart explained. All is made up."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import report
from loadtests.analyse.verdict import Ratio, Word
from loadtests.report import html, markdown, terminal, trust, views
from loadtests.report.charts import axis, intervals, strips
from loadtests.results import Round, Run
from tests.unit.loadtests import made_up, sample_charts
from tests.unit.loadtests.page import Page
from tests.unit.loadtests.sample_run import Sample
from tests.unit.loadtests.sample_verdict import REASONS, SAMPLES, cut_short, full, quick

MADE = ("verdict.json", "report.html", "summary.md")
REASON = "<b>3 of 400</b> requests failed"


def refuse_some(done: Round) -> Round:
    """flask-gthread loses two of its three validation rounds."""
    hit = (done.scenario, done.target) == ("validation", "flask-gthread") and done.block < 3
    return done.model_copy(update={"reasons": (REASON,)}) if hit else done


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A whole run of the kit's own plan, analysed, with one cell that has no verdict."""
    made = made_up.a_run(tmp_path_factory.mktemp("run"), bend=refuse_some)
    report.write(made)
    return made


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Sample:
    """Every kind of run that a page must bear."""
    make: Callable[[], Sample] = SAMPLES[request.param]
    return make()


@pytest.fixture(scope="module")
def page(sample: Sample) -> Page:
    """Its page, parsed."""
    return Page(html.page(*sample))


def text_of(sample: Sample) -> str:
    """All that is read on a page."""
    return Page(html.page(*sample)).text


def shown(sample: Sample) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=200)
    terminal.show(console, sample.run.plan, sample.verdict)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_report_made_again_from_disk_has_the_same_bytes(run: Run) -> None:
    """`parity report RUN` needs no load and changes nothing."""
    before = {name: (run.folder / name).read_bytes() for name in MADE}
    for name in MADE:
        (run.folder / name).unlink()
    assert report.report(run.folder, Console(file=io.StringIO())) == 0
    assert {name: (run.folder / name).read_bytes() for name in MADE} == before


def test_an_analysed_run_shows_its_refusals_and_what_has_no_verdict(run: Run) -> None:
    """From the recorded rounds to the page: reasons as text with their rounds, and why a cell is empty."""
    text = Page((run.folder / "report.html").read_text("utf-8")).text
    assert "2 of them refused" in text
    assert REASON in text
    assert "no verdict: 1 good of 2 needed, 2 refused" in text


def test_a_run_cut_short_says_so_everywhere(tmp_path: Path) -> None:
    """Page, summary and terminal say how many rounds there were."""
    run = made_up.a_run(tmp_path, rounds=7)
    verdict = report.write(run)
    assert "This run was cut short" in Page((run.folder / "report.html").read_text("utf-8")).text
    words = f"7 of {len(run.plan.rounds)} rounds had finished"
    assert words in (run.folder / "summary.md").read_text("utf-8")
    assert words in shown(Sample(run, verdict))


def test_the_same_values_give_the_same_bytes(sample: Sample) -> None:
    """Nothing on the page comes from a clock, a random number or an order that may change."""
    again = Sample(sample.run, sample.verdict.model_copy(deep=True))
    assert html.page(*again) == html.page(*sample)


def test_the_page_fetches_nothing(sample: Sample, page: Page) -> None:
    """It opens with no network: no script, no font, no picture, no style from elsewhere."""
    assert [url for url in page.fetched if url != "data:,"] == []
    assert not re.search(r"@import|url\(|https?://", html.page(*sample))


def test_every_link_leads_somewhere_on_the_page(sample: Sample, page: Page) -> None:
    """Each badge, each row and each mark finds what it names, and no name is used twice."""
    assert {f"#{row.scenario}" for row in sample.verdict.rows} <= page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []


def test_every_picture_is_named_or_hidden_from_those_who_cannot_see_it(page: Page) -> None:
    """Each outermost SVG either says in words what it shows, or is ornament."""
    assert page.pictures
    for attributes in page.pictures:
        named = attributes.get("role") == "img" and len(attributes.get("aria-label", "")) > 10
        assert named or attributes.get("aria-hidden") == "true", attributes


def test_every_chart_has_its_numbers_in_a_table(page: Page) -> None:
    """Each figure names the folded table below it, and that one holds rows."""
    assert page.figures
    for details in page.figures:
        assert page.rows.get(details, 0) > 0, details


def test_the_table_has_the_values_that_the_intervals_show() -> None:
    """Each charted ratio stands beside its mark and once more in the table, with its word."""
    made = full()
    text = text_of(made)
    for section in made.verdict.sections:
        for panel in section.panels:
            for cell in panel.cells:
                if panel.chart and cell.ratio:
                    ends = f"{cell.ratio.low:.2f} to {cell.ratio.high:.2f}"
                    assert text.count(ends) >= 2, (panel.title, cell.target)


def test_the_page_opens_with_the_answer_the_badges_and_the_five_rows() -> None:
    """A minute's reading: question, answer, whether it can be trusted, the five claims, one picture; then the rest."""
    made = full()
    text = text_of(made)
    order = (
        "FastAPI or Flask for this agent?",
        made.verdict.answer,
        "Can these numbers be trusted?",
        "Five things said",
    )
    places = [text.index(words) for words in (*order, "At a glance", "Performance: what does a reply cost?")]
    assert places == sorted(places)
    assert text.count("evidence:") == 5


def test_a_run_without_both_frameworks_judges_no_claim() -> None:
    """Third frameworks, and one alone: the question names them, and nothing is said of FastAPI and Flask."""
    text = text_of(quick("aiohttp", "quart-hypercorn"))
    assert "aiohttp or quart for this agent?" in text
    assert "Five things said" not in text
    assert "One target was measured" in text_of(quick("aiohttp"))


def test_the_noise_floor_is_said_in_words_and_its_target_is_never_compared() -> None:
    """A against A has its interval beside every figure; the target that is the baseline again is in no chart."""
    made = full()
    panel = next(panel for panel in made.verdict.sections[0].panels if panel.primary)
    assert panel.noise
    assert f"A against A: {panel.noise.low:.2f} to {panel.noise.high:.2f}" in text_of(made)
    assert f"{made.run.plan.baseline}-again" not in html.page(*made)


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


def test_a_target_without_good_rounds_says_why_in_its_place() -> None:
    """No mark, but the reason; and the badge of the rounds is the worst."""
    made = cut_short()
    assert "no verdict: 0 good of 2 needed" in text_of(made)
    assert badge(made, "Rounds").state == "bad"


def test_refused_rounds_show_their_reasons_as_text() -> None:
    """A reason is shown with its rounds on page and terminal, and cannot become markup."""
    made = full()
    assert "refused rounds 7 and 8: " + "; ".join(REASONS) in text_of(made)
    assert re.search(r"refused rounds 7 and 8 \(flask-gevent\)", shown(made))


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


SHAPE = {name: index for index, name in enumerate(made_up.NAMES)}


def ratio(value: float, low: float, high: float, word: Word | None) -> Ratio:
    """A ratio of four blocks."""
    blocks = (value,) * 4
    return Ratio(value=value, low=low, high=high, bootstrap=None, values=blocks, p=None, adjusted=None, word=word)


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


def badge(of: Sample, what: str) -> trust.Badge:
    """One of the badges."""
    return next(item for item in trust.badges(*of) if item.what == what)


def test_the_badges_say_their_figures_and_their_state() -> None:
    """Good, with care, and bad, in words as well as in colour."""
    whole, short = full(), cut_short()
    assert badge(whole, "Same contract").words == "3 of 3 targets passed the suite"
    assert badge(whole, "Rounds") == trust.Badge("care", "Rounds", "158 of 160 count, 2 refused", "validity")
    assert badge(whole, "Generator").words == "at most 40% of its core, limit 60%"
    assert badge(whole, "Ceiling").words == "driven to 24% of what the generator can"
    assert badge(whole, "Warm-up").words == "364 of 416 had settled"
    assert (badge(whole, "Noise").state, badge(short, "Noise").state) == ("good", "care")
    assert badge(short, "Ceiling").words == "the generator was not calibrated"


def test_the_summary_is_made_of_whole_tables(sample: Sample) -> None:
    """Markdown: each row has as many cells as its head; a table for each scenario, and one for the claims."""
    text = markdown.summary(*sample)
    tables = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    assert len(tables) == len(sample.verdict.sections) + bool(sample.verdict.rows)
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert table.count("\n") > 2


def test_summary_and_terminal_have_the_primary_ratios_with_interval_and_word() -> None:
    """Those who never open the page read the same."""
    made = full()
    panel = next(panel for panel in made.verdict.sections[0].panels if panel.primary)
    cell = panel.cell("flask-gthread")
    assert cell.ratio
    ends = f"{cell.ratio.low:.2f} to {cell.ratio.high:.2f}"
    assert f"({ends}, slower)" in markdown.summary(*made)
    terminal_text = shown(made)
    assert ends in terminal_text
    assert f"{cell.ratio.value:.2f}× slower" in terminal_text  # noqa: RUF001 - as it is shown
    assert "flask-gthread holds 512 streams, fails at 558" in terminal_text


def test_an_open_loops_objective_limits_its_latency() -> None:
    """A search by rate is held to the latency from the intended time, and that limit is drawn."""
    section = full().verdict.section("chat")
    assert section
    assert section.knees
    knees = section.knees.model_copy(update={"slo": "latency_intended_p99=150ms,errors=0"})
    charts = list(views.searches(section.model_copy(update={"knees": knees}), SHAPE))
    assert [chart.title for chart in charts] == ["Latency p99", "Goodput"]
    assert "limit 150 ms" in charts[0].svg
