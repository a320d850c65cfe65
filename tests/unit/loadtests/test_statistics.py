"""The arithmetic of verdicts: against published tables, worked examples and its own edges."""

from __future__ import annotations

import math
import random

import pytest

from loadtests.analyse import statistics, student
from loadtests.analyse.statistics import Estimate, bootstrap_t, estimate, holm, judged, resolves

# degrees of freedom -> t with 90%, 95%, 99% and 99.9% between -t and t (Fisher and Yates 1963, table III)
PUBLISHED = {
    2: (2.920, 4.303, 9.925, 31.599),
    3: (2.353, 3.182, 5.841, 12.924),
    4: (2.132, 2.776, 4.604, 8.610),
    5: (2.015, 2.571, 4.032, 6.869),
    7: (1.895, 2.365, 3.499, 5.408),
    10: (1.812, 2.228, 3.169, 4.587),
    19: (1.729, 2.093, 2.861, 3.883),
    30: (1.697, 2.042, 2.750, 3.646),
    120: (1.658, 1.980, 2.617, 3.373),
}


@pytest.mark.parametrize("freedom", PUBLISHED)
def test_quantiles_are_those_of_the_published_table(freedom: int) -> None:
    """To the table's third decimal, for even and odd degrees of freedom."""
    found = [student.quantile(share, freedom) for share in (0.95, 0.975, 0.995, 0.9995)]
    assert found == pytest.approx(PUBLISHED[freedom], abs=6e-4)


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 39])
def test_p_values_are_symmetric_and_fall_from_one(freedom: int) -> None:
    """No t is p = 1, a larger one is a smaller p, and the sign does not matter."""
    found = [student.p_value(t, freedom) for t in (0.0, 0.5, 1.0, 2.0, 5.0, 50.0)]
    assert found[0] == 1.0
    assert found == sorted(found, reverse=True)
    assert student.p_value(-2.0, freedom) == student.p_value(2.0, freedom)


def test_holm_is_the_worked_example() -> None:
    """0.01, 0.04, 0.03 and 0.005 become 0.03, 0.06, 0.06 and 0.02: the third may not fall under the second."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.6, 0.5]) == (1.0, 1.0)
    assert holm([]) == ()


def test_an_estimate_is_the_paired_t_on_logarithms() -> None:
    """By hand: logs 0.1, 0.2 and 0.3 have mean 0.2, standard error 0.1/sqrt(3), and t at 2 degrees is 4.303."""
    found = estimate([math.exp(log) for log in (0.1, 0.2, 0.3)])
    assert found is not None
    half = 4.3027 * 0.1 / math.sqrt(3)
    assert (math.log(found.low), math.log(found.high)) == pytest.approx((0.2 - half, 0.2 + half), abs=1e-4)
    assert math.log(found.ratio) == pytest.approx(0.2)
    assert found.p == pytest.approx(0.0742, abs=1e-4)


def test_turning_a_comparison_round_turns_its_interval_round() -> None:
    """A over B is 1 over B over A, in every part: that is why it is worked out on logarithms."""
    ratios = (0.8, 0.85, 0.9, 0.7)
    one, other = estimate(ratios), estimate([1 / ratio for ratio in ratios])
    assert one is not None
    assert other is not None
    assert (other.low, other.ratio, other.high) == pytest.approx((1 / one.high, 1 / one.ratio, 1 / one.low))
    assert one.p == pytest.approx(other.p)


def test_too_few_blocks_have_no_interval() -> None:
    """Two ratios are no spread; resampling needs five."""
    assert estimate([1.0, 1.1]) is None
    assert bootstrap_t([1.0, 1.1, 1.2, 1.1]) is None
    assert resolves(0.02, 2) is None
    assert statistics.spread_of([1.0, 2.0]) is None


def test_rounds_that_are_all_alike_are_certain() -> None:
    """Without any spread the interval is the ratio: the same count is equivalent, another count differs."""
    same, other = estimate([1.0] * 4), estimate([2.0] * 4)
    assert same is not None
    assert other is not None
    assert judged(same, same.p) == "equivalent"
    assert judged(other, other.p) == "higher"
    assert bootstrap_t([2.0] * 5) == pytest.approx((2.0, 2.0))


@pytest.mark.parametrize(
    ("ratio", "low90", "high90", "adjusted", "word"),
    [
        (1.0, 0.975, 1.025, 0.9, "equivalent"),
        (1.02, 1.011, 1.029, 0.001, "equivalent"),
        (1.02, 1.005, 1.035, 0.01, "higher"),
        (0.9, 0.88, 0.93, 0.01, "lower"),
        (0.9, 0.82, 0.99, 0.05, "no clear difference"),
        (1.0, 0.96, 1.01, 0.4, "no clear difference"),
        (1.0, 1 / 1.03, 1.03, 1.0, "equivalent"),
    ],
    ids=["the same", "small and sure", "just too wide", "lower", "not after Holm", "one side out", "to the edge"],
)
def test_the_four_words(ratio: float, low90: float, high90: float, adjusted: float, word: str) -> None:
    """Equivalent within 3% comes first, then a difference that is left after the correction, then nothing."""
    assert judged(Estimate(ratio, low90 - 0.01, high90 + 0.01, low90, high90, adjusted), adjusted) == word


def test_a_difference_is_never_said_against_its_own_interval() -> None:
    """Whatever the rounds, `higher` and `lower` leave 1 outside of the 95% interval."""
    chance = random.Random(7)
    for _ in range(500):
        found = estimate([math.exp(chance.gauss(0.03, 0.04)) for _ in range(chance.randint(3, 9))])
        assert found is not None
        if judged(found, found.p) in {"higher", "lower"}:
            assert not found.low <= 1 <= found.high


def test_the_power_is_that_of_a_simulation() -> None:
    """The noncentral t gives the share that 4,000 simulated tests give, within three standard errors."""
    chance, blocks, shift, alpha, draws = random.Random(11), 5, 3.0, 0.05, 4_000
    found = 0
    for _ in range(draws):
        logs = [chance.gauss(shift / math.sqrt(blocks), 1) for _ in range(blocks)]
        one = estimate([math.exp(log) for log in logs])
        found += one is not None and one.p < alpha
    expected = student.power(shift, blocks, alpha)
    assert found / draws == pytest.approx(expected, abs=3 * math.sqrt(expected * (1 - expected) / draws))


def test_more_blocks_resolve_less_and_more_comparisons_resolve_more() -> None:
    """A difference that can be told gets smaller with rounds, and larger with noise and with company."""
    assert (resolves(0.02, 20) or 0) < (resolves(0.02, 8) or 0) < (resolves(0.02, 4) or 0)
    assert (resolves(0.02, 8) or 0) < (resolves(0.02, 8, family=10) or 0)
    assert (resolves(0.02, 8) or 0) < (resolves(0.04, 8) or 0)
    assert resolves(0.0, 8) == 0.0


def test_the_bootstrap_is_the_same_every_time() -> None:
    """Resamples come from a fixed seed, so that a report made twice is the same to the byte."""
    ratios = (1.0, 1.05, 0.97, 1.02, 1.01, 0.99)
    first = bootstrap_t(ratios)
    statistics.resamples.cache_clear()
    assert bootstrap_t(ratios) == first


def test_resampling_of_one_odd_block_gives_no_interval() -> None:
    """Where nearly all blocks are equal, draws without spread have no end: no interval, not an infinite one."""
    assert statistics.bootstrap_t((1.0, 1.0, 1.0, 1.004, 1.0)) is None
    found = statistics.bootstrap_t((1.0, 1.01, 0.99, 1.004, 1.02))
    assert found is not None
    assert all(math.isfinite(end) for end in found)
