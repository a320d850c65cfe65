"""Counts what a load did: requests, failures, distributions, streams, a line for each second.

Rule: the window decides what counts, and before it opens nothing does. A request belongs to it by its intended
start, however long it takes; a failure also by its end, so that nothing that broke inside the window is lost.
Throughput, goodput, the timeline, token gaps and reads are flows and belong to it by the moment they happened. Only
`received` knows no window: it is held against what the model has sent. Not shared between threads; greenlets do not
interrupt it. Neighbours: `generator` records, `opening` opens the window,
`progress` sees what is before it, `totals` is what leaves the process, `histogram`, `rows`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from math import inf
from operator import add, sub
from typing import Final, NamedTuple

from loadtests.drive.histogram import Durations
from loadtests.drive.progress import Progress
from loadtests.drive.receipt import Turn
from loadtests.drive.rows import Rows
from loadtests.drive.totals import FailureSample, Received, Second, Tally, Totals, Warmup, WorstStream

EXAMPLE: Final = 300  # characters kept of a failure's first example


class Window(NamedTuple):
    """What counts: from `start` for `seconds` (monotonic); `inf` seconds for a load that a person stops."""

    start: float
    seconds: float = inf

    @property
    def end(self) -> float:
        """The first moment that no longer counts."""
        return self.start + self.seconds

    def holds(self, moment: float) -> bool:
        """Whether this moment is inside."""
        return self.start <= moment < self.start + self.seconds


CLOSED: Final = Window(inf)
"""A window that has not opened yet: no moment is inside, and it has no end."""


class Streamed(NamedTuple):
    """What a stream brought: the time stamp of its first content, and of each token event."""

    first_content: float | None
    stamps: Sequence[float]
    complete: bool

    @property
    def gaps(self) -> list[float]:
        """The gaps between consecutive token events, in seconds."""
        return list(map(sub, self.stamps[1:], self.stamps))


class Outcome(NamedTuple):
    """One finished request. Times are monotonic seconds; `reason` is None when all was as expected."""

    intended: float
    sent: float
    first_byte: float | None
    end: float
    reason: str | None = None
    example: str = ""
    group: str | None = None
    apart: bool = False  # a probe: reported in its group only
    good: bool = True  # met the SLO
    streamed: Streamed | None = None
    status: int = 0


def counts(outcome: Outcome, window: Window) -> bool:
    """Whether a request is one of the window's: by its intended start, or as a failure by its end."""
    return window.holds(outcome.intended) or (outcome.reason is not None and window.holds(outcome.end))


class _Group:
    """A tally being counted."""

    def __init__(self) -> None:
        self.count = self.errors = self.done = self.good = 0
        self.busy = 0.0
        self.durations: dict[str, Durations] = defaultdict(Durations)

    def add(self, outcome: Outcome, opens: float, closes: float) -> None:
        intended, sent, first_byte, end, reason = outcome[:5]
        inside = opens <= intended < closes
        ended_inside = opens <= end < closes
        if sent < closes and end > opens:
            self.busy += min(end, closes) - max(sent, opens)
        if reason is not None:
            counted = inside or ended_inside
            self.count += counted
            self.errors += counted
            return
        if ended_inside:
            self.done += 1
            self.good += outcome.good
        if inside:
            self.count += 1
            durations = self.durations
            durations["latency"].add(end - sent)
            durations["latency_intended"].add(end - intended)
            durations["ttfb"].add((first_byte or end) - sent)

    def tally(self) -> Tally:
        return Tally(
            count=self.count,
            errors=self.errors,
            done=self.done,
            good=self.good,
            busy=self.busy,
            histograms={name: durations.encode() for name, durations in self.durations.items()},
        )


class Recorder:
    """Takes outcomes one by one; `totals` says at the end what they come to."""

    def __init__(self, window: Window = CLOSED, *, started_at: float = 0.0, rows: Rows | None = None) -> None:
        """`started_at` is the window's start as Unix time; `rows` keeps every request of it."""
        self.window = window
        self._span = window.start, window.end
        self.warmup = Warmup()
        self.progress = Progress()
        self.hub_lag = Durations()
        self._started_at = started_at
        self._rows = rows
        self._whole = _Group()
        self._groups: dict[str, _Group] = defaultdict(_Group)
        self._failures: dict[str, tuple[int, str]] = {}
        self._seconds: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        self._arrivals = {"offered": 0, "dropped": 0, "late": 0}
        self._streams = {"completed_streams": 0, "truncated_streams": 0, "tokens": 0, "token_reads": 0}
        self._body_checks = 0
        self._received = [0] * len(Received.model_fields)
        self._in_flight = self._most_in_flight = 0
        self._worst: tuple[float, float, Sequence[float]] | None = None

    def open(self, window: Window, started_at: float, warmup: Warmup) -> None:
        """From this window on it counts; what was before it does not."""
        self.window, self._started_at, self.warmup = window, started_at, warmup
        self._span = window.start, window.end
        self._body_checks, self._most_in_flight = 0, self._in_flight

    def enter(self) -> None:
        """A request of the load begins."""
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)

    def leave(self) -> None:
        """A request of the load is over."""
        self._in_flight -= 1

    @property
    def in_flight(self) -> int:
        """Requests that have begun and are not over."""
        return self._in_flight

    def arrival(self, due: float, *, dropped: bool = False, late: bool = False) -> None:
        """An open loop's arrival was due at this time; it was sent, sent late, or dropped."""
        if self.window.holds(due):
            self._arrivals["offered"] += 1
            self._arrivals["dropped"] += dropped
            self._arrivals["late"] += late

    def checked(self) -> None:
        """One body was checked in depth."""
        self._body_checks += 1

    def received(self, turn: Turn) -> None:
        """A turn has come whole, whenever."""
        self._received = [1 + self._received[0], *map(add, self._received[1:], turn)]

    def record(self, outcome: Outcome) -> None:
        """Count one finished request."""
        opens, closes = self._span
        if outcome.group is not None:
            self._groups[outcome.group].add(outcome, opens, closes)
        if outcome.apart:
            return self._row(outcome)
        self._whole.add(outcome, opens, closes)
        if self.window is CLOSED:
            self.progress.ended(outcome.sent, outcome.end, outcome.streamed)
        if outcome.streamed is not None:
            self._stream(outcome, outcome.streamed)
        if outcome.reason is not None:
            self._failed(outcome, outcome.reason)
        if opens <= outcome.end < closes:
            self._seconds[int(outcome.end - opens)][outcome.reason is not None] += 1
        return self._row(outcome)

    def _row(self, outcome: Outcome) -> None:
        if self._rows is not None and counts(outcome, self.window):
            self._rows.keep(outcome)

    def _failed(self, outcome: Outcome, reason: str) -> None:
        if counts(outcome, self.window):
            count, example = self._failures.get(reason, (0, outcome.example[:EXAMPLE]))
            self._failures[reason] = count + 1, example

    def _stream(self, outcome: Outcome, streamed: Streamed) -> None:
        start, end = self._span
        inside, ended = start <= outcome.intended < end, start <= outcome.end < end
        durations, stamps, gaps = self._whole.durations, streamed.stamps, streamed.gaps
        if inside or (ended and not streamed.complete):
            self._streams["completed_streams" if streamed.complete else "truncated_streams"] += 1
        if inside and streamed.first_content is not None:
            durations["ttft"].add(streamed.first_content - outcome.sent)
        if inside and gaps:
            longest = max(gaps)
            durations["longest_gap"].add(longest)
            if self._worst is None or longest > self._worst[0]:
                self._worst = longest, outcome.sent, stamps
        first, last = bisect_left(stamps, start), bisect_left(stamps, end)
        if first < last:  # gaps[i] ends with stamps[i + 1]
            within = gaps[max(first - 1, 0) : last - 1]
            durations["itl"].extend(within)
            self._streams["tokens"] += last - first
            self._streams["token_reads"] += last - first - within.count(0.0)  # a read has one stamp, no two share it

    @property
    def worst_stream(self) -> WorstStream | None:
        """The stream with the longest gap of all that began in the window."""
        if self._worst is None:
            return None
        longest, sent, stamps = self._worst
        tokens = tuple(round((stamp - sent) * 1e3, 3) for stamp in stamps)
        return WorstStream(longest_gap_ms=round(longest * 1e3, 3), tokens_ms=tokens)

    def totals(self, *, cpu_percent: float, faults: tuple[str, ...] = ()) -> Totals:
        """What was counted, with the CPU that counting and sending took (percent of one core)."""
        last = max(self._seconds, default=-1) if self.window.seconds == inf else int(-(-self.window.seconds // 1)) - 1
        lines = (self._seconds.get(second, (0, 0)) for second in range(last + 1))
        return Totals(
            started_at=self._started_at,
            seconds=self.window.seconds,
            whole=self._whole.tally(),
            groups={name: group.tally() for name, group in self._groups.items()},
            **self._arrivals,
            **self._streams,
            body_checks=self._body_checks,
            most_in_flight=self._most_in_flight,
            failures={why: FailureSample(count=n, example=example) for why, (n, example) in self._failures.items()},
            timeline=tuple(Second(requests=line[0], errors=line[1]) for line in lines),
            cpu_percent=cpu_percent,
            hub_lag=self.hub_lag.encode(),
            warmup=self.warmup,
            worst_stream=self.worst_stream,
            received=Received(**dict(zip(Received.model_fields, self._received, strict=True))),
            faults=faults,
        )
