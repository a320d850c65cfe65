"""The suite's run, what is read out of it, and what is remembered: with a small suite of the test's own."""

import re
import signal
import threading
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import verify
from loadtests.errors import UserError
from loadtests.serve import tree
from loadtests.targets import Target, load_targets, pick, to_toml
from loadtests.verify import page as verify_page
from loadtests.verify import passes, suite

TARGETS = pick(load_targets(), ["fastapi-uvicorn", "flask-gevent"])

CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--target", action="append", default=[])
    parser.addoption("--targets")

def pytest_generate_tests(metafunc):
    names = metafunc.config.getoption("--target")
    if "twins" in metafunc.fixturenames:
        metafunc.parametrize("twins", ["~".join(names)] if len(names) == 2 else [])
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", names)
"""
CASES = """
import pytest

def test_plain(server, record_property):
    record_property("target", server)
    record_property("clause", "routes.health")

def test_pair(twins, record_property):
    record_property("target", twins)
    record_property("clause", "answer.same-bytes")

def test_na(server, record_property):
    record_property("target", server)
    pytest.skip("not applicable: it is a fake")
"""
FAILING = """
def test_bad(server, record_property):
    record_property("target", server)
    assert server != "flask-gevent", "<b>the reason</b>"
"""


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite that passes, as the file of its cases; the clauses are the real ones, passes and sources are not."""
    folder = tmp_path / "suite"
    folder.mkdir()
    clauses = (suite.SUITE / "clauses.toml").read_text("utf-8")
    (folder / "clauses.toml").write_text(clauses, "utf-8")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_cases.py").write_text(CASES)
    monkeypatch.setattr(suite, "SUITE", folder)
    monkeypatch.setattr(suite, "PROCESSES", 0)
    monkeypatch.setattr(passes, "ROOT", tmp_path)
    monkeypatch.setattr(passes, "SOURCES", ("suite",))
    monkeypatch.setattr(passes, "FILE", tmp_path / "kept" / "passes.json")
    return folder / "test_cases.py"


@pytest.fixture
def console() -> Console:
    """A terminal that can be read."""
    return Console(file=StringIO(), width=100)


def printed(console: Console) -> str:
    """What was shown on it."""
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_each_case_is_read_with_subject_clauses_and_outcome(cases: Path, tmp_path: Path) -> None:
    """A failure has its output, a skip its reason; both files are kept."""
    cases.write_text(CASES + FAILING)
    found = verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    assert suite.count(found) == suite.Count(passed=4, failed=1, skipped=2)
    (bad,) = [case for case in found if case.outcome == "failed"]
    assert (bad.name, bad.subject) == ("test_bad[flask-gevent]", "flask-gevent")
    assert "<b>the reason</b>" in bad.message
    (pair,) = [case for case in found if "~" in case.subject]
    assert pair.clauses == ("answer.same-bytes",)
    assert pair.concerns("flask-gevent")
    assert not pair.concerns("flask")
    assert {case.message for case in found if case.outcome == "skipped"} == {"not applicable: it is a fake"}
    assert "1 failed" in (tmp_path / "run" / "pytest.log").read_text()


def test_a_whole_pass_is_remembered_and_not_run_again(cases: Path, console: Console) -> None:
    """The second time the outcome comes from memory; it counts the same."""
    first = verify.ensure_verified(TARGETS, console)
    again = verify.ensure_verified(TARGETS, console)
    assert [outcome.ok for outcome in first.values()] == [True, True]
    assert [outcome.reused for outcome in first.values()] == [False, False]
    assert [outcome.reused for outcome in again.values()] == [True, True]
    assert {name: outcome.count for name, outcome in first.items()} == {
        name: outcome.count for name, outcome in again.items()
    }
    assert all(map(verify.passed, TARGETS))
    assert cases.exists()


def test_a_changed_source_has_no_pass(cases: Path, console: Console) -> None:
    """One more byte in a source, and the suite runs again."""
    verify.ensure_verified(TARGETS, console)
    cases.write_text(CASES + "\n")
    assert not any(map(verify.passed, TARGETS))
    assert not verify.ensure_verified(TARGETS, console)["flask-gevent"].reused


def test_a_changed_command_has_no_pass(cases: Path, tmp_path: Path) -> None:
    """The launch command and its environment are part of what was verified."""
    verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    target = TARGETS[1]
    assert verify.passed(target)
    assert not verify.passed(target.model_copy(update={"command": (*target.command, "--preload")}))
    assert not verify.passed(target.model_copy(update={"env": {"LOG_LEVEL": "debug"}}))
    assert cases.exists()


def test_targets_that_passed_apart_have_not_passed_as_a_pair(cases: Path, tmp_path: Path, console: Console) -> None:
    """Two single passes do not stand for the comparison of their bytes."""
    for target in TARGETS:
        verify.verify_targets([target], tmp_path / target.name, show=False)
    assert all(map(verify.passed, TARGETS))
    assert not verify.ensure_verified(TARGETS, console)["flask-gevent"].reused
    assert cases.exists()


def test_a_failure_is_no_pass_for_its_target_only(cases: Path, console: Console) -> None:
    """The target that failed has no pass, now or later; the other keeps its own."""
    cases.write_text(CASES + FAILING)
    outcomes = verify.ensure_verified(TARGETS, console)
    assert (outcomes["fastapi-uvicorn"].ok, outcomes["flask-gevent"].ok) == (True, False)
    assert [verify.passed(target) for target in TARGETS] == [True, False]


def test_some_of_the_cases_are_no_pass(cases: Path, tmp_path: Path) -> None:
    """A run with -k says nothing of the cases that it left out."""
    found = verify.verify_targets(TARGETS, tmp_path / "run", expression="plain", show=False)
    assert suite.count(found).passed == 2
    assert not any(map(verify.passed, TARGETS))
    assert cases.exists()


def test_only_skips_are_no_pass() -> None:
    """A target for which nothing applied has shown nothing."""
    assert not verify.VerifyOutcome("x", suite.Count(passed=0, failed=0, skipped=9), Path()).ok


def test_no_matching_case_is_said(cases: Path, tmp_path: Path) -> None:
    """An expression that selects nothing is an error and not a pass."""
    with pytest.raises(UserError, match="no case matches -k 'nonsense'; give another"):
        verify.verify_targets(TARGETS, tmp_path / "run", expression="nonsense", show=False)
    assert cases.exists()


def test_a_suite_that_breaks_is_no_result(cases: Path, tmp_path: Path) -> None:
    """A suite that pytest cannot load ends in an error with pytest's own words."""
    (cases.parent / "conftest.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(UserError, match=r"the suite could not run .*pytest\.log") as caught:
        verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    assert "\n  | " in str(caught.value)


def test_a_file_of_cases_that_breaks_takes_the_pass_from_all(
    cases: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be read is nobody's case, so nobody has passed."""
    monkeypatch.setattr(suite, "PROCESSES", 2)  # pytest's workers report it as a failure and go on
    (cases.parent / "test_more.py").write_text("import nothing_of_this_name\n")
    outcomes = verify.ensure_verified(TARGETS, console)
    assert [outcome.ok for outcome in outcomes.values()] == [False, False]
    assert not any(map(verify.passed, TARGETS))


def test_a_broken_memory_is_said(cases: Path) -> None:
    """A passes file that is none is named, with its cure."""
    passes.FILE.parent.mkdir()
    passes.FILE.write_text("{")
    with pytest.raises(UserError, match=r"passes\.json is not a list of passes; delete it"):
        verify.passed(TARGETS[0])
    assert cases.exists()


def test_the_page_and_the_table_show_the_same(cases: Path, tmp_path: Path, console: Console) -> None:
    """Clauses with their promise, the failure with its output, one file with nothing from elsewhere."""
    cases.write_text(CASES + FAILING)
    found = verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    page = (tmp_path / "run" / "index.html").read_text("utf-8")
    assert "1 failed" in page
    assert suite.clauses()["answer.same-bytes"] in page
    assert "&lt;b&gt;the reason&lt;/b&gt;" in page
    assert "not applicable: it is a fake" in page
    assert not re.search(r"(src|href)=", page)
    verify_page.show(found, console)
    assert "failed test_bad[flask-gevent]" in printed(console)
    assert "fastapi-uvicorn~flask-gevent" in printed(console)


SERVING = f"""
import sys, time
from pathlib import Path
from loadtests.serve import running
from loadtests.targets import Target

def test_serves(server, tmp_path, record_property):
    command = ("{{python}}", {str(Path(__file__).with_name("fake_server.py"))!r}, "{{port}}", "--stubborn-child")
    facts = dict(name="fake", title="Fake", framework="none", server="http.server", workers=1)
    with running(Target(**facts, command=command), log=tmp_path / "log") as fake:
        Path(__file__).with_suffix(f".{{server}}").write_text(str(fake.pid))
        time.sleep(60)
"""


def test_an_interrupted_run_leaves_no_server(cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while cases wait on their servers ends pytest, its workers and every server."""
    monkeypatch.setattr(suite, "PROCESSES", 2)
    cases.write_text(SERVING)
    started = [cases.with_suffix(f".{target.name}") for target in TARGETS]
    main = threading.main_thread().ident or 0

    def press() -> None:
        deadline = time.monotonic() + 60
        while not all(file.exists() and file.read_text() for file in started) and time.monotonic() < deadline:
            time.sleep(0.05)
        signal.pthread_kill(main, signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    presser.join()
    for file in started:
        assert tree.members(int(file.read_text())) == []


def test_a_targets_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    """What the suite is given holds the same targets, a user's own among them."""
    odd = Target(
        name="a.b",
        title='A "quoted" title, ü',
        framework="x",
        server="y",
        workers=2,
        command=("a b", "{port}", "back\\slash"),
        env={"A.B": "1"},
    )
    file = tmp_path / "targets.toml"
    file.write_text(to_toml([odd, *TARGETS]), "utf-8")
    again = load_targets(file)
    assert again["a.b"] == odd
    assert [again[target.name] for target in TARGETS] == list(TARGETS)
