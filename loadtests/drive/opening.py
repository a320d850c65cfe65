"""The life of one test in one Locust process: warm up, open the window, close it, hand over what was counted.

Rule: all processes count the same window. A process by itself opens it when its load has settled or the longest
warm-up is over; a worker tells its master that it is warm, and the master opens the window of all at one moment, a
little ahead, of its own clock, which `member` reads in the worker's. Neighbours: `settle` has the rule of settling,
`crew` is the master's part, `hooks` puts this into Locust's life, `recorder` counts.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic
from typing import Final

import gevent

from loadtests.drive.generator import Watch
from loadtests.drive.recorder import Recorder, Window
from loadtests.drive.rows import Rows
from loadtests.drive.settle import SLICES, Slice, settled
from loadtests.drive.totals import Totals, Warmup

JITTER: Final = 0.001  # seconds between two looks at the clock
LATE: Final = "a load generator process opened its window late"
STOPPED: Final = "a load generator process was stopped before its window was over"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: the longest warm-up, how long of it the users take to begin, the window (0: until somebody stops it)."""

    warmup: float
    spread: float
    window: float


class Stint:
    """One test in one process that sends load."""

    def __init__(self, timing: Timing, start: float, rows: str | None = None) -> None:
        """`start` is when the load begins (monotonic); `rows` is the folder for this process's part of them."""
        self._timing = timing
        self._start = start
        self._folder = Path(rows) if rows else None
        self._rows = Rows() if rows else None
        self._faults: tuple[str, ...] = ()
        self.recorder = Recorder(rows=self._rows)
        self._watch = Watch(self.recorder)

    def settle(self) -> bool:
        """Wait until the load has settled or its longest warm-up is over; whether it has settled."""
        latest = max(self._start, monotonic()) + self._timing.warmup  # whoever begins late is not warm sooner
        gevent.sleep(max(self._start + self._timing.spread - monotonic(), 0))
        self.recorder.progress.slice()
        slices: list[Slice] = []
        while (rest := latest - monotonic()) > 0:
            gevent.sleep(min(self._timing.warmup / SLICES, rest))
            slices.append(self.recorder.progress.slice())
            if settled(slices):
                return True
        return False

    def open(self, start: float, started_at: float, *, steady: bool) -> None:
        """Count from `start` (monotonic, and as the master's Unix time) on, for the window's length."""
        if start < monotonic() - JITTER:
            self._faults += (LATE,)
        warmup = Warmup(seconds=round(start - self._start, 6), settled=steady, limit=self._timing.warmup)
        self.recorder.open(Window(start, self._timing.window or inf), started_at, warmup)

    def watch(self) -> None:
        """Watch this process until the window is over."""
        self._watch.run()

    def stopped(self) -> None:
        """The load has been stopped, by whomever; a round needs it up to the window's end."""
        if self._timing.window and not self.over:
            self._faults += (STOPPED,)

    @property
    def over(self) -> bool:
        """Whether the window is."""
        return monotonic() >= self.recorder.window.end

    def totals(self, process: int) -> Totals:
        """What was counted, when it is over; the rows are written."""
        if self._rows is not None and self._folder is not None:
            try:
                self._rows.write(self._folder, process, self.recorder.window.start)
            except OSError as error:
                self._faults += (f"the rows of a load generator process could not be kept: {error.strerror}",)
        return self.recorder.totals(cpu_percent=self._watch.cpu_percent, faults=self._faults)
