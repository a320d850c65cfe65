"""--fail-if: what is a condition, when it holds, and that it is never silently green."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from loadtests.diff import ci, conditions
from loadtests.diff.conditions import Interval, Place
from loadtests.errors import UserError
from loadtests.plan import Level
from loadtests.records import Round
from loadtests.results import Run
from tests.unit.loadtests import made_up
from tests.unit.loadtests.fake_bench import FakeBench
from tests.unit.loadtests.test_compare import play

AT_16, AT_64 = (Level(users=users, seconds=2, warmup=1) for users in (16, 64))
AT_RATE = Level(rate=64, seconds=2, warmup=1)


def place(ratio: Interval | None = None, level: Level = AT_16, target: str = "flask-gevent", why: str = "") -> Place:
    """A place of chat's throughput."""
    return Place("chat", "throughput", level, target, ratio, why)


def state(text: str, *places: Place) -> str:
    """What comes of one condition."""
    return conditions.judge([conditions.parse(text)], places)[0].state


PARTS = {
    "chat.throughput<0.95": ("chat", "throughput", None, None, None, "<", 0.95),
    " chat.cpu_ms >= 1.1 ": ("chat", "cpu_ms", None, None, None, ">=", 1.1),
    "chat.throughput@64<=1": ("chat", "throughput", 64.0, None, None, "<=", 1.0),
    "async.held@128users/flask-gevent<0.9": ("async", "held", 128.0, "users", "flask-gevent", "<", 0.9),
    "chat.latency_p99@300rps/a.b-c > 1.5": ("chat", "latency_p99", 300.0, "rps", "a.b-c", ">", 1.5),
}


@pytest.mark.parametrize(("text", "parts"), PARTS.items())
def test_a_condition_is_read(text: str, parts: tuple[object, ...]) -> None:
    """Scenario, figure, level, target, operator and number, white space aside."""
    found = conditions.parse(text)
    read = (found.scenario, found.figure, found.amount, found.unit, found.target, found.operator, found.number)
    assert read == parts


@pytest.mark.parametrize(
    "text",
    ["", "chat", "chat.throughput", "chat<0.9", "chat.throughput<", "chat.throughput=1", "chat.throughput<0.9?",
     "chat.throughput<0", "chat.throughput<-1", "chat.throughput@<1", "chat.throughput/<1", "chat.throughput<95%",
     "chat.throughput@64 users<1", "a.b.c<1", "chat.throughput<0.9 and chat.cpu_ms>1"],
)  # fmt: skip
def test_what_is_no_condition_is_answered_with_an_example(text: str) -> None:
    """A typing mistake is quoted, and the grammar shown."""
    with pytest.raises(UserError) as error:
        conditions.parse(text)
    assert str(error.value).startswith(f"--fail-if {text!r} is no condition; write SCENARIO.FIGURE[@LEVEL][/TARGET]")
    assert conditions.EXAMPLE in str(error.value)


SURE = {
    "wholly under": ("<0.95", Interval(0.90, 0.86, 0.94), "holds"),
    "under, not surely": ("<0.95", Interval(0.90, 0.84, 0.96), "does not hold"),
    "touching": ("<0.95", Interval(0.90, 0.85, 0.95), "does not hold"),
    "touching is enough": ("<=0.95", Interval(0.90, 0.85, 0.95), "holds"),
    "noise about 1": ("<0.95", Interval(1.00, 0.93, 1.07), "does not hold"),
    "over": ("<0.95", Interval(1.20, 1.10, 1.30), "does not hold"),
    "wholly over": (">1.1", Interval(1.20, 1.11, 1.30), "holds"),
    "over, not surely": (">1.1", Interval(1.20, 1.09, 1.32), "does not hold"),
    "a count that is the same": ("<1", Interval(1.0, 1.0, 1.0), "does not hold"),
    "a count that is less": ("<1", Interval(0.8, 0.8, 0.8), "holds"),
}


@pytest.mark.parametrize(("test", "ratio", "expected"), SURE.values(), ids=SURE)
def test_it_holds_only_where_the_whole_interval_is_beyond(test: str, ratio: Interval, expected: str) -> None:
    """The estimate alone decides nothing."""
    assert state(f"chat.throughput{test}", place(ratio)) == expected


def test_what_was_not_judged_is_said_and_is_no_success() -> None:
    """Without an interval there is neither yes nor no: exit code 3, and the reason."""
    (judged,) = conditions.judge([conditions.parse("chat.throughput<0.95")], [place(why="no verdict: 1 good of 2")])
    assert (judged.state, judged.findings[0].text) == ("cannot be judged", "no verdict: 1 good of 2")
    assert conditions.exit_code([judged]) == 3


def test_a_figure_that_was_not_measured_at_that_level_is_not_judged() -> None:
    """What the plan asked for and no round gave is not green."""
    assert state("chat.throughput@64<0.95", place(Interval(1, 1, 1))) == "cannot be judged"


LOW, FINE = Interval(0.5, 0.4, 0.6), Interval(1.0, 0.99, 1.01)
EACH = {
    "any level": ("chat.throughput<0.95", (place(FINE), place(LOW, AT_64)), "holds"),
    "that level": ("chat.throughput@16<0.95", (place(FINE), place(LOW, AT_64)), "does not hold"),
    "users or rate": ("chat.throughput@64<0.95", (place(FINE, AT_64), place(LOW, AT_RATE)), "holds"),
    "users": ("chat.throughput@64users<0.95", (place(FINE, AT_64), place(LOW, AT_RATE)), "does not hold"),
    "a rate": ("chat.throughput@64rps<0.95", (place(FINE, AT_64), place(LOW, AT_RATE)), "holds"),
    "any target": ("chat.throughput<0.95", (place(FINE), place(LOW, target="flask-sync")), "holds"),
    "that target": ("chat.throughput/flask-gevent<0.95", (place(FINE), place(LOW, target="x")), "does not hold"),
    "one unknown": ("chat.throughput<0.95", (place(FINE), place(target="x", why="refused")), "cannot be judged"),
    "one holds": ("chat.throughput<0.95", (place(LOW), place(target="x", why="refused")), "holds"),
    "another figure": ("chat.cpu_ms<0.95", (place(LOW),), "cannot be judged"),
}


@pytest.mark.parametrize(("text", "places", "expected"), EACH.values(), ids=EACH)
def test_what_is_left_out_means_each(text: str, places: tuple[Place, ...], expected: str) -> None:
    """It holds if it holds anywhere; else it is not judged if it cannot be somewhere."""
    assert state(text, *places) == expected


MISTAKES = {
    "chta.throughput<1": "there is no such scenario here; there is chat",
    "chat.speed<1": "there is no such figure of chat here; there is throughput",
    "chat.throughput@32<1": "there is no such level here; there is 16users, 64rps",
    "chat.throughput@64users<1": "there is no such level here; there is 16users, 64rps",
    "chat.throughput@16/flask-gevnt<1": "there is no such target here; there is flask-gevent",
    "chat.throughput/fastapi-uvicorn<1": "fastapi-uvicorn is the baseline, which every ratio is to; name another",
}


@pytest.mark.parametrize(("text", "sentence"), MISTAKES.items())
def test_a_condition_about_nothing_names_what_there_is(text: str, sentence: str) -> None:
    """It is a mistake, never a condition that cannot hold."""
    there = [place(), place(level=AT_RATE, target="flask-sync")]
    with pytest.raises(UserError) as error:
        conditions.asked([text], there, "fastapi-uvicorn")
    assert sentence in str(error.value)


def lame(done: Round) -> Round:
    """flask-gthread loses all of its chat rounds."""
    hit = (done.scenario, done.target) == ("chat", "flask-gthread")
    return done.model_copy(update={"reasons": ("5 of 400 requests failed",)}) if hit else done


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A made-up run: flask-gevent answers 1.3 times as much as fastapi-uvicorn, flask-gthread has no good round."""
    return made_up.a_run(tmp_path, made_up.plan(only=("chat",)), bend=lame)


def reported(run: Run, *texts: str, markdown: Path | None = None) -> tuple[int, str]:
    """`parity report RUN --fail-if …`: its exit code and output."""
    shown = io.StringIO()
    return ci.report(run.folder, texts, markdown, Console(file=shown, width=250)), shown.getvalue()


CODES = {
    "chat.throughput/flask-gevent<0.95": (0, "passes  chat.throughput/flask-gevent<0.95 does not hold"),
    "chat.throughput/flask-gevent>1.1": (1, "fails  chat.throughput/flask-gevent>1.1 holds"),
    "chat.throughput/flask-gthread<0.95": (3, "no verdict: 0 good of 2 needed, 3 refused"),
    "chat.throughput<0.95": (3, "not judged  chat.throughput<0.95 cannot be judged"),
    "chat.throughput>1.1": (1, "wholly over 1.1"),
}


@pytest.mark.parametrize(("text", "expected"), CODES.items())
def test_a_run_is_judged_by_its_ratios_to_the_baseline(run: Run, text: str, expected: tuple[int, str]) -> None:
    """Exit code 0, 1 or 3, and the reason in the output."""
    code, shown = reported(run, text)
    assert (code, expected[1] in shown) == (expected[0], True), shown


def test_one_that_holds_outweighs_one_that_could_not_be_judged(run: Run) -> None:
    """What is certain is said first; both are shown."""
    code, shown = reported(run, "chat.throughput/flask-gthread<0.95", "chat.throughput/flask-gevent>1.1")
    assert code == 1
    assert ("not judged" in shown, "fails" in shown) == (True, True)


def test_the_summary_for_a_ci_job_has_the_conditions_above_it(run: Run, tmp_path: Path) -> None:
    """One Markdown file: what was asked, then the run's own summary, whose file stays as it was."""
    file = tmp_path / "ci.md"
    reported(run, "chat.throughput/flask-gevent>1.1", markdown=file)
    text, summary = file.read_text("utf-8"), (run.folder / "summary.md").read_text("utf-8")
    assert text.startswith("| condition |")
    assert "| `chat.throughput/flask-gevent>1.1` | **fails** |" in text
    assert text.endswith(summary)


def test_a_mistake_is_said_before_anything_is_written(run: Run) -> None:
    """A condition about nothing leaves the run as it was."""
    with pytest.raises(UserError, match="no such figure of chat here"):
        reported(run, "chat.speed<1")
    assert not (run.folder / "report.html").exists()


def test_a_file_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    """The place is named, and what to do."""
    with pytest.raises(UserError, match=r"cannot write .*no/such/ci\.md: .*; name another file"):
        reported(run, markdown=tmp_path / "no/such/ci.md")


def test_a_comparison_knows_its_conditions_before_any_load(tmp_path: Path) -> None:
    """A condition about nothing ends it before the suite has run, a server was started or a folder made."""
    bench = FakeBench()
    with pytest.raises(UserError, match="there is no such figure of chat here"):
        play(tmp_path, bench.parts(), fail_if=("chat.speed<1",))
    assert (bench.started, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(("text", "expected"), [("chat.throughput>0.5", 1), ("chat.throughput<0.5", 0)])
def test_a_comparison_ends_with_the_code_of_its_conditions(tmp_path: Path, text: str, expected: int) -> None:
    """They are judged when the report is made, and the summary for CI is written either way."""
    file = tmp_path / "ci.md"
    code, shown = play(tmp_path, FakeBench().parts(), results=tmp_path / "results", fail_if=(text,), markdown=file)
    assert code == expected, shown
    assert f"| `{text}` | **{'fails' if expected else 'passes'}** |" in file.read_text("utf-8")


def test_a_comparison_that_was_stopped_is_not_judged(tmp_path: Path) -> None:
    """Exit code 130 stays 130."""
    parts = FakeBench({5: KeyboardInterrupt()}).parts()
    code, shown = play(tmp_path, parts, fail_if=("chat.throughput>0.5",))
    assert (code, "chat.throughput>0.5" in shown) == (130, False)
