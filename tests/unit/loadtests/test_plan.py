"""The plan: what will be played, in which order, and for how long."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from loadtests import doubts, floors
from loadtests.analyse import statistics
from loadtests.errors import UserError
from loadtests.levels import FLOORS, LONG, SAFE_EVENTS, SURE_EVENTS
from loadtests.plan import SCENARIOS, Level, Plan, Stop, at_ceiling, make_plan
from loadtests.targets import load_targets
from tests.unit.loadtests import made_up


def plan(*names: str, **options: object) -> Plan:
    """The kit's real plan."""
    return make_plan(made_up.targets(*names), **options)  # type: ignore[arg-type]  # by test


def test_every_block_holds_each_target_and_the_baseline_again_once_per_scenario() -> None:
    """A block is a fair set: each target once under each scenario, and A against A."""
    planned = plan()
    counts = Counter((each.block, each.scenario, each.target) for each in planned.rounds)
    assert set(counts.values()) == {1}
    assert len(counts) == 4 * len(SCENARIOS) * (len(made_up.NAMES) + 1)
    assert [each.number for each in planned.rounds] == list(range(1, len(planned.rounds) + 1))


def test_the_noise_floor_is_the_baselines_deployment_under_a_name_of_its_own() -> None:
    """It has a place in every block and none among the compared."""
    planned = plan("flask-gevent", "fastapi-uvicorn")
    assert planned.noise == "fastapi-uvicorn-again"
    again, first = planned.target("fastapi-uvicorn-again"), planned.target("fastapi-uvicorn")
    assert again.model_copy(update={"name": first.name}) == first
    assert [target.name for target in planned.compared] == ["flask-gevent", "fastapi-uvicorn"]


def test_every_second_block_is_the_one_before_mirrored() -> None:
    """A machine that drifts drifts for all targets alike."""
    planned = plan(mode="full", only=("chat",))
    order = [[each.target for each in planned.rounds if each.block == block] for block in range(1, 41)]
    assert all(order[at + 1] == order[at][::-1] for at in range(0, 40, 2))


def test_the_order_comes_from_the_seed_alone() -> None:
    """The same seed gives the same plan, and some other seed another order."""
    targets = made_up.targets()
    assert make_plan(targets, seed=3) == make_plan(targets, seed=3)
    orders = {tuple(p.target for p in make_plan(targets, seed=seed).rounds) for seed in range(8)}
    assert len(orders) > 1


def test_quick_is_under_five_minutes() -> None:
    """The rounds of a quick run of three targets take less than 300 s by the plan's own estimate."""
    assert plan().seconds < 300


def test_full_goes_on_until_it_has_enough() -> None:
    """Full has more blocks than its time allows, a width to reach, and knees to search."""
    quick, full = plan(), plan(mode="full")
    assert quick.stop == Stop()
    assert (full.stop.width, full.stop.minutes) == (0.05, 45)
    assert full.minimum_good > quick.minimum_good
    assert full.seconds == full.load_seconds == pytest.approx(0.6 * 45 * 60)
    assert ({knee.scenario for knee in full.knees}, quick.knees) == ({"chat", "async", "stream"}, ())


def test_what_the_user_wants_is_in_the_plan() -> None:
    """Width, minutes, objective and rows are decided before the first request."""
    wanted = plan(mode="full", only=("stream",), width=0.1, minutes=30, slo="ttft_p99=300ms", rows=True)
    assert (wanted.stop.width, wanted.stop.minutes, wanted.keep_rows) == (0.1, 30, True)
    assert [knee.slo for knee in wanted.knees] == ["ttft_p99=300ms,errors=0"]


@pytest.mark.parametrize("minutes", [25, 30, 40, 45])
def test_a_full_run_has_time_for_a_verdict_before_the_knees(minutes: float) -> None:
    """The usual three targets with their floors: the blocks of a verdict, and one more that may be refused."""
    planned = floored(mode="full", minutes=minutes)
    assert planned.load_seconds is not None
    blocks = planned.load_seconds / planned.block_seconds
    assert blocks >= planned.minimum_good
    assert blocks >= planned.minimum_good + 1 or planned.load_seconds == 60 * minutes


def test_without_knees_the_rounds_have_all_the_time() -> None:
    """A budget is divided only where there is something to share it with."""
    assert plan(mode="full", only=("docs",), minutes=10).load_seconds == 600


def test_only_keeps_the_scenarios_asked_for() -> None:
    """`--only docs --only chat` plays these two, in the kit's order."""
    assert [s.name for s in plan(only=("docs", "chat")).scenarios] == ["chat", "docs"]


def test_the_baseline_is_the_first_fastapi_target() -> None:
    """Ratios are against FastAPI wherever it stands in the list."""
    assert plan("flask-gevent", "fastapi-uvicorn").baseline == "fastapi-uvicorn"
    assert plan("flask-gevent", "flask-gthread").baseline == "flask-gevent"


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (("flask-gevent",), {"only": ("chatt",)}, "no scenario 'chatt'"),
        (("flask-gevent", "flask-gevent"), {}, "named twice"),
        ((), {}, "no target"),
        (made_up.NAMES, {"width": 0.05}, "--width is for a run that goes on until it has enough; add --full"),
        (made_up.NAMES, {"minutes": 5}, "--minutes is for .* add --full"),
        (made_up.NAMES, {"slo": "errors=0"}, "--slo is .* add --full"),
        (made_up.NAMES, {"mode": "full", "width": 5}, "--width 500 must be a percentage between 0 and 100"),
        (made_up.NAMES, {"mode": "full", "width": float("nan")}, "--width nan must be"),
        (made_up.NAMES, {"mode": "full", "minutes": 0}, "--minutes 0 must be more than 0"),
        (made_up.NAMES, {"mode": "full", "minutes": 2}, "before there can be a verdict: .* give at least 1[0-9]"),
        (made_up.NAMES, {"mode": "full", "slo": "ttft_p99"}, "--slo, term 1"),
        (made_up.NAMES, {"mode": "full", "slo": "errors=0", "only": ("docs",)}, "--slo .* chat, async or stream"),
    ],
    ids=["scenario", "twice", "none", *(f"option {number}" for number in range(9))],
)
def test_what_cannot_be_planned_is_said(names: tuple[str, ...], options: dict[str, object], message: str) -> None:
    """A mistake is one sentence with its cure, before any server starts."""
    targets = made_up.targets(*names) if names else ()
    with pytest.raises(UserError, match=message):
        make_plan(targets, **options)  # type: ignore[arg-type]  # by test


def test_a_target_cannot_have_the_noise_floors_name() -> None:
    """The kit gives that name itself, and two targets of one name could not be told apart."""
    (target,) = made_up.targets("fastapi-uvicorn")
    with pytest.raises(UserError, match="'fastapi-uvicorn-again' is the name that the kit gives"):
        make_plan((target, target.model_copy(update={"name": "fastapi-uvicorn-again"})))


def test_a_level_has_users_or_a_rate() -> None:
    """Both, or neither, is no load."""
    for fields in ({}, {"users": 1, "rate": 1.0}):
        with pytest.raises(ValidationError, match="either users or a rate"):
            Level(seconds=1, warmup=0, **fields)
    assert [Level(users=16, seconds=1, warmup=0).label, Level(rate=300, seconds=1, warmup=0).label] == [
        "16 users",
        "300 requests/s",
    ]


def floored(*names: str, **options: object) -> Plan:
    """The kit's real plan, floors among its targets."""
    chosen = made_up.targets(*names)
    return plan(*names, floors=floors.of(chosen, load_targets()), **options)


def test_floors_play_in_every_block_of_their_scenarios_and_in_no_other() -> None:
    """They are interleaved like targets, once in a block, and are neither compared nor the baseline."""
    planned = floored(mode="full")
    bare = {floor.name for floor in planned.floors}
    assert bare == {"floor-asgi-uvicorn", "floor-wsgi-gthread", "floor-wsgi-gevent"}
    played = Counter((each.scenario, each.target) for each in planned.rounds if each.target in bare)
    assert played == {(scenario, name): 40 for scenario in FLOORS["full"] for name in bare}
    assert planned.baseline not in bare
    assert not bare & {target.name for target in planned.compared}
    assert {target.floor for target in planned.compared} == bare


def test_quick_is_under_five_minutes_with_its_floors() -> None:
    """Floors play in chat alone there, and shortly."""
    planned = floored()
    assert planned.seconds < 300
    assert {each.scenario for each in planned.rounds if planned.target(each.target).bare} == {"chat"}


def test_without_floors_nothing_is_held_against_them() -> None:
    """`--no-floors`, and a model server, which a bare app does not ask: no floor is planned."""
    for planned in (plan(), floored(model="upstream")):
        assert planned.floors == ()
        assert {target.floor for target in planned.targets} == {None}


def test_a_floor_has_the_load_of_its_twins() -> None:
    """The closed loop of the same users; in a quick run half the window shows as much."""
    for mode, seconds in (("limits", 3), ("quick", 0.6)):
        scenario = floored(mode=mode).scenario("chat")
        closed = next(level for level in scenario.levels if level.users is not None)
        for floor in ("floor-asgi-uvicorn", "floor-wsgi-gevent"):
            own = scenario.held_against(closed, floor)
            assert own is not None
            assert (own.users, own.rate, own.seconds) == (closed.users, None, seconds)
        assert scenario.on("flask-gevent").levels == scenario.levels


def test_a_floor_is_loaded_where_it_shows_most() -> None:
    """In a full run at `chat`'s closed loop and `stream`'s most users; elsewhere nothing is held against it."""
    planned = floored(mode="full")
    for name in FLOORS["full"]:
        scenario = planned.scenario(name)
        (own,) = scenario.on("floor-asgi-uvicorn").levels
        assert own in scenario.levels
        assert own.users == max(level.users or 0 for level in scenario.levels)
        others = [level for level in scenario.levels if level != own]
        assert others
        assert {scenario.held_against(level, "floor-asgi-uvicorn") for level in others} == {None}


@pytest.mark.parametrize(
    ("events", "streams"),
    [(40_000, (1_000, 1_400)), (27_220, (950, 1_000)), (23_031, (800, 1_000)), (22_000, (770,)), (18_000, (630,))],
    ids=str,
)
def test_the_most_streams_come_from_the_generators_ceiling(events: float, streams: tuple[int, ...]) -> None:
    """70% of what the generator can, and 1,000 unless the gate would refuse so many."""
    assert SURE_EVENTS < SAFE_EVENTS < doubts.NEAR
    levels = at_ceiling(floored(mode="limits"), events).scenario(LONG).levels
    assert tuple(level.streams for level in levels) == streams
    assert [level.label for level in levels] == [f"{number:,} streams at once" for number in streams]


def test_who_has_no_room_for_so_many_streams_is_asked_for_fewer() -> None:
    """Threads are slots: gthread has 1,000, and one sync worker has one, so it has no part in streams at all."""
    planned = at_ceiling(floored("fastapi-uvicorn", "flask-gthread", "flask-sync", mode="limits"), 40_000)
    scenario = planned.scenario(LONG)
    assert [level.streams for level in scenario.on("flask-gthread").levels] == [1_000]
    assert scenario.held_against(scenario.levels[1], "floor-wsgi-gthread") is None
    assert "flask-sync" not in planned.players(LONG)
    assert {each.scenario for each in planned.rounds if each.target == "flask-sync"} == {"chat"}


@pytest.mark.parametrize("events", [23_031, 27_220])
def test_the_limits_take_about_twenty_minutes(events: float) -> None:
    """By the plan's own estimate, with generators like the calibrated ones; three good pairs have an interval."""
    planned = at_ceiling(floored(mode="limits"), events)
    assert 900 < planned.seconds < 1_300
    assert planned.minimum_good >= statistics.FEWEST


def test_the_four_runs_are_told_apart() -> None:
    """`mode` says how a run ends, `which` what was asked for; limits have their floors and no A against A."""
    for mode in ("quick", "full", "limits", "matrix"):
        planned = plan(mode=mode)
        assert (planned.which, planned.mode) == (mode, "full" if mode == "full" else "quick")
        assert (planned.noise is None) == (mode == "limits")
    with pytest.raises(UserError, match="--limits is about the servers alone"):
        plan(mode="limits", model="upstream")
