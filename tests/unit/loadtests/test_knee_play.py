"""A search for the knee with made-up parts: how its probes are driven, what ends it, what is kept, what is shown.

Rule: no server is started and no load is sent; only what the search itself does is real.
"""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from loadtests import files, schemas
from loadtests.analyse import knees
from loadtests.compare import INTERRUPTED, Parts
from loadtests.drive import DriveFailed, DriveSpec
from loadtests.drive.result import DriveResult
from loadtests.errors import UserError
from loadtests.files import read
from loadtests.knee import Interrupted, Place, command, search
from loadtests.knee.found import Found
from loadtests.measure.environment import Cores
from loadtests.plan import PlannedKnee
from loadtests.results import Ceiling, KneeSearch
from loadtests.serve import NotReady
from loadtests.signals import leave_on_sigterm
from loadtests.slo import planned
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count
from tests.unit.loadtests import made_up
from tests.unit.loadtests.probed import Fake

CHAT = planned(["chat"])[0]
STREAM = planned(["stream"])[0]


def place(tmp_path: Path, **changes: object) -> Place:
    """Nothing pinned, no deadline."""
    return Place(**({"cores": Cores(server=(), generator=(), note=""), "logs": tmp_path} | changes))  # type: ignore[arg-type]  # by test


def play(tmp_path: Path, fake: Fake, what: PlannedKnee = CHAT, **changes: object) -> KneeSearch:
    """A whole search on the made-up server."""
    return search(what, made_up.targets("flask-gevent")[0], place(tmp_path, **changes), fake.bench)


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


def ceiling(requests: float = 1e6) -> Ceiling:
    """A generator that can drive so many requests a second."""
    return Ceiling(
        measured_at="2030-01-02 03:04:05 UTC",
        machine="Imaginary 9000",
        events_per_second=1e6,
        requests_per_second=requests,
        cpu_percent_at_events=50,
        cpu_percent_at_requests=50,
        seconds=1,
    )


# what came out, as values


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
    assert by_load[knee.high].why.startswith("failed 3 of 3: latency intended p99 was 2,0")
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


# the command


def run_command(
    tmp_path: Path,
    fake: Fake,
    *,
    wrong: int = 0,
    shown: io.StringIO | None = None,
    calibrated: bool = True,
    **options: object,
) -> tuple[int, str]:
    """`parity knee chat` on one target; the exit code and what was printed."""
    shown = shown or io.StringIO()
    chosen = {"scenario": "chat", "targets": ("flask-gevent",), "json": tmp_path / "knee.json"} | options
    count, page = Count(identical=8, wrong=wrong), Path("page/index.html")
    outcomes = {name: VerifyOutcome(name, count, page, "", "f" * 64) for name in made_up.NAMES}
    parts = Parts(lambda *_: outcomes, fake.bench, lambda _: ceiling() if calibrated else None)
    code = command.knee(command.KneeOptions(**chosen), Console(file=shown, width=250), parts)  # type: ignore[arg-type]  # by test
    return code, shown.getvalue()


@pytest.fixture(autouse=True)
def logs_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's logs go where this test is."""
    monkeypatch.setattr(command, "LOGS", tmp_path / "logs")


def test_the_command_shows_each_probe_and_a_table(tmp_path: Path) -> None:
    """A line for every probe with its figures or its reason, a row for every target, and all of it in the file."""
    fake = Fake()
    code, shown = run_command(tmp_path, fake)
    stored = read(tmp_path / "knee.json", Found)
    assert (code, len(stored.searches[0].probes)) == (0, len(fake.specs))
    assert "chat on flask-gevent, 50 requests/s: held (latency p99 60.0 ms" in shown
    assert "chat on flask-gevent, 200 requests/s: failed (latency intended p99 was 2,0" in shown
    assert "the server" in shown.splitlines()[-3]
    assert stored.knees == knees.of_searches(stored.searches)


def test_the_commands_file_keeps_its_schema(tmp_path: Path) -> None:
    """What `parity knee --json` writes is valid by the schema that is published for it."""
    run_command(tmp_path, Fake())
    validator = Draft202012Validator(schemas.schema("searches"))
    assert list(validator.iter_errors(json.loads((tmp_path / "knee.json").read_text("utf-8")))) == []


def test_no_search_without_a_pass(tmp_path: Path) -> None:
    """A target that fails the suite is not loaded; exit code 1."""
    fake = Fake()
    code, shown = run_command(tmp_path, fake, wrong=1)
    assert (code, fake.starts) == (1, 0)
    assert "flask-gevent does not keep the contract" in shown


def test_ctrl_c_before_the_first_probe_has_nothing_to_show(tmp_path: Path) -> None:
    """Exit code 130, a sentence, no file."""
    code, shown = run_command(tmp_path, Fake(happens={1: KeyboardInterrupt()}))
    assert (code, (tmp_path / "knee.json").exists()) == (INTERRUPTED, False)
    assert "there is nothing to show" in shown


def test_ctrl_c_ends_the_command_with_what_was_probed(tmp_path: Path) -> None:
    """Exit code 130; the search that was under way is shown and written as unfinished, those before it as they are."""
    whole = Fake()
    play(tmp_path / "whole", whole)
    fake = Fake(happens={len(whole.specs) + 4: KeyboardInterrupt()})
    code, shown = run_command(tmp_path, fake, targets=("flask-gevent", "fastapi-uvicorn", "flask-gthread"))
    stored = read(tmp_path / "knee.json", Found)
    assert (code, fake.up) == (INTERRUPTED, 0)
    assert [(s.target, s.limit, len(s.probes)) for s in stored.searches] == [
        ("flask-gevent", "server", len(whole.specs)),
        ("fastapi-uvicorn", "unfinished", 3),
    ]
    assert "the search did not finish" in shown
    assert "it was interrupted" in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_signals_are_heard_once(tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either signal ends the load, and another one while the file is written costs nothing."""

    class Signalled(Fake):
        def drive(self, spec: DriveSpec) -> DriveResult:
            if len(self.specs) == 2:
                signal.raise_signal(number)
            return super().drive(spec)

    def again(path: Path, found: Found, option: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        store(path, found, option)

    store, before = files.store, signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(files, "store", again)
    try:
        leave_on_sigterm(KeyboardInterrupt())
        code, _ = run_command(tmp_path, Signalled())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (code, len(read(tmp_path / "knee.json", Found).searches[0].probes)) == (INTERRUPTED, 2)


def test_a_full_disk_in_a_search_keeps_those_before(tmp_path: Path) -> None:
    """One sentence with the cure, after what was found is shown and, if there is room by then, written."""
    whole, shown = Fake(), io.StringIO()
    play(tmp_path / "whole", whole)
    fake = Fake(happens={len(whole.specs) + 2: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))})
    with pytest.raises(UserError, match=r"on fastapi-uvicorn cannot go on: .*No space left on device; make room"):
        run_command(tmp_path, fake, shown=shown, targets=("flask-gevent", "fastapi-uvicorn"))
    (search_,) = read(tmp_path / "knee.json", Found).searches
    assert (search_.target, search_.limit, fake.up) == ("flask-gevent", "server", 0)
    assert "limited by" in shown.getvalue()


def test_a_full_disk_at_the_end_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is shown first, so that only the file is lost; the sentence names it and the option."""

    def full(_path: Path, _text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shown = io.StringIO()
    monkeypatch.setattr(files, "_replace", full)
    with pytest.raises(UserError, match=r"cannot write .*knee\.json: No space left .* another place with --json"):
        run_command(tmp_path, Fake(), shown=shown)
    assert "limited by" in shown.getvalue()


@pytest.mark.parametrize(("name", "said"), [("none/k.json", "there is no folder"), (".", "is a folder; name a file")])
def test_a_file_that_cannot_be_is_said_before_the_load(tmp_path: Path, name: str, said: str) -> None:
    """No server is started for a result that would have no place."""
    fake = Fake()
    with pytest.raises(UserError, match=said):
        run_command(tmp_path, fake, json=tmp_path / name)
    assert fake.starts == 0


def test_a_machine_that_cannot_be_calibrated_is_searched_all_the_same(tmp_path: Path) -> None:
    """Without a ceiling the loads are probed, and the file says that there was none."""
    code, _ = run_command(tmp_path, Fake(), calibrated=False)
    assert (code, read(tmp_path / "knee.json", Found).ceiling) == (0, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scenario": "docs"}, "no knee to search for 'docs'; choose from chat, async, stream"),
        ({"minutes": 0}, "--minutes 0 leaves no time to search"),
        ({"slo": "ttft_p99=1ms"}, "does not apply to chat"),
    ],
    ids=["scenario", "minutes", "slo"],
)
def test_what_cannot_be_searched_is_said(tmp_path: Path, options: dict[str, object], said: str) -> None:
    """A mistake ends the command before any load, with what is allowed."""
    with pytest.raises(UserError, match=said):
        run_command(tmp_path, Fake(), **options)  # type: ignore[arg-type]  # by test
