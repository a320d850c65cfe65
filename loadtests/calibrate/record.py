"""What the peer really did, as a value: its own TTFT, ITL and latency of a window, to hold a client's figures to.

Rule: from the time stamps it took just before each write, never from the schedule. TTFT and latency run from the moment
the request's last byte was read. What falls into the window is decided as the recorder decides it: a request by when it
came, a gap by the token that ends it. Neighbours: `peer` keeps the stamps, `running` asks for the record, `step`
compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, repeat
from typing import Protocol

from loadtests.drive.histogram import Durations
from loadtests.drive.totals import Frozen


class Played(Protocol):
    """One answer as it was given: when its request was read, and when each of its writes began."""

    @property
    def received(self) -> float:
        """When the request's last byte was read (monotonic)."""

    @property
    def stamps(self) -> Sequence[float]:
        """When each write so far began."""

    @property
    def tokens(self) -> Sequence[int]:
        """The token events that each write completes."""

    @property
    def offsets(self) -> Sequence[float]:
        """When each write was due after the request."""


class Record(Frozen):
    """A window as the peer saw it. `late` is how long after its due time each write began; `refused` counts writes that
    the client's socket did not take whole, after which the peer hung up."""

    requests: int
    tokens: int
    writes: int
    refused: int
    cpu_percent: float
    late: str
    ttft: str
    itl: str
    latency: str


def record_of(
    played: Iterable[Played], start: float, seconds: float, *, cpu_percent: float, refused: int = 0
) -> Record:
    """The record of the window that starts at `start` (monotonic)."""
    tally = _Tally(start, start + seconds)
    for one in played:
        if one.stamps and one.stamps[-1] >= start:
            tally.add(one)
    return Record(
        requests=tally.requests,
        tokens=tally.tokens,
        writes=tally.writes,
        refused=refused,
        cpu_percent=cpu_percent,
        **{name: getattr(tally, name).encode() for name in ("late", "ttft", "itl", "latency")},
    )


class _Tally:
    """A window being counted."""

    def __init__(self, start: float, end: float) -> None:
        self._start, self._end = start, end
        self.requests = self.tokens = self.writes = 0
        self.late, self.ttft, self.itl, self.latency = Durations(), Durations(), Durations(), Durations()

    def add(self, one: Played) -> None:
        start, end = self._start, self._end
        tokens = list(chain.from_iterable(map(repeat, one.stamps, one.tokens)))
        if start <= one.received < end:
            self.requests += 1
            if tokens:
                self.ttft.add(tokens[0] - one.received)
            if len(one.stamps) == len(one.offsets):
                self.latency.add(one.stamps[-1] - one.received)
        self.tokens += sum(start <= stamp < end for stamp in tokens)
        for earlier, later in pairwise(tokens):
            if start <= later < end:
                self.itl.add(later - earlier)
        for stamp, offset in zip(one.stamps, one.offsets, strict=False):
            if start <= stamp < end:
                self.writes += 1
                self.late.add(stamp - one.received - offset)
