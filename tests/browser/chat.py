"""The chat page as its users see it: labels, buttons and words, in the order of a conversation.

Rule: found by what is written on the page; only a turn's state and kind of part are read from attributes.
Neighbours: `test_chat` (against servers), `test_page` (the page alone).
"""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, Page, expect

State = Literal["waiting", "streaming", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Chat:
    """One tab with the chat page open."""

    page: Page

    def use_key(self, key: str) -> None:
        """Enter the key, by keyboard."""
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_label("API key").press("Enter")

    def say(self, message: str) -> Locator:
        """Send a message by keyboard; its turn."""
        self.box.fill(message)
        self.box.press("Enter")
        return self.turns.last

    def complete(self, message: str) -> Locator:
        """Send a message and wait for the whole reply; its turn."""
        before = self.turns.count()
        self.say(message)
        expect(self.turns).to_have_count(before + 1)
        self.await_state("done")
        return self.turns.last

    def await_state(self, state: State) -> None:
        """Wait until the last turn is in this state."""
        expect(self.turns.last).to_have_attribute("data-state", state)

    def button(self, name: str) -> Locator:
        """The button with exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def box(self) -> Locator:
        """Where messages are written."""
        return self.page.get_by_label("Message", exact=True)

    @property
    def turns(self) -> Locator:
        """All turns shown, oldest first."""
        return self.page.get_by_role("log").get_by_role("article")

    @property
    def notes(self) -> Locator:
        """What the page itself says of turns that did not complete."""
        return self.page.locator(".note")

    @property
    def reply(self) -> str:
        """The text of the last turn's reply so far, without tool calls."""
        return "".join(self.turns.last.locator(".reply .text").all_text_contents())

    @property
    def session_id(self) -> str:
        """The session that the page shows; empty when there is none yet."""
        return self.page.locator("#session").text_content() or ""
