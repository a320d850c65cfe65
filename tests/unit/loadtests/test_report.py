"""The report: the same bytes every time, no network, nothing hidden, said alike on page, summary and terminal.

Rule: all is made up. Neighbours: `page` (reads it), `test_report_charts` (what is drawn on it).
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import report
from loadtests.records import Round
from loadtests.report import html, markdown, terminal, trust
from loadtests.results import Run
from tests.unit.loadtests import made_up
from tests.unit.loadtests.page import Page, text_of
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


def shown(sample: Sample) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=200)
    terminal.show(console, sample.run.plan, sample.verdict)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def badge(of: Sample, what: str) -> trust.Badge:
    """One of the badges."""
    return next(item for item in trust.badges(*of) if item.what == what)


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
