"""When a load has warmed up: made-up series of slices, and the answer for each."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

import pytest

from loadtests.drive.settle import STRETCH, Slice, settled

SLICE = 0.1
Series = Callable[[int], Slice]


def slice_of(work: float, latency: float, spread: float = 0.0, *, latencies: int | None = None) -> Slice:
    """A slice with so many answers of this mean latency and standard deviation (seconds)."""
    known = round(work) if latencies is None else latencies
    return Slice(SLICE, round(work), known, known * latency, known * (latency**2 + spread**2))


def opened(series: Series, limit: float = 5.0) -> float | None:
    """After how many seconds this load has settled; None when the limit comes first."""
    slices: list[Slice] = []
    for number in count():
        if number * SLICE >= limit:
            return None
        slices.append(series(number))
        if settled(slices):
            return len(slices) * SLICE
    return None


def ramp(rise: float) -> Series:
    """Throughput that grows by this share of its last value each second for three seconds, then stays."""
    return lambda n: slice_of(200 * (1 + rise * min(n * SLICE, 3.0)), 0.01)


def noisy(seed: int) -> Series:
    """Poisson-like counts around 100 a slice, latencies that vary by half of their mean."""
    chance = random.Random(seed)
    return lambda _: slice_of(max(chance.gauss(100, 10), 0), chance.gauss(0.02, 0.01 / 10), 0.01)


def test_steady_load_settles_at_once() -> None:
    """Throughput and latency that never change are settled after two of the shortest stretches."""
    assert opened(lambda _: slice_of(50, 0.02)) == pytest.approx(2 * STRETCH * SLICE)


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_does_not_keep_it_waiting(seed: int) -> None:
    """A load that is steady but for chance settles within two seconds."""
    assert (opened(noisy(seed)) or 9) <= 2.0


@pytest.mark.parametrize("rise", [0.5, 1.0, 4.0])
def test_a_ramp_is_waited_for(rise: float) -> None:
    """While throughput grows by half or more in a second, the load has not settled; soon after, it has."""
    at = opened(ramp(rise))
    assert at is not None
    assert 3.0 <= at <= 4.5


def test_a_slow_start_is_waited_for() -> None:
    """A server that is ten times slower for its first second settles after that second, not in it."""
    at = opened(lambda n: slice_of(20, 0.2) if n < 10 else slice_of(200, 0.02))
    assert at == pytest.approx(1.0 + 2 * STRETCH * SLICE)


def test_latency_alone_can_keep_it_waiting() -> None:
    """An open loop's throughput is given; it has settled when its latency has."""
    at = opened(lambda n: slice_of(50, 0.3 - 0.1 * min(n * SLICE, 2.0)))
    assert at is not None
    assert at >= 2.0


def test_latency_that_keeps_growing_never_settles() -> None:
    """A load over the server's capacity, whose latency grows all the time, reaches the limit."""
    assert opened(lambda n: slice_of(50, 0.1 + 0.5 * n * SLICE)) is None


def test_streams_settle_by_their_tokens_and_first_tokens() -> None:
    """Streams of a minute settle though none has ended: tokens flow, and the time to the first one is known."""
    at = opened(lambda n: slice_of(64, 0.05, 0.005, latencies=6 if n < 20 else 0), limit=3.0)
    assert at == pytest.approx(2 * STRETCH * SLICE)


def test_a_few_requests_a_second_need_longer() -> None:
    """Twenty answers a second are compared over stretches of seconds; five say nothing within five seconds."""
    assert opened(lambda _: slice_of(2, 0.2), limit=20) == pytest.approx(2 * 4.5)
    assert opened(lambda n: slice_of(n % 2, 0.2)) is None


def test_too_few_answers_say_nothing() -> None:
    """One request a second is too little to say within five seconds that nothing changes; no answer never is enough."""
    assert opened(lambda n: slice_of(n % 10 == 0, 0.2)) is None
    assert opened(lambda _: slice_of(0, 0.0)) is None


def test_slices_of_different_length_are_compared_by_their_rate() -> None:
    """A slice that lasted three times as long (the machine was busy) and held three times as much is no change."""
    long = Slice(3 * SLICE, 150, 150, 3.0, 0.06)
    assert opened(lambda n: long if n == 7 else slice_of(50, 0.02)) == pytest.approx(2 * STRETCH * SLICE)


def test_streams_settle_by_their_tokens_once_all_have_begun() -> None:
    """First tokens come while streams begin; then only the flow of tokens is known, and is enough."""
    at = opened(lambda n: slice_of(min(n + 1, 20) * 10, 0.05, latencies=10 if n < 20 else 0))
    assert at is not None
    assert 2.0 <= at <= 2.0 + 2 * STRETCH * SLICE + SLICE


def test_a_load_that_answers_nothing_never_settles() -> None:
    """Without any work there is nothing to agree on."""
    assert opened(lambda _: slice_of(0, 0.0)) is None
