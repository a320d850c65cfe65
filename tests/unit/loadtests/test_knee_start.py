"""Where the searches of a run begin, and the time that each may take, from made-up rounds.

Rule: no server and no load. Neighbours: `test_knee` (which loads follow), `test_course` (a run that searches).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.analyse import figures
from loadtests.knee.share import cost, share
from loadtests.knee.start import near
from loadtests.planned import KNEE_SHARE, SERVER_SECONDS
from loadtests.records import Round
from loadtests.results import Run
from loadtests.slo import planned
from tests.unit.loadtests import made_up
from tests.unit.loadtests.probed import Fake
from tests.unit.loadtests.searched import CHAT, play

CHAT_KNEE, ASYNC_KNEE, STREAM_KNEE = planned(("chat", "async", "stream"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Made-up rounds of every scenario."""
    return made_up.a_run(tmp_path_factory.mktemp("run"))


def throughput(run: Run, scenario: str, target: str) -> float:
    """Of the target's first good round, at the closed level of the most users."""
    done = next(done for done in run.rounds if (done.scenario, done.target) == (scenario, target))
    level = figures.primary_level([driven.level for driven in done.drives])
    driven = figures.drive_at(done, level)
    assert driven is not None
    return driven.result.throughput


def test_a_rate_begins_below_what_the_closed_loop_got(run: Run) -> None:
    """0.8 of the requests per second that each target answered, in the rounds of the same run."""
    for name in made_up.NAMES:
        guess = near(run, CHAT_KNEE, name)
        assert guess == pytest.approx(0.8 * throughput(run, "chat", name), rel=0.05)


def test_users_begin_at_the_calls_that_were_in_flight(run: Run) -> None:
    """Throughput times the model's 200 ms, at the highest load."""
    guess = near(run, ASYNC_KNEE, "flask-gevent")
    assert guess == pytest.approx(0.2 * throughput(run, "async", "flask-gevent"), rel=0.05)


def test_streams_begin_at_what_their_cpu_allows(run: Run) -> None:
    """32 streams took 0.9 of a core in the made-up rounds, so 32 is what fits at 0.9 of it."""
    assert near(run, STREAM_KNEE, "fastapi-uvicorn") == pytest.approx(32, abs=1)


def test_a_start_is_never_beyond_the_highest_load(run: Run) -> None:
    """Whatever the rounds say, the plan's highest load is the most."""
    assert near(run, CHAT_KNEE.model_copy(update={"most": 60.0}), "flask-gevent") == 60


def test_without_good_rounds_there_is_no_guess(run: Run) -> None:
    """Refused rounds, rounds of others and scenarios that were not played say nothing."""
    refused = tuple(done.model_copy(update={"reasons": ("made up",)}) for done in run.rounds)
    others: tuple[Round, ...] = tuple(done for done in run.rounds if done.target != "flask-gevent")
    for rounds in (refused, others, ()):
        assert near(replace(run, rounds=rounds), CHAT_KNEE, "flask-gevent") is None
    scenarios = tuple(s for s in run.plan.scenarios if s.name != "chat")
    without = replace(run, plan=run.plan.model_copy(update={"scenarios": scenarios}))
    assert near(without, CHAT_KNEE, "flask-gevent") is None


def test_each_search_has_time_for_as_many_probes() -> None:
    """A search of streams, whose probes are long, has more seconds; the last one has all that is left."""
    wanted = [CHAT_KNEE] * 3 + [ASYNC_KNEE] * 3 + [STREAM_KNEE] * 3
    left, probes = 720.0, list[float]()
    for number, one in enumerate(wanted):
        mine = share(left, wanted[number:])
        probes.append(mine / (cost(one) + 0.7))
        left -= mine
    assert left == pytest.approx(0)
    assert probes == pytest.approx([probes[0]] * 9)
    assert share(-5, wanted) == 0


def test_the_usual_run_has_time_for_its_searches() -> None:
    """At 30 minutes, each of nine searches has time for as many probes as one from near its knee takes on average."""
    wanted = [knee for knee in (CHAT_KNEE, ASYNC_KNEE, STREAM_KNEE) for _ in made_up.NAMES]
    assert share(60 * 30 * KNEE_SHARE, wanted) / (cost(CHAT_KNEE) + SERVER_SECONDS) >= 12


def test_a_search_that_begins_near_takes_fewer_probes(tmp_path: Path) -> None:
    """The same answer from the guess as from the plan's first load, and it is kept where it began."""
    far, close = play(tmp_path, Fake(knee=850)), play(tmp_path, Fake(knee=850), near=800)
    assert (close.near, close.probes[0].load, far.near, far.probes[0].load) == (800, 800, None, CHAT.first)
    assert len(close.probes) + 4 <= len(far.probes)
    for found in (far, close):
        assert max(probe.load for probe in found.probes if probe.held) <= 850
        assert found.limit == "server"
