"""What a page must never do, watched while a case runs: ask another host, complain, let the key out of the tab.

Rule: whatever a case is about, these are checked at its end; a case that provokes a complaint says so beforehand.
Neighbours: `conftest` (attaches a watch to every page).
"""

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page

INSIDE_THE_PAGE = {"data", "blob", "about"}


@dataclass
class Watch:
    """The addresses that a page asked and what its console said, against what is allowed.

    `origin`: the only scheme, host and port that may be asked; `expected`: parts of the complaints that the case
    provokes on purpose (Chromium reports every refused request as a console error).
    """

    origin: str
    addresses: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Note everything from now on."""
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def expect(self, complaint: str) -> None:
        """This case makes the browser complain so, as it must."""
        self.expected.append(complaint)

    def verify(self, page: Page, key: str) -> None:
        """Fail if the page left its origin, complained, or let `key` into an address or into lasting storage."""
        assert [url for url in self.addresses if not self._inside(url)] == []
        assert [text for text in self.complaints if not any(part in text for part in self.expected)] == []
        assert [url for url in self.addresses if key in url] == []
        assert key not in json.dumps(page.context.storage_state())  # cookies and local storage; not the tab's

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _inside(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in INSIDE_THE_PAGE or f"{parts.scheme}://{parts.netloc}" == self.origin
