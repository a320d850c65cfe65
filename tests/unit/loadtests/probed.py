"""Drives of a knee search, made up, and a server that gives them: for the tests of the objective and of the search.

Rule: nothing is started and nothing measured; a drive is as long as the test says, the server counts what it is asked.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from loadtests.bench import Bench
from loadtests.drive import DriveSpec
from loadtests.drive.histogram import Durations
from loadtests.drive.result import DriveResult
from loadtests.drive.totals import Tally
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level
from loadtests.scenarios import find
from loadtests.targets import Target
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import FakeBench


def probed(scenario: str = "chat", seconds: float = 0.01, sent: float | None = None, **changes: object) -> DriveResult:
    """A drive in which each request took `seconds` from its intended time and `sent` from its actual one.

    A stream's first token took as long, its gaps too; `changes` go into the totals.
    """
    level = Level(rate=100.0, seconds=2.0, warmup=0.5)
    names = ["latency_intended", *(("ttft", "itl", "longest_gap") if find(scenario).streams else ())]
    histograms = {"latency": times(seconds if sent is None else sent)} | dict.fromkeys(names, times(seconds))
    whole = Tally(count=200, done=200, good=200, histograms=histograms)
    uncached = made_up.result.__wrapped__  # a tally has no hash
    return uncached(scenario, level, 100.0, **({"whole": whole} | changes))


def times(seconds: float) -> str:
    """A hundred times the same duration."""
    durations = Durations()
    durations.extend([seconds] * 100)
    return durations.encode()


class Fake:
    """A server that is up for a while and holds up to `knee`; `happens` at the nth drive."""

    def __init__(self, knee: float = 120, happens: Mapping[int, BaseException] | None = None) -> None:
        self.knee, self.happens = knee, happens or {}
        self.starts = self.up = 0
        self.specs: list[DriveSpec] = []
        self.problems: tuple[str, ...] = ()
        self.settings: Mapping[str, str] = {}
        self.files = 0
        self.front = FakeBench()

    url, key = "http://127.0.0.1:1", "made-up"

    def processes(self) -> list[psutil.Process]:
        """None: nothing runs."""
        return []

    @contextmanager
    def running(self, _target: Target, *, log: Path, settings: Mapping[str, str], **_: object) -> Iterator[Fake]:
        """One more start."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("started\n")
        self.settings, self.starts, self.up = settings, self.starts + 1, self.up + 1
        try:
            yield self
        finally:
            self.up -= 1

    def look(self, *_: object) -> Precheck:
        """What the test says was found."""
        return Precheck(ttft=0.0, gap=0.0, documented=None, problems=self.problems)

    def drive(self, spec: DriveSpec) -> DriveResult:
        """A drive that is slow above the knee."""
        assert self.up == 1
        self.specs.append(spec)
        self.files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if len(self.specs) in self.happens:
            raise self.happens[len(self.specs)]
        load = spec.rate or spec.users or 0
        return probed(spec.scenario, 0.06 if load <= self.knee else 2.0, worst_stream=None)

    @property
    def bench(self) -> Bench:
        """The parts that a search is made with."""
        return Bench(self.running, self.look, self.drive, self.front.upstream)
