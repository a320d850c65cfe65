"""An open loop's schedule: its rate, its seed, its spread, and its parts over several processes."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from loadtests.arrivals import Arrivals, Part, schedule, share


@pytest.mark.parametrize("kind", ["constant", "poisson"])
def test_schedules_keep_their_rate_and_their_seed(kind: Arrivals) -> None:
    """Arrivals come at the rate asked for, in order, and the same for the same seed."""
    first, again = ([next(due) for _ in range(5_000)] for due in (schedule(kind, 50, 3), schedule(kind, 50, 3)))
    assert first == again == sorted(first)
    assert first[-1] == pytest.approx(100, rel=0.05)


def test_poisson_gaps_vary() -> None:
    """Poisson gaps have a standard deviation like their mean, constant ones have none."""
    due = [moment for moment, _ in zip(schedule("poisson", 50, 3), range(5_000), strict=False)]
    gaps = [later - earlier for earlier, later in pairwise(due)]
    mean = sum(gaps) / len(gaps)
    assert (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 == pytest.approx(mean, rel=0.1)


@pytest.mark.parametrize("kind", ["constant", "poisson"])
@pytest.mark.parametrize("of", [1, 2, 3])
def test_parts_of_a_schedule_are_the_whole(kind: Arrivals, of: int) -> None:
    """However many processes share a schedule, together they have each of its arrivals once."""
    parts = [tuple(islice(share(kind, 50, 3, Part(index, of)), 60)) for index in range(of)]
    assert sorted(due for part in parts for due in part) == list(islice(schedule(kind, 50, 3), 60 * of))
