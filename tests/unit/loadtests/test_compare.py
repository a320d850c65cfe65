"""The main job with made-up parts: no server is started and no load is sent; only what compare itself does is real."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import files, report, results
from loadtests.compare import INTERRUPTED, CompareOptions, Parts, compare
from loadtests.drive import DriveFailed, RowsLost
from loadtests.errors import UserError
from loadtests.plan import Level
from loadtests.records import Ending
from loadtests.serve import NotReady
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import CEILING, PASSED, FakeBench


def play(tmp_path: Path, parts: Parts, **options: object) -> tuple[int, str]:
    """Compare on the chat scenario; the exit code and what was printed."""
    shown = io.StringIO()
    chosen = {"only": ("chat",), "results": tmp_path, "floors": False} | options
    code = compare(CompareOptions(**chosen), Console(file=shown, width=200), parts)  # type: ignore[arg-type]  # by test
    return code, shown.getvalue()


def stored(tmp_path: Path) -> results.Run:
    """The one run that was written."""
    (folder,) = tmp_path.iterdir()
    return results.load(folder)


def test_every_round_of_the_plan_is_played_stored_and_reported(tmp_path: Path) -> None:
    """Sixteen rounds, a server each, the ceiling and the report beside them; exit code 0."""
    bench = FakeBench()
    code, shown = play(tmp_path, bench.parts())
    run = stored(tmp_path)
    assert (code, len(run.rounds), bench.up) == (0, 16, 0)
    assert run.ceiling == CEILING
    assert run.ending is not None
    assert (run.ending.why, run.ending.blocks) == ("as planned", {"chat": 4})
    assert all(done.good and done.drives[0].samples for done in run.rounds)
    assert {file.name for file in run.folder.iterdir()} >= {"report.html", "summary.md", "verdict.json"}
    assert "report: " in shown
    assert bench.settings[0]["SCRIPTED_TTFT"] == "0"


def test_no_load_without_a_pass(tmp_path: Path) -> None:
    """A target that fails the suite ends the job before any server is loaded, with exit code 1."""
    bench = FakeBench()
    code, shown = play(tmp_path, bench.parts("flask-gevent"))
    assert (code, bench.drives, list(tmp_path.iterdir())) == (1, 0, [])
    assert "flask-gevent does not keep the contract: 1 cases ended wrong; no load without a pass" in shown
    assert "Look closer: page/index.html" in shown


def test_floors_are_proved_and_then_played_with_the_targets(tmp_path: Path) -> None:
    """Three targets, the baseline again and three floors in each of four blocks, all under the same load."""
    bench = FakeBench()
    code, shown = play(tmp_path, bench.parts(), floors=True)
    run = stored(tmp_path)
    floors = ("floor-asgi-uvicorn", "floor-wsgi-gthread", "floor-wsgi-gevent")
    assert (code, len(run.rounds), bench.proved) == (0, 28, [(floors, ("chat",))])
    assert run.ending is not None
    assert run.ending.blocks == {"chat": 4}
    users = {done.target: done.drives[0].level.users for done in run.rounds}
    assert {users[name] for name in floors} == {users["fastapi-uvicorn"]}
    assert "floor-wsgi-gevent as floors" in shown
    assert {row.target for row in run.gate} == {target.name for target in run.plan.compared}


def test_no_load_where_a_floor_says_something_else(tmp_path: Path) -> None:
    """Nothing can be held against it, so the job ends before any server is loaded, with exit code 1."""
    bench = FakeBench()
    bench.floors_true = False
    code, _ = play(tmp_path, bench.parts(), floors=True)
    assert (code, bench.drives, list(tmp_path.iterdir())) == (1, 0, [])


@pytest.mark.parametrize("why", ["", "since the pass of 2029, the lock file changed"], ids=["reused", "ran now"])
def test_what_was_relied_on_is_said_and_stored(tmp_path: Path, why: str) -> None:
    """When each target passed, with how many cases, on what, where its page is: in terminal and report."""
    _, shown = play(tmp_path, FakeBench().parts(why=why))
    run = stored(tmp_path)
    when = "passed now" if why else f"passed {PASSED}, and nothing has changed since"
    cases = "9 cases (1 known differences, 0 not applicable)"
    assert f"flask-gevent keeps the contract: {when}; {cases}; sha256 {'f' * 12}; page/index.html" in shown
    assert {row.target for row in run.gate} == {target.name for target in run.plan.compared}
    assert {(row.passed_at, row.fingerprint, row.why) for row in run.gate} == {(PASSED, "f" * 64, why)}
    page = (run.folder / "report.html").read_text("utf-8")
    assert "What the load relied on" in page
    assert ("an earlier pass" in page, f"The suite ran for this comparison: {why}." in page) == (not why, bool(why))
    summary = (run.folder / "summary.md").read_text("utf-8")
    assert f"flask-gevent keeps the contract: 9 cases passed on {PASSED}" in summary


def test_a_run_from_before_the_gate_was_kept_is_reported(tmp_path: Path) -> None:
    """A stored run without gate.json is read as it is, and its page says nothing of a gate."""
    play(tmp_path, FakeBench().parts())
    (folder,) = tmp_path.iterdir()
    (folder / "gate.json").unlink()
    run = results.load(folder)
    report.write(run)
    assert run.gate == ()
    assert "What the load relied on" not in (folder / "report.html").read_text("utf-8")


def test_a_machine_that_cannot_be_calibrated_is_compared_all_the_same(tmp_path: Path) -> None:
    """Without a ceiling the rounds are played, and the report says that it is not known."""
    code, _ = play(tmp_path, replace(FakeBench().parts(), calibrate=lambda _console: None))
    run = stored(tmp_path)
    assert (code, len(run.rounds), run.ceiling) == (0, 16, None)
    assert "not calibrated" in (run.folder / "report.html").read_text("utf-8")


def test_ctrl_c_keeps_the_rounds_that_finished(tmp_path: Path) -> None:
    """Interrupted in the fifth drive: four rounds are stored and reported, the server is gone, exit code 130."""
    bench = FakeBench({5: KeyboardInterrupt()})
    code, shown = play(tmp_path, bench.parts())
    run = stored(tmp_path)
    assert (code, len(run.rounds), bench.up) == (INTERRUPTED, 4, 0)
    assert "It was interrupted after" in (run.folder / "report.html").read_text("utf-8")
    assert "4 of 16 rounds had finished" in shown
    assert run.ending == Ending(why="interrupted", note=run.ending.note if run.ending else "", blocks={"chat": 1})


def test_ctrl_c_before_the_first_round_ends_with_a_sentence(tmp_path: Path) -> None:
    """With nothing to report there is no report, and no traceback."""
    code, shown = play(tmp_path, FakeBench({1: KeyboardInterrupt()}).parts())
    assert code == INTERRUPTED
    assert "there is nothing to report" in shown


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (DriveFailed("the load generator gave no result"), "the load generator gave no result"),
        (NotReady("flask-gevent not ready on port 1 after 15 s; its log is /x\n  | line"), "not ready on port 1"),
        (UserError("nothing to load"), "nothing to load"),
    ],
    ids=["generator", "server", "preflight"],
)
def test_a_round_that_breaks_is_refused_and_the_run_goes_on(tmp_path: Path, failure: Exception, reason: str) -> None:
    """One broken round is a refused round, shown at once, with its log kept; the rest is played."""
    code, shown = play(tmp_path, FakeBench({2: failure}).parts())
    run = stored(tmp_path)
    broken = run.rounds[1]
    assert (code, len(run.rounds)) == (0, 16)
    assert reason in broken.reasons[0]
    assert "\n" not in broken.reasons[0]
    assert f"refused round 2 (chat on {broken.target})" in shown
    assert [log.name for log in (run.folder / "logs").iterdir()] == [f"002-{broken.target}.log"]


def test_a_server_that_did_not_keep_its_settings_is_refused(tmp_path: Path) -> None:
    """What was seen before the load counts against the round; when no round is good, the exit code is 1."""
    problem = "the server did not keep SCRIPTED_TTFT=0: its first token came after 0.700 s"
    code, _ = play(tmp_path, FakeBench(problems=(problem,)).parts())
    assert code == 1
    assert all(done.reasons == (problem,) for done in stored(tmp_path).rounds)


def test_the_harness_gives_its_cores_back(tmp_path: Path) -> None:
    """Pinned to the generator's core during the rounds, free again afterwards."""
    before = os.sched_getaffinity(0)
    play(tmp_path, FakeBench({2: KeyboardInterrupt()}).parts())
    assert os.sched_getaffinity(0) == before


def test_an_unknown_target_is_said_before_anything_starts(tmp_path: Path) -> None:
    """A typing mistake is one sentence."""
    with pytest.raises(UserError, match="no target 'flask-gevnt'"):
        play(tmp_path, FakeBench().parts(), targets=("flask-gevnt",))


@pytest.mark.parametrize(
    ("failing", "kept"),
    [(("rounds/006.json",), "ending.json report.html"), (("rounds/006.json", "verdict.json"), "ending.json")],
    ids=["then there is room", "then there is none"],
)
def test_a_disk_that_is_full_ends_the_run_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, ...], kept: str
) -> None:
    """What was stored is kept, and reported where there is room; the sentence says what is full; no server stays."""
    write = files._replace

    def full(path: Path, text: str) -> None:
        if str(path).endswith(failing):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, text)

    monkeypatch.setattr(files, "_replace", full)
    bench = FakeBench()
    with pytest.raises(UserError, match=r"cannot write .*006\.json: No space left on device; make room"):
        play(tmp_path, bench.parts())
    run = stored(tmp_path)
    assert (len(run.rounds), bench.up) == (5, 0)
    assert run.ending is not None
    assert run.ending.why == "failed"
    assert {file.name for file in run.folder.iterdir()} >= set(kept.split())


def test_rows_are_kept_in_the_run_where_they_are_wanted(tmp_path: Path) -> None:
    """Each drive has a file of its own in the run's folder."""
    bench = FakeBench()
    play(tmp_path, bench.parts(), rows=True)
    wanted = [spec.rows for spec in bench.specs]
    assert wanted[:2] == [stored(tmp_path).folder / "rows" / name for name in ("001-1.csv", "002-1.csv")]
    assert len(set(wanted)) == 16


def test_ctrl_c_while_the_report_is_made_says_how_to_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounds are kept, and so is the way to their report."""

    def interrupted(_: results.Run) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "write", interrupted)
    code, shown = play(tmp_path, FakeBench().parts())
    assert code == INTERRUPTED
    assert f"16 rounds are kept; `parity report {stored(tmp_path).folder}` makes their report" in shown


def test_a_disk_that_is_full_under_a_servers_log_ends_the_run(tmp_path: Path) -> None:
    """It is said in a sentence, like a round that cannot be stored, and the rounds before are reported."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "logs/003-flask-gevent.log")
    with pytest.raises(UserError, match=r"the load cannot go on: .*No space left on device.*; make room"):
        play(tmp_path, FakeBench({3: full}).parts())
    run = stored(tmp_path)
    assert (len(run.rounds), run.ending and run.ending.why) == (2, "failed")
    assert (run.folder / "report.html").is_file()


def test_rows_that_cannot_be_written_end_the_run(tmp_path: Path) -> None:
    """Whoever asked for every request is not left with rounds that have none."""
    level = Level(users=16, seconds=1, warmup=0)
    lost = RowsLost("cannot write rows/003-1.csv: No space left on device", made_up.result("chat", level, 500.0))
    bench = FakeBench({3: lost})
    with pytest.raises(UserError, match=r"cannot write rows/003-1\.csv"):
        play(tmp_path, bench.parts(), rows=True)
    assert (len(stored(tmp_path).rounds), bench.up) == (2, 0)


def test_a_full_run_ends_when_it_has_enough_and_then_searches(tmp_path: Path) -> None:
    """Five blocks that hardly differ are enough; each target is searched, and what ended it is stored and said."""
    bench = FakeBench()
    code, shown = play(tmp_path, bench.parts(), mode="full", minutes=10)
    run = stored(tmp_path)
    assert code == 0
    assert run.ending is not None
    assert (run.ending.why, run.ending.blocks, len(run.knees)) == ("narrow enough", {"chat": 5}, 3)
    assert "Rounds until each interval is narrower than 5%: chat on fastapi-uvicorn, flask-gthread" in shown
    assert "what is left of 10 minutes for chat to find the knee" in shown


def test_too_little_time_for_a_verdict_is_refused_before_the_load(tmp_path: Path) -> None:
    """Nobody waits for minutes to learn that they could not have been enough."""
    message = "--minutes 1 is over before there can be a verdict: each needs 5 blocks of up to 20 s; give at least 2"
    with pytest.raises(UserError, match=message):
        play(tmp_path, FakeBench().parts(), mode="full", only=("docs",), minutes=1)
    assert not list(tmp_path.glob("results/*"))
