"""When a run has had enough: intervals, minutes and searches, on a bench where nothing runs and time is counted."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import results
from loadtests.bench import Bench
from loadtests.compare.course import Course, Tools
from loadtests.compare.progress import Watch
from loadtests.drive import DriveSpec
from loadtests.knee import Interrupted, Place
from loadtests.plan import Plan, PlannedKnee, make_plan
from loadtests.records import KneeSearch
from loadtests.targets import Target
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import CEILING, FakeBench
from tests.unit.loadtests.searched import CHAT


class Clock:
    """Seconds that pass when the bench says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


class TimedBench(FakeBench):
    """Each drive takes as long as it may; `noisy` scenarios differ wildly from drive to drive."""

    def __init__(self, clock: Clock, noisy: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.clock, self.noisy = clock, noisy

    def rate(self, spec: DriveSpec) -> float:
        """Answers a second."""
        self.clock.now += spec.warmup + spec.seconds
        wild = 1 + self.drives * 7 % 5 if spec.scenario in self.noisy else 1
        return super().rate(spec) / wild


def course(folder: Path, plan: Plan, bench: FakeBench, clock: Clock) -> tuple[Course, io.StringIO]:
    """A course that can begin, and what it prints."""
    shown = io.StringIO()
    run = results.start(folder, "full", made_up.MOMENT, plan, made_up.environment(), made_up.work(), (), CEILING)
    targets = {target.name: target for target in made_up.targets()}
    watch = Watch(plan, Console(file=shown, width=200))
    return Course(run, targets, Tools(bench.bench, bench.search, clock), watch), shown


def full(**options: object) -> Plan:
    """A full plan of two scenarios."""
    chosen = {"only": ("chat", "docs"), "mode": "full"} | options
    return make_plan(made_up.targets(), **chosen)  # type: ignore[arg-type]  # by test


@pytest.fixture
def clock() -> Clock:
    """A clock of its own for each test."""
    return Clock()


def test_a_run_ends_when_every_interval_is_narrow(tmp_path: Path, clock: Clock) -> None:
    """Rounds that hardly differ need no more than the least number of blocks."""
    played, _ = course(tmp_path, full(width=0.05), TimedBench(clock), clock)
    why = played.rounds()
    assert (why, played.ending(why).blocks) == ("narrow enough", {"chat": 5, "docs": 5})


def test_a_scenario_that_has_enough_leaves_its_time_to_the_others(tmp_path: Path, clock: Clock) -> None:
    """After the least number of blocks only the noisy scenario is played, until the time is over."""
    played, shown = course(tmp_path, full(minutes=20), TimedBench(clock, noisy=("docs",)), clock)
    why = played.rounds()
    blocks = played.ending(why).blocks
    assert why == "out of time"
    assert blocks["chat"] == 5
    assert blocks["docs"] > 10
    assert "chat: every interval is narrower than 5%, no more rounds" in shown.getvalue()
    assert "widest interval" in shown.getvalue()


def test_nothing_is_begun_that_the_time_has_no_room_for(tmp_path: Path, clock: Clock) -> None:
    """The rounds keep to their share of the minutes, and a scenario is played by all targets or by none."""
    plan = full(minutes=20)
    played, _ = course(tmp_path, plan, TimedBench(clock, noisy=("chat", "docs")), clock)
    began = clock.now
    assert played.rounds() == "out of time"
    assert plan.load_seconds == pytest.approx(0.6 * 20 * 60)
    assert clock.now - began <= 0.6 * 20 * 60
    assert len(played.run.rounds) % len(plan.targets) == 0


def test_each_target_has_its_search_and_an_equal_share_of_what_is_left(tmp_path: Path, clock: Clock) -> None:
    """The noise floor is not searched; a search that ends soon leaves its time to the next."""
    plan, bench = full(), TimedBench(clock)
    played, _ = course(tmp_path, plan, bench, clock)
    played.knees()
    deadlines = [deadline for *_, deadline in bench.searched]
    assert [target for _, target, _ in bench.searched] == list(made_up.NAMES)
    assert deadlines == pytest.approx([100 + 45 * 60 / left for left in (3, 2, 1)])
    stored = results.load(played.run.folder).knees
    assert {(found.scenario, found.target) for found in stored} == {("chat", name) for name in made_up.NAMES}


def test_a_search_begins_where_the_rounds_say_that_the_knee_is(tmp_path: Path, clock: Clock) -> None:
    """Each target's search begins at a guess from its own rounds; without rounds at the plan's first load."""
    played, _ = course(tmp_path, full(width=0.05), bench := TimedBench(clock), clock)
    begun = list[float | None]()

    def search(planned: PlannedKnee, target: Target, place: Place, parts: Bench) -> KneeSearch:
        begun.append(place.near)
        return bench.search(planned, target, place, parts)

    played._tools = replace(played._tools, search=search)
    played.knees()
    assert begun == [None] * 3
    played.rounds()
    played.knees()
    assert all(guess is not None and guess > CHAT.first for guess in begun[3:])


def test_an_interrupted_search_is_stored_and_the_interruption_goes_on(tmp_path: Path, clock: Clock) -> None:
    """What it had probed is one of the run's searches, beside those that had finished."""
    played, _ = course(tmp_path, full(), bench := TimedBench(clock), clock)

    def search(planned: PlannedKnee, target: Target, place: Place, parts: Bench) -> KneeSearch:
        found = bench.search(planned, target, place, parts)
        if len(bench.searched) == 2:
            raise Interrupted(found.model_copy(update={"ended": "it was interrupted"}))
        return found

    played._tools = replace(played._tools, search=search)
    with pytest.raises(KeyboardInterrupt):
        played.knees()
    stored = {found.target: found.ended for found in results.load(played.run.folder).knees}
    first, second, _ = made_up.NAMES
    assert stored == {first: "the time was over", second: "it was interrupted"}
    assert {found.target for found in played.run.knees} == {first, second}


def test_the_noise_floor_plays_the_baselines_deployment(tmp_path: Path, clock: Clock) -> None:
    """A against A: one deployment is started twice in each block."""
    bench = TimedBench(clock)
    played, _ = course(tmp_path, make_plan(made_up.targets(), only=("docs",)), bench, clock)
    assert played.rounds() == "as planned"
    assert bench.started.count("fastapi-uvicorn") == 2 * bench.started.count("flask-gevent") == 8
    assert {done.target for done in played.run.rounds} == {*made_up.NAMES, "fastapi-uvicorn-again"}
