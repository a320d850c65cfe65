"""The chat page and Swagger UI: served by the server itself, down to the last file.

Neighbours: `tests/browser` (what a browser makes of the pages; here is what can be read without one).
"""

import re
from html.parser import HTMLParser

import pytest

from tests.conformance.subject import Subject

LOADING = {"src", "srcset", "poster", "data", "href"}
FOLLOWED = {"a", "area", "form"}
"""Elements whose address is only visited when a user asks for it."""
EMBEDDED = ("data:", "#")
ELSEWHERE = re.compile(r"(?i)\b(https?|wss?|ftp):/?/?[a-z0-9\[]|[\"'(=]\s*//[a-z0-9\[]|@import")
"""An address of another host, where code or style could load it; comments of a script begin with `// ` or `//--`."""
NAMESPACE = re.compile(r"http://www\.w3\.org/[\w/]+")
"""What looks like an address and is a name: of SVG, of MathML, of XLink."""


class _Page(HTMLParser):
    """What a page loads, and the text of its scripts, styles, style attributes and event handlers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        given = [(name, value) for name, value in attrs if value]
        self.loaded += [value for name, value in given if name in LOADING and tag not in FOLLOWED]
        self.inline += "".join(f"{value}\n" for name, value in given if name == "style" or name.startswith("on"))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open if self._open != tag else ""

    def handle_data(self, data: str) -> None:
        self.inline += data if self._open in {"script", "style"} else ""

    @property
    def elsewhere(self) -> list[str]:
        """Every piece of code or style that names an address of another host."""
        named = NAMESPACE.sub("", self.inline)
        return [named[found.start() : found.start() + 60] for found in ELSEWHERE.finditer(named)]

    @property
    def files(self) -> list[str]:
        """What is loaded and is not in the page itself."""
        return [reference for reference in self.loaded if not reference.startswith(EMBEDDED)]


def _page(server: Subject, target: str) -> tuple[str, _Page]:
    answer = server.request("GET", target)
    assert answer.status == 200
    assert (answer.header("Content-Type") or "").lower() == "text/html; charset=utf-8"
    text = answer.body.decode("utf-8")
    assert text.lstrip().lower().startswith("<!doctype html>")
    return text, _Page(text)


@pytest.mark.clause("routes.page", "docs.offline")
def test_the_chat_page_is_self_contained(server: Subject) -> None:
    """GET / is fetched without a key, and its scripts, styles and references are read.

    Expected: one HTML page that loads no file at all, from this or from any other host, and names no other host.
    """
    _, page = _page(server, "/")
    assert page.files == []
    assert page.elsewhere == []
    assert "/chat/stream" in page.inline


@pytest.mark.clause("docs.page", "docs.offline")
def test_docs_load_from_here(server: Subject) -> None:
    """GET /docs is fetched without a key, and then every file that it names.

    Expected: Swagger UI over /openapi.json; every file comes from the same server, and its code names no other host.
    """
    text, page = _page(server, "/docs")
    assert "swagger-ui" in text
    assert "/openapi.json" in text
    assert [file for file in page.files if re.match(r"(?i)\s*([a-z][a-z0-9+.-]*:|//)", file)] == []
    assert page.elsewhere == []
    assert any(file.endswith(".js") for file in page.files)
    assert {file: server.request("GET", file).status for file in page.files} == dict.fromkeys(page.files, 200)


@pytest.mark.clause("docs.offline")
def test_docs_assets_have_their_types(server: Subject) -> None:
    """The scripts and styles of GET /docs are fetched.

    Expected: they come with the media types that browsers insist on, not empty; the styles load nothing from elsewhere.
    """
    _, page = _page(server, "/docs")
    for file in page.files:
        answer = server.request("GET", file)
        media = (answer.header("Content-Type") or "").partition(";")[0]
        assert len(answer.body) > 100
        if file.endswith(".js"):
            assert media in {"text/javascript", "application/javascript"}
        if file.endswith(".css"):
            assert media == "text/css"
            assert not re.search(rb"(?i)(url\(\s*[\"']?|@import\s+[\"']?)(https?:)?//", answer.body)


@pytest.mark.clause("docs.offline")
def test_docs_ask_no_validator(server: Subject) -> None:
    """The settings of Swagger UI in GET /docs are read.

    Expected: it is told not to send the document to its public validator.
    """
    text, _ = _page(server, "/docs")
    assert re.search(r"validatorUrl[\"']?\s*:\s*(null|\"none\"|'none'|false)", text)
