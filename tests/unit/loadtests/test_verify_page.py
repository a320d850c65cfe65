"""The conformance page: complete without a script, a browser with one opens every cell, and nothing in it is run."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect, sync_playwright

from loadtests.verify import Chosen, files
from loadtests.verify.grades import Grade
from loadtests.verify.page import page
from loadtests.verify.results import Results, visible
from tests import chromium
from tests.unit.loadtests.recorded import NAMES, NASTY, PAIR, exchange, record, records, results

VOID = frozenset({"meta", "link", "input"})


class Reader(HTMLParser):
    """Collects what a browser would fetch and the visible words, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        named = {name: value or "" for name, value in attrs}
        self.fetched += [named[name] for name in ("src", "srcset", "data") if name in named]
        self.fetched += [named["href"]] if tag == "link" else []
        self.links |= {named["href"]} if tag == "a" else set()
        self.ids += [named["id"]] if "id" in named else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Must be the innermost one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, as a reader sees it, or a script."""
        (self.scripts if self.open[-1:] == ["script"] else self.words).append(data)

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(" ".join(self.words).split())


def test_the_page_needs_no_network_and_no_script() -> None:
    """Nothing is fetched; totals, legend, the grades by clause, the wrong, the known and the inapplicable are in it."""
    read = Reader(page(results()))
    assert read.fetched == ["data:,"]
    assert len(set(read.ids)) == len(read.ids)
    for grade in Grade:
        assert grade.explain in read.text
    for words in (
        "1 of 6 cases ended wrong.",
        "GET /health answers, without a key, 200",
        "✗ wrong",
        "Expected: health.nasty works.",
        "The RFC lets it differ.",
        "the kit did not start it",
        "compared byte by byte",
        f"sha256 {'0' * 64}",
    ):
        assert words in read.text, words


def test_nothing_that_a_server_said_is_markup() -> None:
    """An answer that ends scripts and opens others is text in the HTML, and data in the embedded JSON."""
    made = page(results())
    assert "<script>alert" not in made
    assert made.count("</script>") == 2
    data = json.loads(Reader(made).scripts[0])
    assert visible(NASTY) in "\n".join(data["lines"])
    assert not re.search(r"[<>&\u2028]", Reader(made).scripts[0])


TURNED = "a\u202eb\u2066c\u200bd\x85e\x7ff\rg\U000e0041 \u05d0 é \U0001f600\tz"
SHOWN = r"a\u202eb\u2066c\u200bd\u0085e\u007ff\u000dg\U000e0041" + " \u05d0 é \U0001f600\tz"


def turned() -> Results:
    """A wrong case with characters that turn text round, or that nobody sees, wherever a server could put them."""
    seen = exchange(NAMES[0], TURNED, sent=f"GET /{TURNED} HTTP/1.1\r\n\r\n")
    return results(record("turned", NAMES[0], Grade.WRONG, reason=TURNED, does=TURNED, exchanges=(seen,)))


def test_what_turns_text_round_is_shown() -> None:
    """Control, format and bidirectional characters are escapes; letters of any script, tabs and line ends stay."""
    assert visible(TURNED) == SHOWN
    assert visible("a\r\nb\n") == "a\r\nb\n"
    made = page(turned())
    lines = json.loads(Reader(made).scripts[0])["lines"]
    assert {f"GET /{SHOWN} HTTP/1.1\r", SHOWN} <= set(lines)
    assert made.count(SHOWN) >= 2  # what was done, and the reason
    assert not set("\u202e\u2066\x85\x7f") & set(made)


def test_equal_answers_are_stored_once() -> None:
    """Thousands of cases on three targets stay small: a line is in the page once, whoever sent it."""
    body = '{"reply":"an answer ' + "that is long " * 40 + '"}'
    many = [
        record(f"case.{number}", name, exchanges=(exchange(name, body), exchange(name, body)))
        for number in range(1200)
        for name in (*NAMES, PAIR)
    ]
    made = page(results(*many))
    assert made.count("an answer that is long") == 1
    assert len(made) < 800_000


@pytest.mark.parametrize(
    ("found", "headline"),
    [
        (results(record("plain", NAMES[0])), "Every promise that was tried is kept."),
        (results(record("plain", PAIR)), "kept, and a client cannot tell the servers apart by them."),
        (results(record("odd", NAMES[0], Grade.KNOWN), record("x", NAMES[0])), "save for 1 known difference."),
        (results(record("plain", NAMES[0], Grade.NOT_APPLICABLE)), "No case applied, so nothing was shown."),
        (results(record("plain", NAMES[0]), chosen=Chosen(expression="x")), "This is no pass"),
    ],
    ids=["alone", "pair", "known", "nothing", "selection"],
)
def test_the_headline_says_what_came_of_it(found: object, headline: str) -> None:
    """One sentence, true of this run."""
    assert headline in Reader(page(found)).text  # type: ignore[arg-type]  # results, as the table above has it


def refuse(dialog: Dialog, said: list[str]) -> None:
    """Note that a page has opened a dialog, and close it."""
    said.append(dialog.message)
    dialog.dismiss()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Page]:
    """The page of the made-up run in a browser of a phone's width; it must have said nothing in its console."""
    program = chromium.program()
    files.write(results(*records(), record("health.more", NAMES[0])), files.made(tmp_path))
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright, program, "127.0.0.1")
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        tab.set_default_timeout(chromium.TIMEOUT)
        said: list[str] = []
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("dialog", lambda dialog: refuse(dialog, said))
        tab.goto((tmp_path / files.PAGE).as_uri())
        yield tab
        assert said == []
        browser.close()


def cell(tab: Page, subject: int) -> str:
    """Where the cell of routes.health and this subject is."""
    assert tab.url
    return f'tr[data-clause="routes.health"] td[data-subject="{subject}"]'


def test_a_cell_opens_to_its_cases_with_both_answers(opened: Page) -> None:
    """By keyboard: its sentences, the reason, the request, and the reference's answer with what differs marked."""
    opened.focus(f"{cell(opened, 1)} button")
    opened.keyboard.press("Enter")
    found = opened.locator("tr.cases details.case")
    expect(found).to_have_count(2)
    expect(found.first).to_contain_text("wrong")
    found.first.locator("summary").focus()
    opened.keyboard.press("Enter")
    expect(found.first).to_contain_text("Expected: health.nasty works.")
    expect(found.first).to_contain_text("second line")
    expect(found.first.locator(".exchange")).to_contain_text("GET /health HTTP/1.1")
    answers = found.first.locator(".answers > div")
    expect(answers.nth(0)).to_contain_text("Answer of flask-gevent")
    expect(answers.nth(1)).to_contain_text("Answer of fastapi-uvicorn")
    expect(answers.nth(0).locator("mark")).to_have_text(['{"a":1}'])
    expect(answers.nth(0).locator("span.may")).to_have_text("Server: gunicorn")
    assert "<b>&amp;</b>" in (answers.nth(1).text_content() or "")
    opened.keyboard.press("Escape")
    expect(opened.locator("tr.cases")).to_have_count(0)
    assert opened.evaluate("document.activeElement.className") == "open"


def test_a_pairs_cell_shows_both_twins(opened: Page) -> None:
    """Of a pair, the two answers stand beside each other."""
    opened.click(f"{cell(opened, 2)} button")
    opened.click("tr.cases summary")
    expect(opened.locator(".answers h4")).to_have_text(["Answer of fastapi-uvicorn", "Answer of flask-gevent"])


def test_grades_and_words_filter_the_table(opened: Page) -> None:
    """Rows without a match go, cells count what is left, and it is said how many that are."""
    rows = opened.locator("tr[data-clause]:visible")
    expect(rows).to_have_count(3)
    for name in ("identical", "known difference", "not applicable"):
        opened.get_by_label(re.compile(f". {name}")).uncheck()
    expect(rows).to_have_count(1)
    expect(opened.locator(cell(opened, 1))).to_contain_text("wrong")
    expect(opened.locator(cell(opened, 0))).to_have_text("·")
    expect(opened.locator("#found")).to_have_text("1 in the table")
    opened.get_by_role("searchbox").fill("no such word")
    expect(rows).to_have_count(0)
    expect(opened.locator("#found")).to_have_text("nothing matches")
    for box in opened.get_by_role("checkbox").all():
        box.check()
    opened.get_by_role("searchbox").fill("DID not start")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("stop.idle")


def test_a_known_difference_leads_to_its_text(opened: Page) -> None:
    """The case links to the explanation, which opens."""
    opened.click('tr[data-clause="beyond the contract"] td[data-subject="0"] button')
    opened.click("tr.cases summary")
    opened.click("tr.cases a")
    expect(opened.locator("#known-odd-host")).to_have_attribute("open", "")
    expect(opened.locator("#known-odd-host .why")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits(opened: Page, width: int, scheme: str) -> None:
    """No width scrolls sideways, opened or not, and text can be told from what is behind it in either colour scheme."""
    opened.set_viewport_size({"width": width, "height": 800})
    opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    opened.click(f"{cell(opened, 1)} button")
    for summary in opened.locator("tr.cases summary").all():
        summary.click()
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    for selector in (".badge", ".open .counts", ".may", "mark", ".promise"):
        assert opened.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector


CONTRAST = """element => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = colours => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = rgb => rgb.map(value => value / 255)
    .map(value => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
    .reduce((sum, value, place) => sum + value * [.2126, .7152, .0722][place], 0);
  const behind = [];
  for (let one = element; one; one = one.parentElement) behind.unshift(getComputedStyle(one).backgroundColor);
  const [text, ground] = [light(paint([...behind, getComputedStyle(element).color])), light(paint(behind))];
  return (Math.max(text, ground) + .05) / (Math.min(text, ground) + .05);
}"""
