"""A comparison in front of a model server, with made-up parts: what is stored, what is said, what refuses a round."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import behind, proof, report, results
from loadtests import same as same_module
from loadtests.bench import Bench
from loadtests.compare import CompareOptions
from loadtests.diff import compared
from loadtests.doubts import outpaced, shared
from loadtests.drive import DriveSpec
from loadtests.drive.totals import Received
from loadtests.errors import UserError
from loadtests.levels import LEVELS, UPSTREAM
from loadtests.measure import Sample, environment
from loadtests.measure.environment import Cores, choose_cores
from loadtests.measure.placing import Placed
from loadtests.plan import SCENARIOS, Level, make_plan
from loadtests.records import Counted, Driven
from loadtests.report.html import command
from loadtests.results import Run
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import SECRET, FakeBench
from tests.unit.loadtests.test_compare import play, stored


class Unhurried(FakeBench):
    """Streams as fast as the model lets 32 users have them, and as many tokens as the made-up worst one has."""

    def rate(self, _spec: DriveSpec) -> float:
        """Answers a second."""
        return 10.0 + self.drives % 3


LEVEL = Level(users=8, seconds=2, warmup=0.5)
FRONT = "In front of an OpenAI-compatible model server"
SHARED = Cores(server=(0,), generator=(1,), note="two cores", upstream=(1,))
APART = Cores(server=(0,), generator=(3,), note="four cores", upstream=(1,))


def in_front(tmp_path: Path, bench: FakeBench, **options: object) -> tuple[int, str, Run]:
    """Compare in front of a made-up model server: exit code, what was printed, what was stored."""
    code, shown = play(tmp_path, bench.parts(), model="upstream", **options)
    return code, shown, stored(tmp_path)


def test_a_model_server_of_its_own_stands_behind_every_round(tmp_path: Path) -> None:
    """Each round starts one with the scenario's own latency, and its block for a seed; the server gets its settings."""
    bench = Unhurried()
    code, _, run = in_front(tmp_path, bench, only=("stream",))
    assert (code, len(run.rounds), len(bench.models)) == (0, 16, 16)
    assert [model.options["seed"] for model in bench.models] == [done.block for done in run.rounds]
    assert {(model.options["ttft"], model.options["itl"]) for model in bench.models} == {(0.05, 0.05)}
    assert all(settings["AGENT_MODEL"] == "openai" and "SCRIPTED_TTFT" not in settings for settings in bench.settings)
    assert not list((run.folder / "logs").iterdir())


def test_every_stored_file_says_the_model_and_none_its_key(tmp_path: Path) -> None:
    """Plan, rounds and searches say it; what changes with every round, its address and its key, is not kept."""
    _, _, run = in_front(tmp_path, FakeBench(), only=("async",))
    assert run.name.endswith("-quick-upstream-async")
    assert (run.plan.model, {done.model for done in run.rounds}) == ("upstream", {"upstream"})
    kept = ("AGENT_MODEL=openai", "SESSION_STORE=memory://", "UPSTREAM_ITL=0", "UPSTREAM_TTFT=0.2")
    assert {done.settings for done in run.rounds} == {kept}
    assert not [file for file in run.folder.rglob("*.*") if SECRET in file.read_text("utf-8")]
    counted = run.rounds[0].upstream
    assert counted is not None
    assert (counted.before.completed, counted.after.completed) == (0, 15)
    assert counted.added is not None
    assert counted.added.p99_ms == pytest.approx(3)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (Received(turns=10, calls=14, tool_calls=5, characters=3_000), "15 answers of the model, and .* sent 14"),
        (Received(turns=10, calls=15, tool_calls=4, characters=3_000), "5 tool calls, and .* sent 4"),
        (Received(turns=10, calls=15, tool_calls=5, characters=3_001), "3,000 characters, and .* sent 3,001"),
    ],
    ids=["answers", "tools", "characters"],
)
def test_a_round_whose_work_was_not_done_is_refused(tmp_path: Path, sent: Received, reason: str) -> None:
    """What the clients received and what the model sent differ: such a round is refused, and the report says why."""
    bench = FakeBench()
    bench.sent = sent
    code, shown, run = in_front(tmp_path, bench)
    assert code == 1
    assert all(len(done.reasons) == 1 and re.search(reason, done.reasons[0]) for done in run.rounds), run.rounds[0]
    for text in (shown.replace("\n", " "), (run.folder / "report.html").read_text("utf-8")):
        assert re.search(f"the clients received {reason}", text)


def test_tokens_are_held_against_each_other_where_a_client_sees_them(tmp_path: Path) -> None:
    """A stream that lost one token of many is refused; a reply in one piece shows none, and is not."""
    bench = Unhurried()
    bench.sent = bench.received.model_copy(update={"tokens": 7})
    _, _, whole = in_front(tmp_path / "chat", bench)
    _, _, streamed = in_front(tmp_path / "stream", bench, only=("stream",))
    assert all(done.good for done in whole.rounds)
    assert streamed.rounds[0].reasons == ("the clients received 0 tokens, and the model server sent 7",)


def test_calls_that_were_not_completed_are_said() -> None:
    """Whatever the model server saw broken off in the load counts against it; what was before the load does not."""
    at = FakeBench().upstream(log=Path("/dev/null"), ttft=0, itl=0)
    with at as server:
        none = server.stats().model_copy(update={"cancelled": 1})
    after = none.model_copy(update={"cancelled": 3, "refused": 1})
    assert tuple(proof.differences((), Counted(before=none, after=after), streams=False)) == (
        "the model server saw 2 calls cancelled",
        "the model server saw 1 calls refused",
    )


def test_a_call_that_stays_open_breaks_the_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are compared when nothing is under way; where that never comes, the round says so."""
    monkeypatch.setattr(behind, "PATIENCE", 0.05)
    bench = FakeBench()
    bench.left_open = 2
    code, _, run = in_front(tmp_path, bench)
    assert code == 1
    assert run.rounds[0].reasons[0].startswith("the model server still had 2 calls open")
    assert sorted(log.name for log in (run.folder / "logs").iterdir())[:2] == [
        f"001-{run.rounds[0].target}-model.log",
        f"001-{run.rounds[0].target}.log",
    ]


def test_a_model_server_that_does_not_start_refuses_the_round(tmp_path: Path) -> None:
    """It is a reason in the round, like a server that does not start."""
    bench = FakeBench()

    def broken(**_: object) -> None:
        raise UserError("upstream not ready on port 1 after 15 s")

    alone = Bench(bench.running, bench.look, bench.drive, broken)  # type: ignore[arg-type]  # it never gives one
    code, _ = play(tmp_path, replace(bench.parts(), bench=alone), model="upstream")
    assert code == 1
    assert bench.drives == 0
    assert stored(tmp_path).rounds[0].reasons[0] == "upstream not ready on port 1 after 15 s"


def test_no_load_where_a_target_says_something_else(tmp_path: Path) -> None:
    """The replies are compared before any load, for the scenarios of the plan, and only with a model server."""
    bench = FakeBench()
    bench.same = False
    code, _ = play(tmp_path, bench.parts(), model="upstream", only=("docs", "stream"))
    assert (code, bench.drives, list(tmp_path.iterdir())) == (1, 0, [])
    assert bench.asked_same == [("docs", "stream")]
    assert play(tmp_path, bench.parts())[0] == 0
    assert len(bench.asked_same) == 1


def busy(share: float) -> tuple[Sample, ...]:
    """A process that took this share of a core before, in and after the window."""
    return tuple(
        Sample(at=made_up.BEGAN + second, cpu_seconds=share * (second + 2), rss_bytes=1, processes=1)
        for second in range(-2, 6)
    )


@pytest.mark.parametrize(
    ("cores", "share", "said"),
    [
        (SHARED, 0.66, "the model was the bottleneck: model server and generator took 86% of a core"),
        (SHARED, 0.64, ""),
        (APART, 0.86, "the model was the bottleneck: the model server took 86% of a core"),
        (APART, 0.84, ""),
    ],
)
def test_a_model_server_without_room_is_the_bottleneck(cores: Cores, share: float, said: str) -> None:
    """On the generator's core (20% its own) both count, on a core of its own the model server alone."""
    reasons = tuple(outpaced(made_up.result("chat", LEVEL, 500.0), busy(share), cores))
    assert len(reasons) == bool(said)
    assert not said or reasons[0].startswith(said)


def test_a_model_server_on_the_servers_core_is_said() -> None:
    """It may share the generator's, never the server's."""
    found = tuple(shared(Placed(server=(0,), generator=(1,), upstream=(0, 1)), SHARED))
    assert found == ("the model server may run on core 0, the server's",)


@pytest.mark.parametrize(
    ("cores", "upstream", "note"),
    [
        ((0,), (), "not pinned: server and generator share the only core"),
        ((0, 1), (1,), "server on core 0, generator and model server on core 1; the system's own work is on both"),
        ((2, 4, 7), (4,), "server on core 2, generator on core 7, model server on core 4; the system's own work is on"),
    ],
)
def test_where_the_model_server_runs(
    monkeypatch: pytest.MonkeyPatch, cores: tuple[int, ...], upstream: tuple[int, ...], note: str
) -> None:
    """On the generator's core where there are two, on one of its own where there are more, and it is said."""
    monkeypatch.setattr(environment, "available_cores", lambda: cores)
    found = choose_cores("upstream")
    assert (found.upstream, found.note[: len(note)]) == (upstream, note)
    without = choose_cores()
    assert (without.upstream, without.server, without.generator) == ((), found.server, found.generator)
    assert "model" not in without.note


def test_the_report_says_it_first_and_how_to_do_it_again(tmp_path: Path) -> None:
    """The answer begins with it, in page and summary; beside it: the proof, the model server's room, the command."""
    code, shown, run = in_front(tmp_path, FakeBench())
    summary, page = ((run.folder / name).read_text("utf-8") for name in ("summary.md", "report.html"))
    assert code == 0
    assert summary.split("\n\n")[1].startswith(f"{FRONT}: ")
    assert f'<p class="answer">{FRONT}: ' in page
    assert FRONT in shown
    assert "✓ **Same work**: 240 answers of the model received, 240 sent" in summary
    assert command(run.plan) in page
    assert "--quick --model upstream --only chat" in command(run.plan)
    before = page
    report.write(results.load(run.folder))
    assert (run.folder / "report.html").read_text("utf-8") == before


def test_a_run_with_the_model_built_in_says_nothing_of_a_model_server(tmp_path: Path) -> None:
    """Neither its summary nor its command."""
    play(tmp_path, FakeBench().parts())
    run = stored(tmp_path)
    assert "model server" not in (run.folder / "summary.md").read_text("utf-8")
    assert "--model" not in command(run.plan)


def test_two_runs_with_different_models_are_told_apart(tmp_path: Path) -> None:
    """`parity diff` names it among what differs, and says that a change is the model's too."""
    _, _, front = in_front(tmp_path / "a", FakeBench())
    play(tmp_path / "b", FakeBench().parts())
    built_in = stored(tmp_path / "b")
    found = compared(built_in, front)
    (model,) = (item for item in found.differences if item.what == "model")
    assert (model.a, model.b) == ("built into the servers", "an OpenAI-compatible server")
    assert found.why_by.startswith("The model differs (built into the servers, then an OpenAI-compatible server)")
    assert not [item for item in found.differences if item.kind == "machine"]
    assert not compared(front, front).why_by.startswith("The model differs")


def test_what_is_loaded_otherwise_in_front_of_a_model_server() -> None:
    """Every scenario has levels there, those of the table or the usual ones, and a round is planned to take longer."""
    targets = made_up.targets()
    for mode in ("quick", "full"):
        front, usual = make_plan(targets, mode=mode, model="upstream"), make_plan(targets, mode=mode)
        for name in SCENARIOS:
            assert front.scenario(name).levels == UPSTREAM[mode].get(name, LEVELS[mode][name])
            assert front.cost(name, front.baseline) > front.scenario(name).cost(bare=False)
            assert usual.cost(name, usual.baseline) == usual.scenario(name).cost(bare=False)
    assert make_plan(targets, model="upstream").seconds < 600


def test_drives_of_a_round_are_added_up() -> None:
    """A round of several levels has received what all of them did; a drive from before it was counted adds nothing."""
    result = made_up.result("chat", LEVEL, 500.0, received=Received(turns=2, calls=3, characters=9))
    drives = [Driven(level=LEVEL, result=result, samples=()) for _ in range(2)]
    old = Driven(level=LEVEL, result=result.model_copy(update={"received": None}), samples=())
    assert proof.received((*drives, old)) == Received(turns=4, calls=6, characters=18)


def test_the_option_is_that_of_the_command() -> None:
    """`scripted` unless it is said."""
    assert CompareOptions().model == "scripted"


@pytest.mark.parametrize(("through", "same"), [("Hello", True), ("Hullo", False)])
def test_a_target_that_says_something_else_is_named(monkeypatch: pytest.MonkeyPatch, through: str, same: bool) -> None:
    """With the message; and every message of the scenarios that is to be answered is asked, each once."""

    def replies(which: str, _target: object, bodies: tuple[bytes, ...], *_: object) -> dict[bytes, str]:
        return dict.fromkeys(bodies, "Hello" if which == "scripted" else through)

    monkeypatch.setattr(same_module, "_replies", replies)
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    found = same_module.all_same(made_up.targets("flask-gevent"), ("chat", "stream"), FakeBench().bench, console)
    assert found is same
    other = """says something else in front of the model server to '{"message": "What should"""
    said = "says the same" if same else other
    assert f"flask-gevent {said}" in shown.getvalue()
    assert len(same_module.messages(("chat", "stream", "chat"))) == 2
    assert same_module.messages(("docs",)) == ()
