"""A turn as a client is given it, and what a client is: the same two verbs wherever it runs.

Rule: every client sends the same bytes to the same address. Neighbours: `clients` (the table), `pages` and
`python_clients` (the readers).
"""

from dataclasses import dataclass
from typing import Any, Protocol

from tests.conformance.events import Event
from tests.conformance.subject import JSON, Subject, payload


class Unreadable(Exception):
    """A client took the answer for a failure, or could not read it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A turn of POST /chat/stream."""

    url: str
    headers: dict[str, str]
    body: str

    def as_fetch(self) -> dict[str, Any]:
        """The same for a page."""
        return {"url": self.url, "method": "POST", "headers": self.headers, "body": self.body}


def sent(server: Subject, message: str, session: str, **headers: str) -> Sent:
    """A turn with the server's first key, unless the headers say otherwise (`x_api_key="..."`)."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    body = payload(message, session).decode("utf-8")
    return Sent(f"{server.url}/chat/stream", {"x-api-key": server.key, **dict([JSON]), **more}, body)


class Reader(Protocol):
    """A client, ready to use."""

    def read(self, turn: Sent) -> list[Event]:
        """All events of the turn; `Unreadable` when it is refused or makes no sense to the client."""

    def leave(self, turn: Sent, after: int) -> list[str]:
        """Go away after so many events; what was noted until then, the events by their types."""
