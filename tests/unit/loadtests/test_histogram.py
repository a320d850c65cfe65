"""Durations are kept without loss: each value in its HdrHistogram bucket, merging is adding, percentiles are honest."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.drive.histogram import DIGITS, LONGEST, Durations, merged, quantiles, spectrum

SECONDS = st.floats(min_value=0, max_value=4_000, allow_nan=False)


def durations(values: Iterable[float]) -> str:
    """The histogram of these, recorded one by one."""
    one_by_one = Durations()
    for value in values:
        one_by_one.add(value)
    return one_by_one.encode()


@settings(deadline=None, max_examples=40)
@given(st.lists(SECONDS, max_size=30))
def test_durations_are_hdr_histograms(values: list[float]) -> None:
    """The quick way of counting gives exactly the histogram that recording each value would give."""
    histogram = HdrHistogram(1, LONGEST, DIGITS)
    for value in values:
        histogram.record_value(min(int(value * 1e6), LONGEST))
    ours = HdrHistogram.decode(durations(values))
    assert [ours.get_count_at_index(index) for index in range(ours.counts_len)] == list(histogram.counts)
    assert ours.get_max_value() == histogram.get_max_value()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(SECONDS, max_size=15), min_size=1, max_size=5), st.lists(SECONDS, max_size=5))
def test_merging_is_exact_over_any_number_of_workers(workers: list[list[float]], more: list[float]) -> None:
    """The merged histogram of several workers holds, bucket by bucket, what one recorder of everything holds."""
    parts = [durations(values) for values in (*workers, more)]
    whole = HdrHistogram.decode(durations(value for values in (*workers, more) for value in values))
    both = HdrHistogram.decode(merged(parts))
    assert [both.get_count_at_index(index) for index in range(both.counts_len)] == list(whole.counts)


def test_many_values_are_counted_as_few_are() -> None:
    """Values are counted some hundred at a time, however they come: one by one, or a stream's gaps at once."""
    values = [chance / 7_919 for chance in range(5_000)]
    at_once = Durations()
    at_once.extend(values)
    assert at_once.encode() == durations(values)
    assert quantiles(at_once.encode()).count == 5_000


def test_a_spectrum_leaves_out_what_rests_on_too_little() -> None:
    """Of 1,000 values 99% is the last percentile with ten above it; the largest value is given as such."""
    points = dict(spectrum(durations(ms / 1e3 for ms in range(1, 1_001)), (50, 90, 99, 99.5, 99.9, 99.99, 100)))
    assert list(points) == [50, 90, 99, 100]
    assert [points[at] for at in (50, 90, 99, 100)] == pytest.approx([500, 900, 990, 1_000], rel=0.002)
    assert spectrum(durations(()), (50, 100)) == ()
    assert spectrum(durations([0.001]), (50, 99)) == ()


def test_an_empty_histogram_has_no_figures() -> None:
    """Nothing recorded is 0 everywhere, with a count of 0, also after merging."""
    assert quantiles(merged([Durations().encode()])).count == 0
