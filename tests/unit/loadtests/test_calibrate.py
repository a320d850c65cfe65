"""Calibration: the search finds the limit, and the answer is kept. Neighbours: `test_calibrate_peer`."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from loadtests import calibrate
from loadtests.calibrate import Calibration, finished, searched, stored
from loadtests.calibrate.climb import Tried, found, next_load
from loadtests.calibrate.machine import BESIDE, machine, sources
from loadtests.calibrate.search import SEARCHES, Found, Search, search
from loadtests.calibrate.step import COMPARED, Pair, Step
from loadtests.cli import loading
from loadtests.descriptors import most_connections
from loadtests.drive import DriveFailed
from loadtests.errors import UserError
from loadtests.records import Ceiling
from loadtests.schema_version import SCHEMA_VERSION


def test_ctrl_c_ends_calibrate_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 130, no traceback, and it is said that nothing was stored."""

    def pressed(*_: object, **__: object) -> Ceiling:
        raise KeyboardInterrupt

    monkeypatch.setattr(calibrate, "calibrate", pressed)
    with pytest.raises(typer.Exit) as end:
        loading.calibrate()
    assert end.value.exit_code == 130
    assert capsys.readouterr().err == (
        "parity: stopped before the limit was found: nothing is stored, and no process is left\n"
    )


def test_streams_may_use_all_descriptors() -> None:
    """As many connections are allowed as the hard limit gives, less some for the process itself."""
    assert most_connections() > 50


def climbed(limit: float, *, first: int = 100, most: int = 20_000, bad: tuple[int, ...] = ()) -> list[Tried]:
    """The loads tried on a generator whose CPU reaches its limit at `limit` users; the tries in `bad` are refused."""
    tried: list[Tried] = []
    while (load := next_load(tried, first=first, most=most)) is not None:
        share = 0.1 + 0.9 * load / limit
        tried.append(Tried(load, share <= 1 and len(tried) not in bad, share))
        assert len(tried) < 20
    return tried


@pytest.mark.parametrize("limit", [30, 110, 431, 1_000, 7_000])
def test_the_limit_is_found_in_a_few_steps(limit: int) -> None:
    """Whatever the limit, the highest good load is within a tenth of it, after at most eight steps."""
    tried = climbed(limit)
    assert found(tried)
    assert max(one.load for one in tried if one.good) >= 0.9 * limit
    assert len(tried) <= 8


def test_a_load_refused_by_the_machine_is_tried_again() -> None:
    """A load that is refused with CPU to spare is played once more, and counts as good if it is so then."""
    tried = climbed(1_000, bad=(0,))
    assert [one.load for one in tried][:2] == [100, 100]
    assert max(one.load for one in tried if one.good) >= 900


def test_no_load_is_over_what_descriptors_allow() -> None:
    """The climb ends at the most connections, and says that this was not the generator's limit."""
    tried = climbed(7_000, most=300)
    assert max(one.load for one in tried) == 300
    assert not found(tried)


def test_a_generator_that_holds_nothing_ends_the_climb() -> None:
    """When every load is refused the climb goes down to a few users and ends."""
    tried = climbed(1.0)
    assert tried[-1].load == 10
    assert not found(tried)


def made_step(scenario: str, users: int, *, share: float = 0.5, peer_cpu: float = 20.0) -> Step:
    """A step on a generator that reaches 60% of its core at a share of 1."""
    cpu, pair = 60 * share, Pair(p50=50.2, p99=50.9, recorded_p50=50.0, recorded_p99=50.1)
    return Step(
        scenario=scenario,
        framing="plain",
        users=users,
        seconds=2.0,
        per_second=users * 20,
        cpu_percent=cpu,
        hub_lag_p99_ms=1.0,
        events_per_read=1.0,
        itl_reliable=True,
        seen=users,
        recorded=users,
        figures=dict.fromkeys(COMPARED[scenario], pair),
        peer_cpu_percent=peer_cpu,
        peer_late_p99_ms=0.1,
        refused=(f"the generator's CPU was at {cpu:.0f}%, over 60%",) if cpu > 60 else (),
        untrue=(),
    )


def simulated(limit: int, **given: Any) -> Found:
    """A search on a generator that holds `limit` users."""
    return search(
        SEARCHES[0], lambda one, users: made_step(one.scenario, users, share=users / limit, **given), float("inf")
    )


def test_the_best_good_step_is_the_answer() -> None:
    """The search gives the good step with the most events a second, and knows that it is the limit."""
    result = simulated(1_000)
    assert 950 <= result.best.users <= 1_000
    assert not result.at_least


def test_a_busy_peer_makes_it_at_least() -> None:
    """Where the peer has no CPU left, the search ends and its answer is a lower bound."""
    result = simulated(10_000, peer_cpu=92.0)
    assert len(result.steps) == 1
    assert result.at_least


def test_time_over_makes_it_at_least() -> None:
    """Where the time is over while all is still good, the answer is a lower bound; one step is always played."""
    result = search(SEARCHES[1], lambda one, users: made_step(one.scenario, users, share=0.1), time.monotonic())
    assert len(result.steps) == 1
    assert result.at_least


def test_nothing_good_is_said_with_its_reasons() -> None:
    """When no load had good figures, the message has the reasons and the cure."""
    with pytest.raises(UserError, match=r"no load of stream .* CPU was at .* end what else runs .*parity calibrate"):
        _ = simulated(1).best


def test_calibration_is_shown_step_by_step() -> None:
    """The terminal shows each step, why one does not count, and the answers with events a core."""
    shown = Console(file=io.StringIO(), width=200)

    def step(wanted: Search, users: int) -> Step:
        return made_step(wanted.scenario, users, share=users / 200)

    told = finished(searched(step, float("inf")), "server on core 0, generator on core 1", 40.0, shown)
    text = shown.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert "+0.2, +0.8" in text
    assert "refused" in text
    assert "CPU was at" in text
    assert "events/s with good figures" in text
    assert told.ceiling.events_per_second == max(s.per_second for s in told.steps if s.good and s.scenario == "stream")
    assert Calibration.model_validate_json(told.model_dump_json()) == told


def kept(folder: Path, **changed: Any) -> Path:
    """A stored ceiling of this machine."""
    facts: dict[str, Any] = {
        "measured_at": "now",
        "machine": machine(),
        "events_per_second": 20_000,
        "requests_per_second": 9_000,
        "cpu_percent_at_events": 58,
        "cpu_percent_at_requests": 57,
        "seconds": 40,
    }
    file = folder / "calibration.json"
    file.write_text(Ceiling(**{**facts, **changed}).model_dump_json(), "utf-8")
    return file


@pytest.mark.parametrize("failure", [UserError("no load got good figures"), DriveFailed("the generator ended")])
def test_a_machine_too_busy_to_calibrate_is_said(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison goes on without a ceiling, and hears why there is none."""

    def busy(_: Console) -> Ceiling:
        raise failure

    monkeypatch.setattr(calibrate, "ensure", busy)
    shown = io.StringIO()
    assert calibrate.sought(Console(file=shown, width=200)) is None
    assert f"not calibrated: {failure}; a round near its limit passes unseen" in shown.getvalue()


def test_a_ceiling_of_this_machine_is_used_again(tmp_path: Path) -> None:
    """What was stored by this machine and these sources is taken as it is."""
    ceiling = stored(kept(tmp_path))
    assert ceiling is not None
    assert ceiling.events_per_second == 20_000


def test_a_ceiling_of_another_machine_is_none(tmp_path: Path) -> None:
    """Another machine's, a damaged one and none at all are all no calibration."""
    damaged = tmp_path / "damaged.json"
    damaged.write_text('{"machine": "a', "utf-8")
    assert stored(kept(tmp_path, machine="another")) is None
    assert stored(damaged) is None
    assert stored(tmp_path / "missing.json") is None


def test_a_ceiling_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """Where reading fails, as of a folder, and where another schema may have given its figures another meaning."""
    assert stored(tmp_path) is None
    for version in (SCHEMA_VERSION - 1, SCHEMA_VERSION + 1):
        assert stored(kept(tmp_path, schema_version=version)) is None
    assert stored(kept(tmp_path)) is not None


@pytest.mark.parametrize("changed", ["drive/client/http.py", "checks.py"])
def test_a_calibration_is_bound_to_the_generators_sources(changed: str, tmp_path: Path) -> None:
    """When a source of the generator changes, so does the name of what was calibrated; machine() has that name."""
    for name in ("drive/client/http.py", *BESIDE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was", "utf-8")
    file = tmp_path / changed
    hashes = []
    for text in ("one", "two", "one"):
        file.write_text(text, "utf-8")
        hashes.append(sources(tmp_path))
    assert hashes[0] == hashes[2] != hashes[1]
    assert sources() in machine()
