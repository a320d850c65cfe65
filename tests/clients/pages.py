"""Chromium with the fixture page open, kept for many cases.

Rule: Playwright lives in a thread of its own, because no other event loop can run in the one that it lives in. Nothing
goes through Playwright's `route`, which answers preflights by itself: every decision here is Chromium's, on what the
server sent. Neighbours: `site` (serves the page), `web/page.js` (what it can do), `tests/chromium.py`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import chromium
from tests.clients import site
from tests.clients.sent import Sent, Unreadable
from tests.conformance.events import Event

CALL = "([name, given]) => window.kit[name](...given)"


@dataclass
class Pages:
    """The fixture page, one tab for each origin that was asked for."""

    _browser: Browser
    _run: Callable[..., Any]  # in the browser's thread
    _tabs: dict[str, Page] = field(default_factory=dict)

    def call(self, origin: str, name: str, *given: Any) -> Any:
        """What the page at this origin answers to a call of one of its functions."""
        return self._run(self._call, origin, name, list(given))

    def ask(self, origin: str, request: dict[str, Any]) -> dict[str, Any]:
        """One request: what a page can read of the answer, or the name of the failure."""
        answer: dict[str, Any] = self.call(origin, "ask", request)
        return answer

    def _call(self, origin: str, name: str, given: list[Any]) -> Any:
        if origin not in self._tabs:
            self._tabs[origin] = tab = self._browser.new_page()
            tab.set_default_timeout(chromium.TIMEOUT)
            tab.goto(f"{origin}{site.PAGE}")
        return self._tabs[origin].evaluate(CALL, [name, given])


@contextmanager
def opened() -> Iterator[Pages]:
    """Chromium, started and ended, with the page's server."""
    program = chromium.program()
    with site.served() as rules, ThreadPoolExecutor(1, thread_name_prefix="chromium") as thread:

        def run(work: Callable[..., Any], *given: Any) -> Any:
            return thread.submit(work, *given).result()

        starter = sync_playwright()
        playwright: Playwright = run(starter.start)
        try:
            browser = run(chromium.launch, playwright, program, "127.0.0.1", *rules)
            yield Pages(browser, run)
            run(browser.close)
        finally:
            run(playwright.stop)


@dataclass(frozen=True)
class PageReader:
    """A client that runs in the page of an allowed origin."""

    pages: Pages
    client: str

    def read(self, turn: Sent) -> list[Event]:
        """The whole turn."""
        answer = self.pages.call(site.ALLOWED, "read", self.client, turn.as_fetch())
        if "failed" in answer:
            raise Unreadable(f"{answer['failed']}, after {answer['events']}")
        events: list[Event] = answer["events"]
        return events

    def leave(self, turn: Sent, after: int) -> list[str]:
        """Its first events, an answer of /health that the page had meanwhile, and the end that it made."""
        health = turn.url.replace("/chat/stream", "/health")
        notes: list[str] = self.pages.call(site.ALLOWED, "leave", self.client, turn.as_fetch(), after, health)
        assert "/health: 200" in notes, notes
        assert notes[-1] == "aborted", notes
        return notes
