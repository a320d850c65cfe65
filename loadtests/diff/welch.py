"""Two sets of rounds that have no blocks in common: Welch's t on the logarithms of their figures.

Rule: pure. A run's rounds are its sample; the two samples may differ in size and in spread (Welch 1947). The degrees of
freedom after Satterthwaite (1946) are rounded down, which makes every interval a little wider than it need be.
Neighbours: analyse.statistics judges pairs within one run and gives the words, changes asks here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Final

from loadtests.analyse import student
from loadtests.analyse.statistics import FEWEST, Estimate

ROUNDING: Final = 1e-9  # what floating point may take from a whole number


@dataclass(frozen=True, slots=True)
class Welch:
    """B over A, and the degrees of freedom that its interval rests on; 0 where no round differs from another."""

    estimate: Estimate
    freedom: int


def welch(a: Sequence[float], b: Sequence[float]) -> Welch | None:
    """The ratio of the geometric means of values above 0; None where either has fewer than `FEWEST`."""
    if min(len(a), len(b)) < FEWEST:
        return None
    logs = [[math.log(value) for value in values] for values in (a, b)]
    middle = fmean(logs[1]) - fmean(logs[0])
    parts = [variance(each) / len(each) for each in logs]
    error = math.sqrt(sum(parts))
    if error == 0.0:  # counts: the same in every round, and compared as they are
        return Welch(_estimate(middle, 0.0, 0.0, float(math.isclose(middle, 0.0, abs_tol=ROUNDING))), 0)
    weights = sum(part**2 / (len(each) - 1) for part, each in zip(parts, logs, strict=True))
    freedom = math.floor(sum(parts) ** 2 / weights + ROUNDING)
    wide, narrow = (student.quantile(share, freedom) * error for share in (0.975, 0.95))
    return Welch(_estimate(middle, wide, narrow, student.p_value(middle / error, freedom)), freedom)


def _estimate(middle: float, wide: float, narrow: float, p: float) -> Estimate:
    return Estimate(
        ratio=math.exp(middle),
        low=math.exp(middle - wide),
        high=math.exp(middle + wide),
        low90=math.exp(middle - narrow),
        high90=math.exp(middle + narrow),
        p=p,
    )
