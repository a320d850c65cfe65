"""Durations kept without loss: counted in microseconds, stored and merged as HdrHistograms with 3 digits.

Rule: recording costs one dictionary entry (the value's HdrHistogram bucket, found by shifting), and a
histogram is built only when the load is over, because a generator that stops to think delays what it
measures. Merging adds counts, so merged figures are those of one recorder that had seen it all. Neighbours:
`recorder`, `drive`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel, ConfigDict

DIGITS: Final = 3
LONGEST: Final = 3_600_000_000  # one hour in microseconds
_BITS: Final = 11  # HdrHistogram resolves 2 * 10**3 values, rounded up to a power of two: 2**11


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
    """A distribution being recorded, in seconds."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[int, int] = defaultdict(int)

    def add(self, seconds: float) -> None:
        """Count one duration; a negative one (clocks do not go back, but rounding does) counts as 0."""
        value = int(seconds * 1e6)
        if (shift := value.bit_length() - _BITS) > 0:
            value = value >> shift << shift
        self._counts[value if value > 0 else 0] += 1

    def encode(self) -> str:
        """The distribution as a base64 HdrHistogram (V2 encoding), the form in which it is kept."""
        histogram = _empty()
        for value, count in self._counts.items():
            histogram.record_value(min(value, LONGEST), count)
        return str(histogram.encode(), "ascii")


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


def _mean(histogram: HdrHistogram) -> float:
    """The mean over the buckets that hold something; the library's own walks all of them."""
    values = (histogram.get_value_from_index(index) * count for index, count in enumerate(histogram.counts) if count)
    return float(sum(values) / histogram.total_count)


def _empty() -> HdrHistogram:
    return HdrHistogram(1, LONGEST, DIGITS)
