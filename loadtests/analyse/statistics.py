"""The statistics of a comparison: the ratio over paired rounds, its interval, Holm's correction, and four words.

Rule: pure and seeded, so that a report made twice is the same to the byte. The unit is the round: what goes in is one
ratio per block. The interval and the p-value are Student's t on the logarithms of these ratios; a bootstrap-t over
blocks is worked out beside it. Why not the other way round: docs/decisions/0011-intervals.md; that it holds:
docs/statistics.md, by simulation from recorded noise. Neighbours: `student` has the distribution, `ratios` pairs the
rounds and gives each ratio its word, `enough` asks for widths.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import mul
from statistics import fmean
from typing import Final

from loadtests.analyse import student
from loadtests.analyse.verdict import Word

FEWEST: Final = 3
"""Blocks below which there is no interval: two differ by a number, not by a spread."""
FEWEST_RESAMPLED: Final = 5
"""Blocks below which a resample is too often one block five times over, so that its spread is zero."""
SURE: Final = 0.05
"""How often no difference may be called one."""
SAME: Final = math.log(1.03)
"""Within 3% either way is as good as equal."""
TOLD: Final = 0.8
"""How often a difference has to be found for `resolves` to say that it would be."""
CONSTANT: Final = 1e-9
"""Spread of logarithms that is floating point's own, and no noise."""
DRAWS: Final = 999
SEED: Final = 20261122


@dataclass(frozen=True, slots=True)
class Estimate:
    """A ratio (geometric mean over blocks) with its 95% and 90% intervals and the p-value of being 1."""

    ratio: float
    low: float
    high: float
    low90: float
    high90: float
    p: float


def estimate(values: Sequence[float]) -> Estimate | None:
    """The estimate over one ratio per block, all above 0; None with fewer than `FEWEST`."""
    if len(values) < FEWEST:
        return None
    logs = [math.log(value) for value in values]
    centre, deviation, freedom = fmean(logs), _deviation(logs), len(logs) - 1
    error = deviation / math.sqrt(len(logs))
    wide, narrow = (student.quantile(share, freedom) * error for share in (0.975, 0.95))
    return Estimate(
        ratio=math.exp(centre),
        low=math.exp(centre - wide),
        high=math.exp(centre + wide),
        low90=math.exp(centre - narrow),
        high90=math.exp(centre + narrow),
        p=student.p_value(centre / error, freedom) if error else float(centre == 0.0),
    )


def middle(values: Sequence[float]) -> float:
    """The geometric mean, which the estimate is of."""
    return math.exp(fmean(map(math.log, values)))


def bootstrap_t(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95% interval by resampling blocks (Efron and Tibshirani 1993, 12.5); None with too few that differ."""
    size = len(values)
    if size < FEWEST_RESAMPLED:
        return None
    logs = [math.log(value) for value in values]
    centre, error = fmean(logs), _deviation(logs) / math.sqrt(size)
    if error == 0.0:
        return math.exp(centre), math.exp(centre)
    apart = [log - centre for log in logs]
    squares = [value * value for value in apart]
    drawn = sorted(_studentized(sum(map(mul, w, apart)), sum(map(mul, w, squares)), size) for w in resamples(size))
    low, high = (drawn[min(len(drawn) - 1, int(share * len(drawn)))] for share in (0.025, 0.975))
    if math.isinf(low) or math.isinf(high):  # too many draws were one value over and over
        return None
    return math.exp(centre - high * error), math.exp(centre - low * error)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted for being several (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    raised = (min(1.0, (len(order) - rank) * p_values[place]) for rank, place in enumerate(order))
    adjusted = dict(zip(order, accumulate(raised, max), strict=True))
    return tuple(adjusted[place] for place in range(len(order)))


def judged(found: Estimate, adjusted: float) -> Word:
    """The word: equivalent if the 90% interval lies within 3% (two one-sided tests, Schuirmann 1987), else a difference
    if the adjusted p-value says so (it is never under `p`, so the 95% interval excludes 1 too), else neither."""
    if math.log(found.low90) >= -SAME and math.log(found.high90) <= SAME:
        return "equivalent"
    if adjusted < SURE:
        return "higher" if found.ratio > 1 else "lower"
    return "no clear difference"


def spread_of(values: Sequence[float]) -> float | None:
    """The standard deviation of the logarithms of one ratio per block; None with fewer than `FEWEST`."""
    return _deviation([math.log(value) for value in values]) if len(values) >= FEWEST else None


def varies(values: Sequence[float]) -> bool:
    """Whether there is any noise to judge by; a count that is the same in every block has none."""
    return (spread_of(values) or 0.0) > CONSTANT


def resolves(deviation: float, blocks: int, family: int = 1) -> float | None:
    """The smallest difference, as a share, that so many blocks would have told from none in four of five runs.

    `deviation` is that of the logarithms of the ratios; `family`: how many comparisons it is corrected with (at
    Holm's first and hardest step). None with fewer blocks than an interval needs.
    """
    if blocks < FEWEST:
        return None
    return math.expm1(_needed(blocks, SURE / max(1, family)) * deviation / math.sqrt(blocks))


def _deviation(logs: Sequence[float]) -> float:
    """As statistics.stdev, which is exact in fractions and takes ten times as long."""
    centre = fmean(logs)
    return math.sqrt(math.fsum((log - centre) ** 2 for log in logs) / (len(logs) - 1))


@cache
def _needed(blocks: int, alpha: float) -> float:
    """The difference in standard errors that is found as often as `TOLD`."""
    return student.solve(lambda shift: student.power(shift, blocks, alpha), TOLD)


@cache
def resamples(size: int) -> tuple[tuple[int, ...], ...]:
    """How often each block is in each resample: the same for every ratio over as many blocks."""
    chance = random.Random(SEED)  # noqa: S311 - resamples to be repeated, not a secret
    drawn = (chance.choices(range(size), k=size) for _ in range(DRAWS))
    return tuple(tuple(map(one.count, range(size))) for one in drawn)


def _studentized(total: float, squares: float, size: int) -> float:
    mean = total / size
    variance = (squares - size * mean * mean) / (size - 1)
    return mean / math.sqrt(variance / size) if variance > 0 else math.copysign(math.inf, mean)
