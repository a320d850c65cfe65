"""The plan: what will be played, in which order, and for how long."""

from __future__ import annotations

from collections import Counter

import pytest

from loadtests.errors import UserError
from loadtests.plan import SCENARIOS, make_plan
from tests.unit.loadtests import made_up


def test_every_block_holds_each_target_once_per_scenario() -> None:
    """A block is a fair set: each target once under each scenario."""
    plan = made_up.plan()
    counts = Counter((planned.block, planned.scenario, planned.target) for planned in plan.rounds)
    assert set(counts.values()) == {1}
    assert len(counts) == 3 * len(SCENARIOS) * len(made_up.NAMES)
    assert [planned.number for planned in plan.rounds] == list(range(1, len(plan.rounds) + 1))


def test_every_second_block_is_the_one_before_mirrored() -> None:
    """A machine that drifts drifts for all targets alike."""
    plan = made_up.plan(mode="full", only=("chat",))
    order = [[p.target for p in plan.rounds if p.block == block] for block in range(1, 9)]
    assert all(order[at + 1] == order[at][::-1] for at in range(0, 8, 2))


def test_the_order_comes_from_the_seed_alone() -> None:
    """The same seed gives the same plan, and some other seed another order."""
    targets = made_up.targets()
    assert make_plan(targets, seed=3) == make_plan(targets, seed=3)
    orders = {tuple(p.target for p in make_plan(targets, seed=seed).rounds) for seed in range(8)}
    assert len(orders) > 1


def test_quick_leaves_time_for_the_suite_in_five_minutes() -> None:
    """The rounds of a quick run of three targets take at most 225 s by the plan's own estimate."""
    assert made_up.plan().seconds <= 225


def test_full_plays_more_and_longer_rounds() -> None:
    """Full has more blocks, and no shorter windows."""
    quick, full = made_up.plan(), made_up.plan(mode="full")
    assert full.minimum_good > quick.minimum_good
    assert full.seconds > 5 * quick.seconds


def test_only_keeps_the_scenarios_asked_for() -> None:
    """`--only docs --only chat` plays these two, in the kit's order."""
    assert [s.name for s in made_up.plan(only=("docs", "chat")).scenarios] == ["chat", "docs"]


def test_the_baseline_is_the_first_fastapi_target() -> None:
    """Ratios are against FastAPI wherever it stands in the list."""
    assert made_up.plan("flask-gevent", "fastapi-uvicorn").baseline == "fastapi-uvicorn"
    assert made_up.plan("flask-gevent", "flask-gthread").baseline == "flask-gevent"


@pytest.mark.parametrize(
    ("names", "only", "message"),
    [
        (("flask-gevent",), ("chatt",), "no scenario 'chatt'"),
        (("flask-gevent", "flask-gevent"), (), "named twice"),
        ((), (), "no target"),
    ],
    ids=["scenario", "twice", "none"],
)
def test_what_cannot_be_planned_is_said(names: tuple[str, ...], only: tuple[str, ...], message: str) -> None:
    """A mistake is one sentence before any server starts."""
    targets = made_up.targets(*names) if names else ()
    with pytest.raises(UserError, match=message):
        make_plan(targets, only=only)
