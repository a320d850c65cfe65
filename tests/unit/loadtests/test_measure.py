"""The meter, on real process trees and on made-up samples."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from loadtests.measure import MIB, Meter, Sample, use
from loadtests.serve.tree import members

# A parent that only waits and a child that burns CPU and holds 64 MiB: what is found must be the child's.
CHILD = "b = bytearray(64 * 1024 * 1024)\nfor i in range(0, len(b), 4096): b[i] = 1\nwhile True: pass"
PARENT = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {CHILD!r}]).wait()"


@contextmanager
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A parent with its child, both gone at the end."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], start_new_session=True)
    try:
        until(lambda: len(members(parent.pid)) == 2)
        yield parent
    finally:
        for process in members(parent.pid):
            process.kill()
        parent.wait()


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Poll until it is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def test_a_child_is_part_of_the_cost() -> None:
    """CPU and memory of a child count, though the parent itself does nothing."""
    with family() as parent, Meter(lambda: members(parent.pid), interval=0.02) as meter:
        until(lambda: meter.samples[-1].at - meter.samples[0].at > 0.6)
    samples = meter.samples
    cost = use(samples, samples[0].at, samples[-1].at)
    assert cost is not None
    assert cost.processes == 2
    assert cost.cpu_seconds > 0.1
    assert cost.rss_peak_mib > 64
    if sys.platform == "linux":
        assert cost.uss_peak_mib is not None
        assert 64 < cost.uss_peak_mib < cost.rss_peak_mib


def test_a_process_that_ends_keeps_its_cpu_seconds() -> None:
    """The sum of CPU seconds never runs backwards when a worker goes away."""
    with family() as parent:
        with Meter(lambda: members(parent.pid), interval=0.02) as meter:
            until(lambda: meter.samples[-1].cpu_seconds > 0.1)
            before = meter.samples[-1].cpu_seconds
            for process in members(parent.pid):
                process.kill()
            until(lambda: meter.samples[-1].processes == 0)
        assert meter.samples[-1].cpu_seconds >= before
    assert not any(psutil.pid_exists(process.pid) for process in members(parent.pid))


def sample(at: float, cpu: float, rss: int = 10) -> Sample:
    """A made-up look."""
    return Sample(at=at, cpu_seconds=cpu, rss_bytes=rss * MIB, processes=1)


def test_a_window_is_cut_out_between_samples() -> None:
    """CPU at a window's edge is read by a straight line between the samples around it."""
    cost = use((sample(0, 0), sample(1, 1, 30), sample(2, 1), sample(3, 2)), 0.5, 2.5)
    assert cost is not None
    assert cost.cpu_seconds == pytest.approx(1.0)
    assert cost.cores == pytest.approx(0.5)
    assert (cost.rss_median_mib, cost.rss_peak_mib) == (20, 30)


@pytest.mark.parametrize(("start", "end"), [(-1.0, 0.5), (0.5, 4.0), (1.0, 1.0)], ids=["before", "after", "empty"])
def test_a_window_that_was_not_sampled_has_no_cost(start: float, end: float) -> None:
    """No figure is made up for a time that nobody looked at."""
    assert use((sample(0, 0), sample(1, 1)), start, end) is None


def test_uss_is_counted_now_and_then_and_left_out_where_it_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs milliseconds, so few samples have it; where the system denies it none has, and all else stands."""
    me = psutil.Process()
    with Meter(lambda: [me], interval=0.01) as meter:
        until(lambda: len(meter.samples) > 5)
    assert meter.samples[0].uss_bytes
    assert meter.samples[1].uss_bytes is None

    def denied(_: psutil.Process) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "memory_full_info", denied)
    with Meter(lambda: [me], interval=0.01) as meter:
        until(lambda: len(meter.samples) > 5)
    assert not any(sample.uss_bytes for sample in meter.samples)
    cost = use(meter.samples, meter.samples[0].at, meter.samples[-1].at)
    assert cost is not None
    assert (cost.uss_median_mib, cost.rss_peak_mib > 1) == (None, True)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to cores")
def test_the_meter_sees_where_the_tree_and_the_generator_may_run() -> None:
    """Each side is read from the kernel while it runs; a side that is moved is seen on both, no third is."""
    cores = sorted(os.sched_getaffinity(0))
    with family() as parent, pausing("--locustfile=made_up.py") as beside, pausing():
        os.sched_setaffinity(parent.pid, cores[:1])
        for process in members(parent.pid):
            os.sched_setaffinity(process.pid, cores[:1])
        os.sched_setaffinity(beside.pid, cores[-1:])
        with Meter(lambda: members(parent.pid), interval=0.02) as meter:
            until(lambda: len(meter.samples) > 2)
            first = meter.placed
            os.sched_setaffinity(beside.pid, cores)
            until(lambda: meter.placed != first or len(cores) == 1)
    assert (first.server, first.generator) == ((cores[0],), (cores[-1],))
    assert (meter.placed.server, meter.placed.generator) == ((cores[0],), tuple(cores))


@contextmanager
def pausing(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, with these words on its command line, gone at the end."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()", *words])
    try:
        yield process
    finally:
        process.kill()
        process.wait()
