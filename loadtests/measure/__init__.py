"""What a server costs: CPU and memory of its whole process tree, sampled from outside.

Rule: the meter only records counters with their time; every figure is worked out afterwards from the
samples, so that a stored round can be judged again. Times are Unix seconds, which one machine's
processes share, so a window that the generator reports can be cut out of the samples exactly.
Neighbours: play starts a meter around each drive; results stores its samples; figures reads them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from statistics import median
from types import TracebackType

import psutil
from pydantic import BaseModel, ConfigDict

from loadtests.measure.placing import Placed, generators

MIB = 1024 * 1024
INTERVAL = 0.1  # seconds between looks
FULL = 2.5  # seconds between counts of USS: the kernel walks all pages, 3 ms of the generator's core for 140 MiB
PLACE = 0.5  # seconds between looks at the cores that processes may run on
RELIST = 5.0  # seconds between listings of the tree: a listing reads all of /proc and takes 5 ms of a core, a look 0.1


class Sample(BaseModel):
    """One look at the tree: seconds (Unix), CPU seconds used so far, RSS and USS bytes, live processes.

    USS is what would be free again without the tree: pages of its own. None between its counts, and where the system
    does not give it.
    """

    model_config = ConfigDict(frozen=True)

    at: float
    cpu_seconds: float
    rss_bytes: int
    processes: int
    uss_bytes: int | None = None


class Use(BaseModel):
    """A window's cost. RSS adds up the tree's processes, so pages that they share count once for each; USS leaves
    shared pages out, and is None where the system gives none."""

    model_config = ConfigDict(frozen=True)

    seconds: float
    cpu_seconds: float
    cores: float
    rss_median_mib: float
    rss_peak_mib: float
    uss_median_mib: float | None
    uss_peak_mib: float | None
    processes: int
    samples: int


class Meter:
    """Samples a tree in a thread of its own from `with` to its end; one sample at each edge at least.

    `tree` gives the live processes, the root among them; one that ends keeps the CPU seconds it had when it
    was last seen, so the sum never runs backwards. A new worker is found within five seconds or at
    the end, with all it has used.
    """

    def __init__(self, tree: Callable[[], Iterable[psutil.Process]], interval: float = INTERVAL) -> None:
        self._tree = tree
        self._interval = interval
        self._listed: tuple[float, tuple[psutil.Process, ...]] = (float("-inf"), ())
        self._counted = self._placed_at = float("-inf")
        self._placed = Placed()
        self._cpu: dict[int, float] = {}
        self._samples: list[Sample] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)

    def __enter__(self) -> Meter:
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._listed, self._counted = (float("-inf"), ()), float("-inf")
        self._look()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Everything seen so far, oldest first."""
        return tuple(self._samples)

    @property
    def placed(self) -> Placed:
        """The cores that the tree, and what else this process has started, were seen to be allowed on."""
        return self._placed

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self._look()

    def _look(self) -> None:
        now, rss, alive = time.time(), 0, 0
        if now - self._listed[0] >= RELIST:
            self._listed = now, tuple(self._tree())
        for process in self._listed[1]:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    rss += process.memory_info().rss
            except psutil.NoSuchProcess:  # it ended between the listing and the look: its last count stands
                continue
            self._cpu[process.pid] = times.user + times.system
            alive += 1
        total, uss = sum(self._cpu.values()), self._uss(now)
        self._samples.append(Sample(at=now, cpu_seconds=total, rss_bytes=rss, processes=alive, uss_bytes=uss))
        if now - self._placed_at >= PLACE:
            self._placed_at, server = now, self._listed[1]
            self._placed = self._placed.also(server, generators())

    def _uss(self, now: float) -> int | None:
        """The tree's USS, when a count of it is due and every process gives its own."""
        if now - self._counted < FULL:
            return None
        self._counted, total = now, 0
        for process in self._listed[1]:
            try:
                total += process.memory_full_info().uss
            except psutil.NoSuchProcess:
                continue
            except (psutil.AccessDenied, AttributeError):  # of another user; a system that does not count it
                return None
        return total


def use(samples: tuple[Sample, ...], start: float, end: float) -> Use | None:
    """The cost of the window from `start` to `end`, or None when the samples do not reach over it.

    CPU counters are read between samples by a straight line, so the error is at most a sample's interval
    at each edge.
    """
    if end <= start or not samples or samples[0].at > start or samples[-1].at < end:
        return None
    inside = [s for s in samples if start <= s.at <= end and s.processes] or [
        min(samples, key=lambda s: abs(s.at - end))
    ]
    counted = [s for s in samples if s.uss_bytes is not None and s.processes]
    full = [s for s in counted if start <= s.at <= end] or sorted(counted, key=lambda s: abs(s.at - end))[:1]
    uss = [(s.uss_bytes or 0) / MIB for s in full]
    cpu = _cpu_at(samples, end) - _cpu_at(samples, start)
    return Use(
        seconds=end - start,
        cpu_seconds=cpu,
        cores=cpu / (end - start),
        rss_median_mib=median(s.rss_bytes for s in inside) / MIB,
        rss_peak_mib=max(s.rss_bytes for s in inside) / MIB,
        uss_median_mib=median(uss) if uss else None,
        uss_peak_mib=max(uss, default=None),
        processes=max(s.processes for s in inside),
        samples=len(inside),
    )


def _cpu_at(samples: tuple[Sample, ...], moment: float) -> float:
    after = next(i for i, sample in enumerate(samples) if sample.at >= moment)
    if after == 0 or samples[after].at == moment:
        return samples[after].cpu_seconds
    left, right = samples[after - 1], samples[after]
    share = (moment - left.at) / (right.at - left.at)
    return left.cpu_seconds + share * (right.cpu_seconds - left.cpu_seconds)
