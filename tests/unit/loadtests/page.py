"""A report's page as a browser would take it apart: what it fetches, names, links to and draws.

Rule: tags must be closed in order; a script, a frame or an object is an error. Neighbours: `test_report`,
`test_report_charts`.
"""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from loadtests.report import html
from tests.unit.loadtests.sample_run import Sample

# elements that have no end tag
VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})


class Page(HTMLParser):
    """`pictures`: attributes of each outermost SVG; `figures`: the table each chart names; `rows`: in each table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.pictures: list[dict[str, str]] = []
        self.figures: list[str] = []
        self.rows: Counter[str] = Counter()
        self.words: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(text)
        assert not self._open, f"not closed: {self._open}"

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
            self.ids.append(named["id"])
        self._note(tag, named)
        if tag not in VOID:
            self._open.append((tag, named.get("id", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself, as in SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Must be the innermost one."""
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Text that is seen."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, white space made plain."""
        return " ".join(" ".join(self.words).split())

    def _note(self, tag: str, named: dict[str, str]) -> None:
        """What the tests ask of charts and their tables."""
        around = [name for name, _ in self._open]
        if tag == "svg" and "svg" not in around:
            self.pictures.append(named)
        if tag == "figure":
            self.figures.append(named["aria-details"])
        if tag == "tr" and "tbody" in around:
            self.rows.update(name for kind, name in self._open if kind == "details")


def text_of(sample: Sample) -> str:
    """All that is read on a sample's page."""
    return Page(html.page(*sample)).text
