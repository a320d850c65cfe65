"""The generator's own parts: its watch on itself, and the one timer that ends what takes too long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from time import monotonic, process_time

import gevent
import pytest
from gevent.event import Event

from loadtests.drive.generator import Options, Sender, Watch
from loadtests.drive.histogram import Quantiles, quantiles
from loadtests.drive.recorder import Recorder, Window
from loadtests.scenarios import find
from tests.unit.loadtests.scripted import Script, reply, serving


def watched(seconds: float, stop_for: float = 0.0) -> tuple[Quantiles, float, float]:
    """The hub's lag in ms, the CPU in percent, and for how many ms the hub was stopped: for so many seconds of CPU."""
    recorder = Recorder(Window(monotonic(), seconds))
    watch = Watch(recorder)
    watching = gevent.spawn(watch.run)
    gevent.sleep(seconds / 2)
    spent, began = process_time(), monotonic()
    while process_time() < spent + stop_for:
        pass  # the hub cannot run meanwhile
    stopped = 1e3 * (monotonic() - began)
    watching.get()
    return quantiles(recorder.hub_lag.encode()), watch.cpu_percent, stopped


def test_watch_sees_a_hub_that_stops() -> None:
    """A hub that is stopped for 100 ms was late by as much, in as many ticks, and what stopped it was CPU."""
    lag, cpu, stopped = watched(0.4, stop_for=0.1)
    assert stopped >= 100
    assert stopped - 5 < lag.max < stopped + 300
    assert lag.p99 > 50  # the ticks that would have been due meanwhile were late too: a fifth of all
    assert cpu > 5


def test_watch_leaves_no_timer() -> None:
    """The watch looks many times a second, ends with the window and leaves no timer behind, not even when killed."""
    loop = gevent.get_hub().loop
    before = loop.activecnt
    lag, *_ = watched(0.2)
    killed = gevent.spawn(Watch(Recorder(Window(monotonic(), 60.0))).run)
    gevent.sleep(0.01)
    killed.kill()
    assert lag.count > 10
    assert loop.activecnt == before


@contextmanager
def sender(script: Script, **given: float) -> Iterator[Sender]:
    """A sender of `async` with somebody to end what takes too long, against a server that follows this script."""
    with serving(script) as served:
        made = Sender(find("async"), Options(served.url, "good", **given), Recorder(Window(monotonic())))  # type: ignore[arg-type]  # a test's shorthand
        enforcing = gevent.spawn(made.enforce_timeouts)
        try:
            yield made
        finally:
            enforcing.kill()


def test_every_late_exchange_is_ended() -> None:
    """All exchanges of one moment are ended soon after their time, and one that has time left goes on."""
    with sender(lambda _: (1.2, reply()), timeout=0.5) as slow:
        over = Event()
        users = [gevent.spawn(slow.closed_loop, number, lambda: not over.is_set()) for number in range(5)]
        gevent.sleep(0.3)
        last = gevent.spawn(slow.closed_loop, 5, lambda: not over.is_set())
        gevent.sleep(0)
        over.set()
        began = time.monotonic()
        gevent.joinall(users)
        assert not last.ready()
        last.join()
        assert time.monotonic() - began < 5
    totals = slow.recorder.totals(cpu_percent=0.0)
    assert totals.whole.errors == 6
    assert [reason.startswith("timeout: no whole answer in 0.5 s") for reason in totals.failures] == [True]


def test_some_bodies_of_a_window_are_always_checked() -> None:
    """The first of each call that the window holds, however many came before it, and then one in so many."""
    with serving(lambda _: (reply(),)) as served:
        scenario = replace(find("async"), sample_every=10)
        recorder = Recorder(Window(monotonic() + 0.3, 60.0))
        made, asked = Sender(scenario, Options(served.url, "good"), recorder), count()
        made.closed_loop(0, lambda: monotonic() < recorder.window.start)
        assert recorder.totals(cpu_percent=0.0).body_checks == 0
        gevent.sleep(max(recorder.window.start - monotonic(), 0))
        made.closed_loop(0, lambda: next(asked) < 25)
    totals = recorder.totals(cpu_percent=0.0)
    assert (totals.whole.count, totals.body_checks) == (25, 3)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_pool_holds_no_more_than_its_connections(arrivals: str) -> None:
    """However many arrivals wait, no more than `connections` are open."""
    script: Script = lambda _: (0.05, reply())  # noqa: E731 - a table's line
    with serving(script) as served:
        options = Options(served.url, "good", rate=200.0, arrivals=arrivals, connections=3)  # type: ignore[arg-type]  # a parameter
        made = Sender(find("async"), options, Recorder(Window(monotonic(), 0.5)))
        made.open_loop(monotonic(), 0, lambda: monotonic() < made.recorder.window.end)
        assert len(served.connections) == 3
        assert made.recorder.in_flight == 0
