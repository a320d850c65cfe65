"""What the upstream has been asked and has sent: the counts of `/stats`, the calls of `/calls`.

Rule: something is counted when it is handed to the socket, and a call ends once: with the first outcome that it is
given. Times are `time.time()` seconds. Neighbours: `app` (opens calls), `player` (what goes out), `client`.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

KEPT = 2_000  # the last calls that /calls tells of
OPEN, COMPLETED, CANCELLED = "open", "completed", "cancelled"


class Stats(BaseModel):
    """Everything since the start: requests = calls + refused, and calls = open + completed + cancelled + failed.

    `failed` calls ended as the fault that they were given; `faults` counts the calls that were given each fault,
    however they ended. `tokens` and `characters` are the text's; a connection counts with its first request.
    """

    model_config = ConfigDict(frozen=True)

    requests: int
    calls: int
    open: int
    completed: int
    cancelled: int
    failed: int
    refused: int
    faults: Mapping[str, int]
    tokens: int
    characters: int
    tool_calls: int
    connections: int


class Call(BaseModel):
    """One call. `outcome`: open, completed, cancelled (the client left) or the name of the fault that it ended as."""

    model_config = ConfigDict(frozen=True)

    id: str
    began: float
    ended: float | None
    outcome: str
    tokens: int
    characters: int
    fault: str | None


@dataclass(slots=True)
class Entry:
    """A call under way; whoever plays it says what went out."""

    id: str
    number: int
    fault: str | None
    began: float
    ledger: "Ledger" = field(repr=False)
    ended: float | None = None
    outcome: str = OPEN
    tokens: int = 0
    characters: int = 0

    def said(self, tokens: int, characters: int) -> None:
        """Text has gone out."""
        self.tokens += tokens
        self.characters += characters
        self.ledger.tokens += tokens
        self.ledger.characters += characters

    def called(self, tools: int = 1) -> None:
        """Tools have been called."""
        self.ledger.tool_calls += tools

    def end(self, outcome: str) -> None:
        """It is over; said a second time, nothing changes."""
        if self.ended is None:
            self.outcome, self.ended = outcome, self.ledger.now()
            self.ledger.outcomes[outcome] += 1

    def frozen(self) -> Call:
        """As it is now."""
        return Call(**{name: getattr(self, name) for name in Call.model_fields})


class Ledger:
    """The counts of one process; used on its event loop alone, so nothing is locked."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.requests = self.refused = self.tokens = self.characters = self.tool_calls = self.connections = 0
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._number = 0
        self._kept: deque[Entry] = deque(maxlen=KEPT)

    def next_number(self) -> int:
        """The number of the call that `begin` opens next, from 1."""
        return self._number + 1

    def begin(self, fault: str | None) -> Entry:
        """Open a call."""
        self._number += 1
        if fault:
            self.faults[fault] += 1
        entry = Entry(f"chatcmpl-{self._number:08d}", self._number, fault, self.now(), self)
        self._kept.append(entry)
        return entry

    def stats(self) -> Stats:
        """The counts as they are now."""
        ended = self.outcomes.total()
        completed, cancelled = self.outcomes[COMPLETED], self.outcomes[CANCELLED]
        return Stats(
            requests=self.requests,
            calls=self._number,
            open=self._number - ended,
            completed=completed,
            cancelled=cancelled,
            failed=ended - completed - cancelled,
            refused=self.refused,
            faults=dict(self.faults),
            tokens=self.tokens,
            characters=self.characters,
            tool_calls=self.tool_calls,
            connections=self.connections,
        )

    def calls(self) -> tuple[Call, ...]:
        """The last calls, oldest first."""
        return tuple(entry.frozen() for entry in self._kept)
