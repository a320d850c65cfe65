"""Welch's interval: by hand, and by how often it holds the truth."""

from __future__ import annotations

import math
import random

import pytest

from loadtests.diff.welch import welch


# Welch (1947) by example: two samples of logs with unequal spread; t and the degrees of freedom worked out by hand:
# means 0 and 0.2, variances 0.01 and 0.04, four rounds each: error 0.1118, t 1.789, freedom (0.0125)^2 /
# ((0.0025^2 + 0.01^2) / 3) = 4.41, so 4; t(0.975, 4) = 2.776
def test_welch_by_hand() -> None:
    """The interval and the degrees of freedom, rounded down, are those of the textbook."""
    spread = math.sqrt(0.75)  # of -1, -1, 1, 1 halved: a variance of 1
    a, b = ([math.exp(m + s * spread * x) for x in (-1, -1, 1, 1)] for m, s in ((0.0, 0.1), (0.2, 0.2)))
    found = welch(a, b)
    assert found
    assert found.freedom == 4
    assert found.estimate.ratio == pytest.approx(math.exp(0.2))
    assert found.estimate.low == pytest.approx(math.exp(0.2 - 2.7764451 * math.sqrt(0.0125)))
    assert found.estimate.high == pytest.approx(math.exp(0.2 + 2.7764451 * math.sqrt(0.0125)))
    assert found.estimate.p == pytest.approx(0.1481, abs=2e-4)


@pytest.mark.parametrize(("few", "many", "wide"), [(8, 8, 1.0), (3, 8, 3.0), (8, 3, 3.0), (5, 12, 0.3)])
def test_the_interval_holds_the_truth_as_often_as_it_says(few: int, many: int, wide: float) -> None:
    """Over 4,000 drawn pairs of runs with unequal sizes and spreads it covers the truth in 93.5 to 99.5% of them.

    The least is that of three rounds which are also the noisier ones, as is known of Welch.
    """
    chance = random.Random(7)
    held = 0
    for _ in range(4_000):
        a = [math.exp(chance.gauss(0, 0.02 * wide)) for _ in range(few)]
        b = [0.9 * math.exp(chance.gauss(0, 0.02)) for _ in range(many)]
        found = welch(a, b)
        assert found
        held += found.estimate.low <= 0.9 <= found.estimate.high
    assert 0.935 <= held / 4_000 <= 0.995
