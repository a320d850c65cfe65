"""Swagger UI of each server: all operations, and "Try it out", with no other host."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.watch import Watch
from tests.conformance.subject import Subject

pytestmark = [pytest.mark.concurrent(2), pytest.mark.clause("docs.page", "docs.offline")]

OPERATIONS = {
    "GET /health",
    "POST /chat",
    "POST /chat/stream",
    "GET /sessions/{session_id}",
    "DELETE /sessions/{session_id}",
}


def operation(page: Page, method: str, path: str) -> Locator:
    """One operation's block."""
    summary = page.locator(f'.opblock-summary-path[data-path="{path}"]')
    return page.locator(f".opblock-{method.lower()}").filter(has=summary)


def authorize(page: Page, key: str) -> None:
    """Enter the key as the page asks for it."""
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_role("textbox").fill(key)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").first.click()


def test_operations(page: Page, server: Subject, watch: Watch) -> None:
    """Swagger UI shows every operation, from files of this server alone."""
    page.goto(f"{server.url}/docs")
    for name in sorted(OPERATIONS):
        expect(operation(page, *name.split())).to_be_visible()
    assets = [url for url in watch.addresses if "/docs/assets/" in url]
    assert {url.rsplit("/", 1)[-1] for url in assets} >= {"swagger-ui.css", "swagger-ui-bundle.js"}


def test_try_it_out(page: Page, server: Subject) -> None:
    """With the key entered, "Try it out" of POST /chat gives 200 and a reply; a reload keeps the key."""
    page.goto(f"{server.url}/docs")
    authorize(page, server.key)
    page.reload()
    block = operation(page, "POST", "/chat")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("textbox").fill('{"message": "calculate 6 * 7"}')
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table tbody")
    expect(answer.locator(".response-col_status").first).to_contain_text("200")
    expect(answer).to_contain_text('"reply"')
    expect(answer).to_contain_text("42")
