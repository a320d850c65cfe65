"""Student's t for whole degrees of freedom: p-values, quantiles, and the power of the test, with no library.

Rule: pure arithmetic; the p-value is a finite sum, the rest is that sum solved or integrated. The well-kept library
would be scipy, which is 100 MB for three functions; the tests hold them to the published tables.
Neighbours: `statistics` asks, and so does a diff of two runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist


def power(shift: float, blocks: int, alpha: float) -> float:
    """How often so many blocks find a true difference of `shift` standard errors: the noncentral t, beyond the limit.

    P(|Z + shift| > c·S), integrated over S = sqrt(chi²/f) by Simpson's rule.
    """
    freedom = blocks - 1
    limit, normal = quantile(1 - alpha / 2, freedom), NormalDist().cdf
    scale = math.log(2) + freedom / 2 * math.log(freedom / 2) - math.lgamma(freedom / 2)
    steps, top = 400, 1 + 8 / math.sqrt(freedom)
    total = 0.0
    for step in range(1, steps + 1):  # at 0 the density is 0
        s = top * step / steps
        density = math.exp(scale + (freedom - 1) * math.log(s) - freedom * s * s / 2)
        weight = 1 if step == steps else 4 if step % 2 else 2
        total += weight * density * (normal(shift - limit * s) + normal(-shift - limit * s))
    return total * top / steps / 3


def p_value(t: float, freedom: int) -> float:
    """The two-sided p-value of Student's t, by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine, odd = math.sin(angle), math.cos(angle), freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    inside = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max(0.0, 1.0 - inside)


@cache
def quantile(share: float, freedom: int) -> float:
    """The t that this share (from 0.5) lies below, by bisection."""
    return solve(lambda t: 1 - p_value(t, freedom) / 2, share)


def solve(rising: Callable[[float], float], wanted: float) -> float:
    """Where a function that rises from 0 on reaches `wanted`, by doubling and bisection."""
    low, high = 0.0, 1.0
    while rising(high) < wanted:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
