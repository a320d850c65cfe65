"""The gates of a round, each provoked for real: what must be refused is refused, and for this reason.

A busy machine may add reasons of its own, so a test asks for its reason among them and never for a good round.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.measure.environment import choose_cores
from loadtests.plan import Level
from tests.unit.loadtests.fake_bench import CEILING
from tests.validity.rounds import FEW, burning, kill_the_generator, meanwhile, move_the_generator, played

TWO_CORES = pytest.mark.skipif(not choose_cores().server, reason="needs two cores to bind processes to (Linux)")
WHOLE = Level(users=8, seconds=2.0, warmup=0.3)  # so that streams begin in the window, and end well after it
LONGER = Level(rate=4, arrivals="constant", seconds=1.5, warmup=0.3)
FOR_THE_SERVER = ("failed", "truncated", "body", "settings", "core", "ceiling", "offered", "only", "before the load")


def test_a_round_without_a_fault_has_no_reason_against_its_server(tmp_path: Path) -> None:
    """The control: the same server, load and gates, and nothing that a busy machine could not explain."""
    done = played(tmp_path, level=Level(users=1, seconds=1.0, warmup=0.3))
    assert not [reason for reason in done.reasons for word in FOR_THE_SERVER if word in reason], done.reasons
    assert done.drives[0].result.requests.count > 0
    if choose_cores().server:
        assert (done.drives[0].placed.server, done.drives[0].placed.generator) == (
            choose_cores().server,
            choose_cores().generator,
        )


@pytest.mark.parametrize(
    ("scenario", "fault", "reason"),
    [
        ("chat", "wrong body", "bodies failed their check"),
        ("chat", "errors", "requests failed"),
        ("stream", "truncates", "streams were truncated"),
        ("chat", "dies", "requests failed"),
        ("async", "answers too early", "did not keep SCRIPTED_TTFT=0.2 and SCRIPTED_ITL=0 under load"),
        ("stream", "answers too early", "did not keep SCRIPTED_TTFT=0.05 and SCRIPTED_ITL=0.05 under load"),
        ("async", "ignores its settings", "did not keep SCRIPTED_TTFT=0.2: its first token came after"),
        ("stream", "ignores its settings", "did not keep SCRIPTED_ITL=0.05: its tokens came"),
    ],
)
def test_what_a_server_does_wrong_under_load_refuses_the_round(
    tmp_path: Path, scenario: str, fault: str, reason: str
) -> None:
    """The server is right when it is looked at, where the fault allows it, and its round is refused all the same."""
    done = played(tmp_path, fault, scenario=scenario)
    assert any(reason in text for text in done.reasons), done.reasons
    looked = any(reason in text for text in done.precheck.problems)
    assert looked == (fault == "ignores its settings"), "the fault was to be seen under load alone"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("wrong words", "body: the words are not the model's"),
        ("leaves a token out", "body: the tokens are not the 29 that the model says"),
        ("no tool call", "body: the tool calls are not the 1 that the model makes"),
    ],
)
def test_a_stream_that_says_something_else_refuses_the_round(tmp_path: Path, fault: str, reason: str) -> None:
    """Every stream comes whole, in order and in time, and what it says is looked at all the same."""
    done = played(tmp_path, fault, scenario="stream", level=WHOLE)
    result = done.drives[0].result
    assert "bodies failed their check" in done.reasons, done.reasons
    assert set(result.error_samples) == {reason}
    assert done.precheck.problems == ()
    assert result.streams is not None
    assert (result.streams.completed > 0, result.streams.truncated) == (True, 0)


@pytest.mark.parametrize(("scenario", "level"), [("stream", WHOLE), ("long-stream", LONGER)])
def test_a_stream_that_says_what_the_model_says_is_taken(tmp_path: Path, scenario: str, level: Level) -> None:
    """The control: streams of the window were looked at, and nothing was said against any of them."""
    done = played(tmp_path, scenario=scenario, level=level)
    assert not [reason for reason in done.reasons for word in FOR_THE_SERVER if word in reason], done.reasons
    result = done.drives[0].result
    assert (result.body_checks > 0, result.requests.errors) == (True, 0)


def test_load_that_could_not_be_offered_refuses_the_round(tmp_path: Path) -> None:
    """Of 1,500 requests/s to a server that stalls for 2 s only a thousand are in flight, and the others are dropped."""
    done = played(tmp_path, "stalls", level=Level(rate=1_500, arrivals="constant", seconds=1.0, warmup=0.3))
    assert any("of the offered load" in text for text in done.reasons), done.reasons
    assert done.drives[0].result.requests.dropped > 0


@TWO_CORES
def test_a_starved_generator_refuses_the_round(tmp_path: Path) -> None:
    """Four busy processes on the generator's core: it is late by more than it may be, whatever the server does."""
    with burning(choose_cores().generator[0]):
        done = played(tmp_path)
    assert any("hub" in text for text in done.reasons), done.reasons


def test_a_generator_at_its_limit_refuses_the_round(tmp_path: Path) -> None:
    """A server far faster than the generator keeps it busy the whole time: its CPU, or its lateness, says so."""
    done = played(tmp_path, level=Level(users=64, seconds=1.0, warmup=0.3))
    assert any("CPU" in text or "hub" in text for text in done.reasons), done.reasons


def test_a_generator_that_is_killed_is_a_refused_round(tmp_path: Path) -> None:
    """Its result is missing, the server is stopped, and the run could go on."""
    with meanwhile(kill_the_generator):
        done = played(tmp_path)
    assert any("the load generator failed with exit code -9" in text for text in done.reasons), done.reasons
    assert "only 0 of 1 drives finished" in done.reasons


@TWO_CORES
def test_a_server_on_the_generators_core_refuses_the_round(tmp_path: Path) -> None:
    """It was bound to its own core when it started, and has left it since."""
    core = choose_cores().generator[0]
    done = played(tmp_path, "leaves its core")
    assert f"the server may run on core {core}, the generator's" in done.reasons, done.reasons


@TWO_CORES
def test_a_generator_on_the_servers_core_refuses_the_round(tmp_path: Path) -> None:
    """The cores are not what the run says they are: the generator is moved while it runs."""
    core = choose_cores().server[0]
    with meanwhile(lambda: move_the_generator(core)):
        done = played(tmp_path, level=Level(users=1, seconds=1.0, warmup=1.0))
    assert f"the generator may run on core {core}, the server's" in done.reasons, done.reasons


@pytest.mark.parametrize("scenario", ["chat", "stream"])
def test_a_round_near_the_ceiling_is_refused(tmp_path: Path, scenario: str) -> None:
    """With a generator that were at its limit with ten events a second, no figure of this round could be trusted."""
    low = CEILING.model_copy(update={"events_per_second": 10, "requests_per_second": 10})
    done = played(tmp_path, scenario=scenario, level=FEW, ceiling=low)
    unit = {"chat": "requests/s", "stream": "events/s"}[scenario]
    assert any(f"of the generator's ceiling (10 {unit})" in text for text in done.reasons), done.reasons
