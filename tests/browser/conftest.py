"""A browser for each case: Chromium of this machine, driven by Playwright, with no way out to another host.

Rule: a case has a browser of its own. Playwright's event loop stays marked as running in its thread for as long as
it is open, so one kept for the session would break every `asyncio.run` of another suite in the same process.
Neighbours: `tests/chromium.py` (starts it), `tests/conftest.py` (the fixture `server`), `watch`, `chat`.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from shared.web import chat_page
from tests import chromium
from tests.browser.chat import Chat
from tests.browser.watch import Watch
from tests.conformance.subject import Subject

ALONE = "http://127.0.0.1:9"  # the port "discard": nothing listens, every answer is the case's own
KEY_ALONE = "key-of-no-server"


@pytest.fixture
def origin(request: pytest.FixtureRequest) -> str:
    """Where the page comes from: the case's server, or nowhere at all."""
    if "server" not in request.fixturenames:
        return ALONE
    server: Subject = request.getfixturevalue("server")
    return server.url


@pytest.fixture
def watch(origin: str) -> Watch:
    """What the page asks and says, checked when the case has ended."""
    return Watch(origin)


@pytest.fixture
def page(request: pytest.FixtureRequest, origin: str, watch: Watch) -> Iterator[Page]:
    """An empty tab."""
    program = chromium.program()
    expect.set_options(timeout=chromium.TIMEOUT)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright, program, urlsplit(origin).hostname or "")
        tab = browser.new_page()
        tab.set_default_timeout(chromium.TIMEOUT)
        watch.attach(tab)
        yield tab
        watch.verify(tab, KEY_ALONE if origin == ALONE else request.getfixturevalue("server").key)
        browser.close()


@pytest.fixture
def chat(page: Page, server: Subject) -> Chat:
    """The chat page of the server, with no key entered yet."""
    page.goto(server.url)
    return Chat(page)


@pytest.fixture
def chat_alone(page: Page) -> Chat:
    """The chat page with a key entered and no server behind it: the case answers by `page.route`."""

    def deliver(route: Route) -> None:
        route.fulfill(body=chat_page(), content_type="text/html; charset=utf-8")

    page.route(f"{ALONE}/", deliver)
    page.goto(ALONE)
    chat = Chat(page)
    chat.use_key(KEY_ALONE)
    return chat
