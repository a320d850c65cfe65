"""Counts what a load did: requests, failures, distributions, streams, a line for each second.

Rule: the window decides what counts. A request belongs to it by its intended start, however long it takes;
a failure also by its end, so that nothing that broke inside the window is lost. Throughput, goodput, the
timeline, token gaps and reads are flows and belong to it by the moment they happened. Not shared between
threads; greenlets do not interrupt it. Neighbours: `generator` records, `totals` is what leaves the
process, `histogram`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple

from loadtests.drive.histogram import Durations
from loadtests.drive.totals import FailureSample, Second, Tally, Totals

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
        return self.start <= moment < self.end


class Streamed(NamedTuple):
    """What a stream brought: the time stamp of its first content, and of each token event."""

    first_content: float | None
    stamps: Sequence[float]
    complete: bool

    @property
    def gaps(self) -> list[float]:
        """The gaps between consecutive token events, in seconds."""
        return [later - earlier for earlier, later in pairwise(self.stamps)]


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


class _Group:
    """A tally being counted."""

    def __init__(self) -> None:
        self.count = self.errors = self.done = self.good = 0
        self.busy = 0.0
        self.durations: dict[str, Durations] = defaultdict(Durations)

    def add(self, outcome: Outcome, window: Window) -> None:
        intended, sent, first_byte, end, reason = outcome[:5]
        inside = window.start <= intended < window.end
        ended_inside = window.start <= end < window.end
        self.busy += max(0.0, min(end, window.end) - max(sent, window.start))
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
            self.durations["latency"].add(end - sent)
            self.durations["latency_intended"].add(end - intended)
            self.durations["ttfb"].add((first_byte or end) - sent)

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

    def __init__(self, window: Window, *, started_at: float = 0.0) -> None:
        """`started_at` is the window's start as Unix time."""
        self.window = window
        self._started_at = started_at
        self._whole = _Group()
        self._groups: dict[str, _Group] = defaultdict(_Group)
        self._failures: dict[str, FailureSample] = {}
        self._seconds: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        self._arrivals = {"offered": 0, "dropped": 0, "late": 0}
        self._streams = {"completed_streams": 0, "truncated_streams": 0, "tokens": 0, "token_reads": 0}
        self._body_checks = 0
        self._in_flight = self._most_in_flight = 0
        self.hub_lag = Durations()

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

    def record(self, outcome: Outcome) -> None:
        """Count one finished request."""
        if outcome.group is not None:
            self._groups[outcome.group].add(outcome, self.window)
        if outcome.apart:
            return
        self._whole.add(outcome, self.window)
        if outcome.streamed is not None:
            self._stream(outcome, outcome.streamed)
        if outcome.reason is not None:
            self._failed(outcome, outcome.reason)
        if self.window.holds(outcome.end):
            self._seconds[int(outcome.end - self.window.start)][outcome.reason is not None] += 1

    def _failed(self, outcome: Outcome, reason: str) -> None:
        if self.window.holds(outcome.intended) or self.window.holds(outcome.end):
            first = self._failures.get(reason, FailureSample(count=0, example=outcome.example[:EXAMPLE]))
            self._failures[reason] = FailureSample(count=first.count + 1, example=first.example)

    def _stream(self, outcome: Outcome, streamed: Streamed) -> None:
        inside, ended = self.window.holds(outcome.intended), self.window.holds(outcome.end)
        durations = self._whole.durations
        if inside or (ended and not streamed.complete):
            self._streams["completed_streams" if streamed.complete else "truncated_streams"] += 1
        if inside and streamed.first_content is not None:
            durations["ttft"].add(streamed.first_content - outcome.sent)
        gaps = streamed.gaps
        if inside and gaps:
            durations["longest_gap"].add(max(gaps))
        start, end = self.window.start, self.window.end
        stamps = [stamp for stamp in streamed.stamps if start <= stamp < end]
        self._streams["tokens"] += len(stamps)
        self._streams["token_reads"] += len(set(stamps))  # a read has one stamp, and no two share it
        add = durations["itl"].add
        for stamp, gap in zip(streamed.stamps[1:], gaps, strict=True):
            if start <= stamp < end:
                add(gap)

    def totals(self, *, cpu_percent: float) -> Totals:
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
            failures=self._failures,
            timeline=tuple(Second(requests=line[0], errors=line[1]) for line in lines),
            cpu_percent=cpu_percent,
            hub_lag=self.hub_lag.encode(),
        )
