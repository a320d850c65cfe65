"""A search for the knee with made-up parts: how its probes are driven, what ends it, what is kept.

Rule: no server is started and no load is sent; only what the search itself does is real. Neighbours:
`test_knee_command` (the command around it).
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.analyse import knees
from loadtests.drive import DriveFailed
from loadtests.knee import Interrupted
from loadtests.measure.environment import Cores
from loadtests.serve import NotReady
from tests.unit.loadtests import made_up
from tests.unit.loadtests.probed import Fake
from tests.unit.loadtests.searched import CHAT, STREAM, ceiling, play


def test_a_search_is_played_on_fresh_servers(tmp_path: Path) -> None:
    """Each probe that failed ends its server; the others share one. The end, and every probe, are kept."""
    fake = Fake()
    found = play(tmp_path, fake)
    failed = sum(probe.held is False for probe in found.probes)
    assert (found.limit, found.target, found.unit) == ("server", "flask-gevent", "requests/s")
    assert (len(found.probes), fake.up) == (len(fake.specs), 0)
    assert failed <= fake.starts <= failed + 1
    assert fake.settings["SCRIPTED_TTFT"] == "0"
    assert not list(tmp_path.iterdir()), "the log of a search that went well is not kept"


def test_how_a_probe_is_driven(tmp_path: Path) -> None:
    """An open Poisson loop at the load, another schedule each time, pinned, and patient beyond the objective."""
    fake = Fake()
    cores = Cores(server=(0,), generator=(0,), note="")
    found = play(tmp_path, fake, cores=cores, seed=7)
    first, second = fake.specs[:2]
    assert (first.rate, first.users, first.arrivals, first.cpus) == (50, None, "poisson", frozenset({0}))
    assert (first.seed, second.seed) == (7, 8)
    assert first.timeout >= 1
    assert first.connections >= first.max_in_flight
    assert [probe.load for probe in found.probes] == [spec.rate for spec in fake.specs]


def test_a_search_in_front_of_a_model_server(tmp_path: Path) -> None:
    """Each fresh server has a fresh one behind it, with the scenario's latency, and the search says so."""
    fake = Fake(knee=300)
    found = play(tmp_path, fake, model="upstream")
    assert (found.model, play(tmp_path, Fake(knee=300)).model) == ("upstream", "scripted")
    assert len(fake.front.models) == fake.starts
    assert fake.settings["AGENT_MODEL"] == "openai"


def test_streams_are_searched_by_users(tmp_path: Path) -> None:
    """A closed loop of so many users, which streams' objective is held against."""
    fake = Fake(knee=1e9)
    found = play(tmp_path, fake, STREAM.model_copy(update={"most": 40}))
    assert [spec.rate for spec in fake.specs] == [None] * 5
    assert [spec.users for spec in fake.specs] == [16, 32, 40, 40, 40]
    assert (found.limit, found.probes[-1].edge) == ("plan", True)


def test_probes_are_kept_small(tmp_path: Path) -> None:
    """What a search has no use for is not stored: histograms, the timeline, a stream's tokens, most samples."""
    for probe in play(tmp_path, Fake()).probes:
        kept = probe.result
        assert (kept.histograms, kept.timeline, kept.worst_stream) == ({}, (), None)
        assert 1 <= len(probe.samples) <= 3


def test_open_files_are_raised_meanwhile(tmp_path: Path) -> None:
    """Server and generator inherit the hard limit; afterwards it is what it was."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1_000, hard), hard))
    try:
        fake = Fake()
        play(tmp_path, fake)
        assert fake.files == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(1_000, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_deadline_ends_a_search(tmp_path: Path) -> None:
    """No probe begins that would end after it; what was found until then is kept as unfinished."""
    fake = Fake()
    found = play(tmp_path, fake, deadline=time.monotonic())
    assert (found.probes, found.limit, found.ended, fake.starts) == ((), "unfinished", "the time was over", 0)


def test_a_generator_that_fails_once_is_tried_again(tmp_path: Path) -> None:
    """One failure of the machinery costs a server and no answer."""
    fake, said = Fake(happens={3: DriveFailed("the load generator ended without a result")}), list[str]()
    found = play(tmp_path, fake, tell=said.append)
    assert (found.limit, len(found.probes)) == ("server", len(fake.specs) - 1)
    assert any("ended without a result" in text for text in said)


def test_a_machinery_that_fails_twice_ends_the_search(tmp_path: Path) -> None:
    """Its reason is the end's, what was probed is kept, and so is the server's log."""
    error = NotReady("flask-gevent not ready on port 1 after 15 s; its log is /somewhere/x.log")
    found = play(tmp_path, Fake(happens={3: error, 4: error}))
    assert (found.limit, found.ended, len(found.probes)) == (
        "unfinished",
        "flask-gevent not ready on port 1 after 15 s",
        2,
    )
    assert [log.name for log in tmp_path.iterdir()] == ["knee-chat-flask-gevent.log"]


def test_a_server_that_ignores_its_settings_is_not_searched(tmp_path: Path) -> None:
    """What the look at a fresh server finds ends the search before any load."""
    fake = Fake()
    fake.problems = ("the server did not keep SCRIPTED_TTFT=0.05",)
    found = play(tmp_path, fake)
    assert (found.limit, found.probes, fake.specs) == ("unfinished", (), [])
    assert found.ended == "the server did not keep SCRIPTED_TTFT=0.05"


@pytest.mark.parametrize("at", [2, 5])
def test_ctrl_c_passes_through_with_what_was_probed(tmp_path: Path, at: int) -> None:
    """An interrupted search is unfinished, says so, has the probes that had finished, and leaves no server."""
    fake = Fake(happens={at: KeyboardInterrupt()})
    with pytest.raises(Interrupted) as stop:
        play(tmp_path, fake)
    found = stop.value.found
    assert (found.limit, found.ended, len(found.probes)) == ("unfinished", "it was interrupted", at - 1)
    assert [probe.load for probe in found.probes] == [spec.rate for spec in fake.specs[: at - 1]]
    assert fake.up == 0


def test_ctrl_c_in_the_first_probe_is_no_search(tmp_path: Path) -> None:
    """With no probe there is nothing to keep: the interruption passes through as it is."""
    fake = Fake(happens={1: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt) as stop:
        play(tmp_path, fake)
    assert (type(stop.value), fake.up) == (KeyboardInterrupt, 0)


def test_a_lost_ctrl_c_is_heard_before_the_next_probe(tmp_path: Path) -> None:
    """One whose exception a library has swallowed ends the search after the probe in which it came."""
    fake = Fake()
    with pytest.raises(Interrupted) as stop:
        play(tmp_path, fake, stopped=lambda: len(fake.specs) == 3)
    assert (len(stop.value.found.probes), fake.up) == (3, 0)


def test_a_rate_near_the_ceiling_cannot_be_told(tmp_path: Path) -> None:
    """Where the generator is not known to be true, the search stops with what it saw below."""
    found = play(tmp_path, Fake(knee=1e9), ceiling=ceiling(requests=105.0))
    assert (found.limit, [probe.held for probe in found.probes]) == ("generator", [None, None])
    assert "ceiling" in found.probes[0].reasons[0]


def test_a_knee_from_its_probes(tmp_path: Path) -> None:
    """The ends as the search saw them, and for each load the medians of its probes with the first reason it failed."""
    found = play(tmp_path, Fake())
    came = knees.of_searches([found])
    assert came is not None
    (knee,) = came.cells
    assert (came.scenario, came.unit, came.slo) == ("chat", "requests/s", CHAT.slo)
    assert knee.low is not None
    assert knee.high is not None
    assert (knee.low <= 120 < knee.high, knee.limit) == (True, "server")
    assert [point.load for point in knee.points] == sorted({probe.load for probe in found.probes})
    by_load = {point.load: point for point in knee.points}
    assert (by_load[knee.low].held, by_load[knee.low].probes, by_load[knee.low].why) == (3, 3, "")
    assert by_load[knee.low].latency_p99_ms == pytest.approx(60, rel=0.01)
    assert by_load[knee.high].why.startswith("failed 2 of 2: latency intended p99 was 2,0")
    assert by_load[knee.high].ttft_p99_ms is None


def test_knees_are_in_the_plans_order_and_of_one_scenario(tmp_path: Path) -> None:
    """Searches of other scenarios are left out; without any there is nothing."""
    plan = made_up.plan("fastapi-uvicorn", "flask-gevent", only=("chat", "stream"))
    run = made_up.a_run(tmp_path, plan, rounds=0)
    assert knees.of(run, "chat") is None
    gevent = play(tmp_path / "logs", Fake())
    uvicorn = gevent.model_copy(update={"target": "fastapi-uvicorn"})
    other = gevent.model_copy(update={"scenario": "stream"})
    run = replace(run, knees=(other, gevent, uvicorn))
    came = knees.of(run, "chat")
    assert came is not None
    assert [cell.target for cell in came.cells] == ["fastapi-uvicorn", "flask-gevent"]


def test_a_load_that_could_not_be_told_says_why(tmp_path: Path) -> None:
    """Its figures are those of the probes there were, and none counts as held."""
    came = knees.of_searches([play(tmp_path, Fake(), ceiling=ceiling(requests=105.0))])
    assert came is not None
    (point,) = came.cells[0].points
    assert (point.probes, point.held, came.cells[0].low) == (2, 0, None)
    assert point.why.startswith("could not be told 2 of 2 times: ")
