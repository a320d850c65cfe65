"""The report: the same bytes every time, no network, and nothing hidden. All rounds here are made up."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import report, results
from loadtests.report import charts
from loadtests.results import Round, Run
from tests.unit.loadtests import made_up

MADE = ("verdict.json", "report.html", "summary.md")
REASON = "<b>3 of 400</b> requests failed"
# elements that have no end tag
VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})


class Page(HTMLParser):
    """Collects what a browser would fetch, the ids and links inside, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        named = {name: value or "" for name, value in attrs}
        assert tag not in {"script", "iframe", "object", "embed"}
        self.fetched += [named[name] for name in ("src", "srcset", "data", "xlink:href") if name in named]
        if tag == "link":
            self.fetched.append(named["href"])
        elif "href" in named:
            self.links.add(named["href"])
        if "id" in named:
            self.ids.add(named["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself, as in SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Must be the innermost one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text that is seen."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, white space made plain."""
        return " ".join(" ".join(self.words).split())


def refuse_some(done: Round) -> Round:
    """flask-gthread loses two of its three validation rounds."""
    hit = (done.scenario, done.target) == ("validation", "flask-gthread") and done.block < 3
    return done.model_copy(update={"reasons": (REASON,)}) if hit else done


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A whole run with one cell that has no verdict."""
    made = made_up.a_run(tmp_path, bend=refuse_some)
    report.write(made)
    return made


def page_of(run: Run) -> Page:
    """The written page, parsed."""
    return Page((run.folder / "report.html").read_text("utf-8"))


def test_a_report_made_again_from_disk_has_the_same_bytes(run: Run) -> None:
    """`parity report RUN` needs no load and changes nothing."""
    before = {name: (run.folder / name).read_bytes() for name in MADE}
    for name in MADE:
        (run.folder / name).unlink()
    assert report.report(run.folder, Console(file=io.StringIO())) == 0
    assert {name: (run.folder / name).read_bytes() for name in MADE} == before


def test_the_page_fetches_nothing(run: Run) -> None:
    """It opens with no network: no script, no font, no picture, no style from elsewhere."""
    text = (run.folder / "report.html").read_text("utf-8")
    assert [url for url in page_of(run).fetched if url != "data:,"] == []
    assert not re.search(r"@import|url\(|https?://", text)


def test_every_link_leads_somewhere_on_the_page(run: Run) -> None:
    """Each row's evidence is there."""
    page = page_of(run)
    assert {f"#{scenario.name}" for scenario in run.plan.scenarios} <= page.links
    assert {link.removeprefix("#") for link in page.links} <= page.ids


def test_the_page_opens_with_the_five_rows(run: Run) -> None:
    """The answer, then the five claims with their verdicts, before any chart."""
    text = page_of(run).text
    places = [text.index(title) for title in ("FastAPI or Flask for this agent?", "Five things said", "How to read")]
    assert places == sorted(places)
    opening = text[places[1] : places[2]]
    titles = ("Async support", "Type validation", "API documentation", "Performance", "Streaming responses")
    assert all(title in opening for title in titles)
    assert opening.count("evidence:") == 5


def test_refused_rounds_show_their_reasons_as_text(run: Run) -> None:
    """A reason is shown with its rounds, and cannot become markup."""
    assert "2 of them refused" in page_of(run).text
    assert REASON in page_of(run).text


def test_a_cell_without_verdict_says_why_on_the_page(run: Run) -> None:
    """No figure, but the reason, in the chart's place."""
    assert "no verdict: 1 good of 2 needed, 2 refused" in page_of(run).text


def test_every_chart_has_its_numbers_in_a_table(run: Run) -> None:
    """Each section's figures are there as text too."""
    verdict = report.write(run)
    text = page_of(run).text
    for section in verdict.sections:
        for panel in section.panels:
            assert f"{panel.title}" in text
    assert text.count("All numbers of this scenario") == 5


def test_a_run_cut_short_says_so_everywhere(tmp_path: Path) -> None:
    """Page, summary and terminal say how many rounds there were."""
    run = made_up.a_run(tmp_path, rounds=7)
    verdict = report.write(run)
    assert "This run was cut short" in page_of(run).text
    assert "7 of 45 rounds had finished" in (run.folder / "summary.md").read_text("utf-8")
    shown = io.StringIO()
    report.terminal.show(Console(file=shown, width=200), run.plan, verdict)
    assert "7 of 45 rounds had finished" in shown.getvalue()


def test_the_summary_is_a_table_with_the_five_rows(run: Run) -> None:
    """Markdown with whole tables: each row has as many cells as its head."""
    text = (run.folder / "summary.md").read_text("utf-8")
    tables = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    assert len(tables) == 6
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert tables[0].count("\n") == 7


def test_the_terminal_names_refused_rounds(run: Run) -> None:
    """Loud where people look first."""
    shown = io.StringIO()
    report.report(run.folder, Console(file=shown, width=200))
    assert re.search(r"refused rounds \d+ and \d+ \(flask-gthread\)", shown.getvalue())
    assert REASON in shown.getvalue()


def test_a_target_keeps_its_colour_and_shape(run: Run) -> None:
    """The nth target of the plan is tn in every chart."""
    text = (run.folder / "report.html").read_text("utf-8")
    for index, name in enumerate(made_up.NAMES):
        bars = re.findall(rf'class="bar (t\d)"><div class="top"><span class="name">{name}<', text)
        named = re.findall(rf'class="name (t\d)">{name}<', text)
        assert {*bars, *named} == {f"t{index}"}
        assert bars


@pytest.mark.parametrize(
    ("top", "end"), [(0.0, 0), (0.93, 1), (1.0, 1), (11.1, 12), (2120, 2500), (2704, 3000), (61, 80), (8100, 10000)]
)
def test_an_axis_ends_at_a_plain_number(run: Run, top: float, end: float) -> None:
    """The axis goes from zero to a round number at or above the highest round."""
    verdict = report.write(results.load(run.folder))
    section = verdict.section("chat")
    assert section is not None
    panel = section.panels[0]
    value = panel.cells[0].value
    assert value is not None
    high = panel.cells[0].model_copy(update={"value": value.model_copy(update={"high": top})})
    assert charts.ceiling(panel.model_copy(update={"cells": (high,)})) == pytest.approx(end)
