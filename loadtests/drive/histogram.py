"""Durations kept without loss: counted in microseconds, stored and merged as HdrHistograms with 3 digits.

Rule: recording appends to a list, which is counted by the interpreter's own C code some hundred values at a time, and
a histogram is built only when the load is over, because a generator that stops to think delays what it measures.
Merging adds counts, so merged figures are those of one recorder that had seen it all. Neighbours: `recorder`,
`result`, and `analyse.spectra`, which reads whole distributions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel, ConfigDict

DIGITS: Final = 3
LONGEST: Final = 3_600_000_000  # one hour in microseconds
BEYOND: Final = 10  # a percentile with fewer values above it is an anecdote
_BATCH: Final = 1_024  # values counted at once: some 0.1 ms


class Quantiles(BaseModel):
    """Figures of one distribution, in ms; `count` is how many durations it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    p50: float
    p95: float
    p99: float
    max: float
    mean: float
    count: int


class Durations:
    """A distribution being recorded, in seconds; exact to the microsecond until it is encoded."""

    __slots__ = ("_counts", "_fresh")

    def __init__(self) -> None:
        self._fresh: list[float] = []
        self._counts: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Count one duration; a negative one (clocks do not go back, but rounding does) counts as 0."""
        self._fresh.append(seconds)
        if len(self._fresh) >= _BATCH:
            self._fold()

    def extend(self, seconds: Iterable[float]) -> None:
        """Count all of these."""
        self._fresh.extend(seconds)
        if len(self._fresh) >= _BATCH:
            self._fold()

    def encode(self) -> str:
        """The distribution as a base64 HdrHistogram (V2 encoding), the form in which it is kept."""
        self._fold()
        histogram = _empty()
        for value, count in self._counts.items():
            histogram.record_value(min(max(value, 0), LONGEST), count)
        return str(histogram.encode(), "ascii")

    def _fold(self) -> None:
        self._counts.update([int(seconds * 1e6) for seconds in self._fresh])
        self._fresh.clear()


def merged(encoded: Iterable[str]) -> str:
    """One histogram that holds what all of these hold."""
    histogram = _empty()
    for part in encoded:
        histogram.decode_and_add(part)
    return str(histogram.encode(), "ascii")


def quantiles(encoded: str) -> Quantiles:
    """The figures of a stored histogram; all 0 when it is empty."""
    histogram = HdrHistogram.decode(encoded)
    if not histogram.total_count:
        return Quantiles(p50=0, p95=0, p99=0, max=0, mean=0, count=0)
    at = histogram.get_percentile_to_value_dict([50, 95, 99])
    return Quantiles(
        p50=at[50] / 1e3,
        p95=at[95] / 1e3,
        p99=at[99] / 1e3,
        max=histogram.get_max_value() / 1e3,
        mean=_mean(histogram) / 1e3,
        count=histogram.total_count,
    )


def spectrum(encoded: str, percentiles: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The ms at each of these percentiles (0 to 100, rising), without those that rest on too few values.

    A percentile is left out when fewer than `BEYOND` values lie above it; 100 is the largest value that was seen, and
    always given. Nothing recorded has no points.
    """
    histogram = HdrHistogram.decode(encoded)
    count = histogram.total_count
    told = [each for each in percentiles if each < 100 and round(count * (100 - each) / 100, 6) >= BEYOND]
    at = histogram.get_percentile_to_value_dict(told) if told else {}
    points = [(each, at[each] / 1e3) for each in told]
    if count and 100 in percentiles:
        points.append((100.0, histogram.get_max_value() / 1e3))
    return tuple(points)


def _mean(histogram: HdrHistogram) -> float:
    """The mean over the buckets that hold something; the library's own walks all of them."""
    values = (histogram.get_value_from_index(index) * count for index, count in enumerate(histogram.counts) if count)
    return float(sum(values) / histogram.total_count)


def _empty() -> HdrHistogram:
    return HdrHistogram(1, LONGEST, DIGITS)
