"""Whether a failed model call is tried again, and after how long: pure, so that a table can test it.

Rule: only what may pass by itself is tried again (the connection, 408, 409, 429, 5xx), only before the first delta,
so that nothing is said twice, and only if the pause ends within the time that the first token has: what cannot help
any more is told at once. Neighbours: `plan` (asks), `client` (makes the pause).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from shared.clock import Clock

STATUSES = {408, 409, 429}  # and every 5xx
FIRST_PAUSE = 0.5  # seconds; doubled each time, as the SDK does
LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class Patience:
    """`retries` after the first attempt, all of them within `seconds` of the question."""

    retries: int
    seconds: float


class Retries:
    """The attempts at one question, which is asked now; `chance` gives 0 to 1."""

    def __init__(self, patience: Patience, clock: Clock, chance: Callable[[], float]) -> None:
        self._patience, self._clock, self._chance = patience, clock, chance
        self._deadline = clock.monotonic() + patience.seconds
        self._failed = 0

    def pause(self, exc: Exception, *, begun: bool) -> float | None:
        """Seconds to wait before the next attempt; None when there is to be none."""
        self._failed += 1
        if begun or self._failed > self._patience.retries or not may_pass(exc):
            return None
        asked = (
            told_to_wait(exc.response.headers, self._clock.wall()) if isinstance(exc, openai.APIStatusError) else None
        )
        pause = self._backoff() if asked is None else asked
        return pause if self._clock.monotonic() + pause < self._deadline else None

    def _backoff(self) -> float:
        """Twice as long each time, less up to a quarter, so that clients who failed together do not come together."""
        longest: float = min(FIRST_PAUSE * 2 ** (self._failed - 1), LONGEST_PAUSE)
        return longest * (1 - 0.25 * self._chance())


def may_pass(exc: Exception) -> bool:
    """Whether the same question may be answered a little later."""
    if isinstance(exc, openai.APIStatusError):
        return exc.status_code in STATUSES or exc.status_code >= 500
    return isinstance(exc, openai.APIConnectionError)


def told_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After-Ms` or `Retry-After` (seconds, or a date: RFC 9110, section 10.2.3) asks for."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return _until(value, now) if seconds is None else seconds


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _until(value: str | None, now: float) -> float | None:
    try:
        date = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((aware - datetime.fromtimestamp(now, UTC)).total_seconds(), 0.0)
