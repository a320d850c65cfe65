"""The main job with made-up parts: no server is started and no load is sent; only what compare itself does is real."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from loadtests import report, results
from loadtests.compare import INTERRUPTED, CompareOptions, Parts, compare
from loadtests.compare.play import Bench
from loadtests.drive import DriveFailed, DriveSpec
from loadtests.drive.result import DriveResult
from loadtests.errors import UserError
from loadtests.measure.precheck import Precheck
from loadtests.plan import Level
from loadtests.serve import NotReady
from loadtests.targets import Target
from loadtests.verify import VerifyOutcome
from loadtests.verify.grades import Count
from tests.unit.loadtests import made_up

PASSED = "2030-01-02 03:04:05 UTC"


@dataclass(frozen=True)
class FakeServer:
    """Nothing runs; its process tree is this test's own."""

    url: str = "http://127.0.0.1:1"
    key: str = "made-up"

    def processes(self) -> list[psutil.Process]:
        """This process."""
        return [psutil.Process()]


class FakeBench:
    """Counts servers that are up, and plays `drive` from a list of what happens at the nth drive."""

    def __init__(self, happens: Mapping[int, BaseException] | None = None, problems: tuple[str, ...] = ()) -> None:
        self.happens, self.problems = happens or {}, problems
        self.up = self.drives = 0
        self.settings: list[Mapping[str, str]] = []

    @contextmanager
    def running(self, target: Target, *, log: Path, settings: Mapping[str, str], **_: object) -> Iterator[FakeServer]:
        """A server that writes a line to its log."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{target.name} started\n")
        self.settings.append(settings)
        self.up += 1
        try:
            yield FakeServer()
        finally:
            self.up -= 1

    def look(self, _url: str, _key: str, _settings: Mapping[str, str]) -> Precheck:
        """What the test says was found."""
        return Precheck(ttft=0.0, gap=0.0, documented=None, problems=self.problems)

    def drive(self, spec: DriveSpec) -> DriveResult:
        """A made-up result, or what is to happen at this drive."""
        assert self.up == 1, "a load without its server"
        self.drives += 1
        if self.drives in self.happens:
            raise self.happens[self.drives]
        level = Level(users=spec.users or 0, seconds=spec.seconds, warmup=spec.warmup)
        return made_up.result(spec.scenario, level, 1_000.0)

    def parts(self, *failing: str, why: str = "") -> Parts:
        """Everything compare needs; `failing` targets do not pass the suite, which ran now if there is a `why`."""

        def verify(targets: Sequence[Target], _console: Console) -> Mapping[str, VerifyOutcome]:
            found = {t.name: Count(identical=8, known=1, wrong=int(t.name in failing)) for t in targets}
            page = Path("page/index.html")
            return {name: VerifyOutcome(name, count, page, PASSED, "f" * 64, why) for name, count in found.items()}

        return Parts(verify, Bench(self.running, self.look, self.drive))


def play(tmp_path: Path, parts: Parts, **options: object) -> tuple[int, str]:
    """Compare on the chat scenario; the exit code and what was printed."""
    shown = io.StringIO()
    chosen = {"only": ("chat",), "results": tmp_path} | options
    code = compare(CompareOptions(**chosen), Console(file=shown, width=200), parts)  # type: ignore[arg-type]  # by test
    return code, shown.getvalue()


def stored(tmp_path: Path) -> results.Run:
    """The one run that was written."""
    (folder,) = tmp_path.iterdir()
    return results.load(folder)


def test_every_round_of_the_plan_is_played_stored_and_reported(tmp_path: Path) -> None:
    """Nine rounds, a server each, and the report beside them; exit code 0."""
    bench = FakeBench()
    code, shown = play(tmp_path, bench.parts())
    run = stored(tmp_path)
    assert (code, len(run.rounds), bench.up) == (0, 9, 0)
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


@pytest.mark.parametrize("why", ["", "since the pass of 2029, the lock file changed"], ids=["reused", "ran now"])
def test_what_was_relied_on_is_said_and_stored(tmp_path: Path, why: str) -> None:
    """When each target passed, with how many cases, on what, where its page is: in terminal and report."""
    _, shown = play(tmp_path, FakeBench().parts(why=why))
    run = stored(tmp_path)
    when = "passed now" if why else f"passed {PASSED}, and nothing has changed since"
    cases = "9 cases (1 known differences, 0 not applicable)"
    assert f"flask-gevent keeps the contract: {when}; {cases}; sha256 {'f' * 12}; page/index.html" in shown
    assert {row.target for row in run.gate} == {target.name for target in run.plan.targets}
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


def test_ctrl_c_keeps_the_rounds_that_finished(tmp_path: Path) -> None:
    """Interrupted in the fifth drive: four rounds are stored and reported, the server is gone, exit code 130."""
    bench = FakeBench({5: KeyboardInterrupt()})
    code, shown = play(tmp_path, bench.parts())
    run = stored(tmp_path)
    assert (code, len(run.rounds), bench.up) == (INTERRUPTED, 4, 0)
    assert "This run was cut short" in (run.folder / "report.html").read_text("utf-8")
    assert "4 of 9 rounds had finished" in shown


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
    assert (code, len(run.rounds)) == (0, 9)
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
