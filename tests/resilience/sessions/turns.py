"""One turn as a client sees it, on either route, while anything may be wrong with the server.

Rule: five outcomes and no exception: `completed` (200, or `end`), `refused` (the contract's 503, or its `error` event,
word for word), `broken` (the connection broke off), `wrong` (anything else, a wait without an answer too). Neighbours:
`load` (many of them at once), `kept` (what became of the completed ones).
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import h11

from tests.conformance import events, wire
from tests.conformance.subject import JSON, Subject, payload

Outcome = Literal["completed", "refused", "broken", "wrong"]
REFUSAL = {"error": "Service unavailable", "detail": "The session store is out of reach"}


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that was asked for: what came of it, when it began (monotonic seconds) and how long that took."""

    session: str
    text: str
    outcome: Outcome
    reply: str
    began: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Client:
    """Takes turns with a server; `patience` is in seconds. Every text is another, so that each turn can be told."""

    subject: Subject
    patience: float = 30.0
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def take(self, session: str) -> Turn:
        """One turn, by POST /chat and by POST /chat/stream in turn."""
        number = next(self._numbers)
        text, route = f"turn {number}", "/chat/stream" if number % 2 else "/chat"
        began = time.monotonic()
        try:
            outcome, reply = _judged(self._answer(route, payload(text, session)))
        except TimeoutError:
            outcome, reply = "wrong", f"no answer in {self.patience:g} s"
        except (OSError, h11.RemoteProtocolError) as error:
            outcome, reply = "broken", repr(error)
        return Turn(session, text, outcome, reply, began, time.monotonic() - began)

    def _answer(self, route: str, body: bytes) -> wire.Answer:
        with self.subject.connect(self.patience) as connection:
            connection.expect("POST")
            connection.send(wire.request("POST", route, [("X-API-Key", self.subject.key), JSON], body))
            return connection.answer()


def _judged(answer: wire.Answer) -> tuple[Outcome, str]:
    """What a whole answer says, and its reply (or, of a wrong one, its words)."""
    if (answer.header("Content-Type") or "").startswith("text/event-stream"):
        return _judged_stream(answer.body)
    if answer.status == 200:
        return "completed", answer.json()["reply"]
    told = (answer.status, answer.header("Retry-After"), answer.json())
    return ("refused", "") if told == (503, "1", REFUSAL) else ("wrong", repr(told))


def _judged_stream(body: bytes) -> tuple[Outcome, str]:
    found, rest = events.parse(body)
    last = found[-1] if found else {}
    if last == {"type": "end"} and not rest:
        return "completed", events.text(found)
    return ("refused", "") if last == {"type": "error", **REFUSAL} else ("wrong", repr((last, rest)))
