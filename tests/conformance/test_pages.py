"""The chat page and Swagger UI: served by the server itself, down to the last file."""

import re
from html.parser import HTMLParser

import pytest

from tests.conformance.subject import Subject

LOADING = {"src", "href", "srcset", "action", "poster", "data"}


class _References(HTMLParser):
    """Collects what a page loads or leads to, its title, and its inline scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.found += [value for name, value in attrs if name in LOADING and value]

    def handle_data(self, data: str) -> None:
        self.inline += data if self._open in {"script", "style"} else ""


def _page(server: Subject, target: str) -> tuple[str, _References]:
    answer = server.request("GET", target)
    assert answer.status == 200
    assert (answer.header("Content-Type") or "").lower() == "text/html; charset=utf-8"
    page = answer.body.decode("utf-8")
    return page, _References(page)


def _elsewhere(reference: str) -> bool:
    return bool(re.match(r"(?i)\s*([a-z][a-z0-9+.-]*:)?//|ftp:|https?:", reference))


@pytest.mark.clause("routes.page", "docs.offline")
def test_the_chat_page_is_self_contained(server: Subject) -> None:
    """GET / is one HTML page that loads no file at all, from this or from any other host."""
    page, references = _page(server, "/")
    assert page.lstrip().lower().startswith("<!doctype html>")
    loaded = [
        reference for reference in references.found if not reference.startswith(("data:", "#", "/docs", "/openapi"))
    ]
    assert loaded == []
    assert not re.search(r"(?i)(https?:)?//[a-z0-9.-]+\.[a-z]{2,}/", references.inline)
    assert "@import" not in references.inline


@pytest.mark.clause("docs.page", "docs.offline")
def test_docs_load_from_here(server: Subject) -> None:
    """GET /docs is Swagger UI over /openapi.json, and every file it names is served by the same server."""
    page, references = _page(server, "/docs")
    assert "swagger-ui" in page
    assert "/openapi.json" in page
    files = [reference for reference in references.found if not reference.startswith(("data:", "#"))]
    assert [reference for reference in files if _elsewhere(reference)] == []
    assert any(reference.endswith(".js") for reference in files)
    assert {reference: server.request("GET", reference).status for reference in files} == dict.fromkeys(files, 200)


@pytest.mark.clause("docs.offline")
def test_docs_assets_have_their_types(server: Subject) -> None:
    """Scripts and styles come with the media type that browsers insist on, and load nothing from elsewhere."""
    _, references = _page(server, "/docs")
    for reference in references.found:
        answer = server.request("GET", reference)
        media = (answer.header("Content-Type") or "").partition(";")[0]
        if reference.endswith(".js"):
            assert media in {"text/javascript", "application/javascript"}
        if reference.endswith(".css"):
            assert media == "text/css"
            assert not re.search(rb"(?i)url\(\s*[\"']?(https?:)?//", answer.body)


@pytest.mark.clause("docs.offline")
def test_docs_ask_no_validator(server: Subject) -> None:
    """Swagger UI is told not to send the document to its public validator."""
    page, _ = _page(server, "/docs")
    assert re.search(r"validatorUrl[\"']?\s*:\s*(null|\"none\"|'none'|false)", page)
