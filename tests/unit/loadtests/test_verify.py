"""`parity verify` on targets: the run, its exit code, and what it leaves; with a small suite of the test's own."""

import signal
import threading
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import verify
from loadtests.errors import UserError
from loadtests.serve import tree
from loadtests.targets import Target, load_targets, to_toml
from loadtests.verify import Chosen, VerifyOptions, suite
from loadtests.verify.grades import Count, Grade
from loadtests.verify.results import Results
from tests.unit.loadtests.fake_suite import CASES, FAILING, TARGETS, laid, printed, terminal

NAMES = tuple(target.name for target in TARGETS)
FILES = {"index.html", "results.json", "results.schema.json", "junit.xml", "pytest.log", "targets.toml"}


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite that passes, as the file of its cases."""
    return laid(tmp_path, monkeypatch)


@pytest.fixture
def console() -> Console:
    """A terminal that can be read."""
    return terminal()


@pytest.mark.usefixtures("cases")
def test_all_well_is_exit_code_0_and_one_sentence(tmp_path: Path, console: Console) -> None:
    """Table, sentence, files; the folder asked for holds every one of them, and copies are where they were wanted."""
    out, junit, json = tmp_path / "out", tmp_path / "ci" / "j.xml", tmp_path / "ci" / "r.json"
    assert verify.verify(VerifyOptions(NAMES, out=out, junit=junit, json=json), console) == 0
    text = printed(console)
    assert "fastapi-uvicorn, flask-gevent: every promise that was tried is kept (5 cases tried, 2 as the known" in text
    assert str(json) in text
    assert {file.name for file in out.iterdir()} == FILES
    assert junit.read_bytes() == (out / "junit.xml").read_bytes()
    assert Results.model_validate_json(json.read_bytes()).count == Count(3, 2, 0, 2)


def test_a_wrong_case_is_exit_code_1_with_its_sentences(cases: Path, tmp_path: Path, console: Console) -> None:
    """What was done, what was expected and why it is wrong stand in the terminal; markup is shown as it is."""
    cases.write_text(CASES + FAILING)
    assert verify.verify(VerifyOptions(NAMES, out=tmp_path / "out"), console) == 1
    text = printed(console)
    assert "✗ wrong test_bad on flask-gevent (beyond the contract)" in text
    assert "does      It is tried." in text
    assert "expected  It holds." in text
    assert "<b>the reason</b>" in text
    assert "1 wrong of 7 cases tried" in text


@pytest.mark.usefixtures("cases")
@pytest.mark.parametrize("chosen", [Chosen(expression="plain"), Chosen(clauses=("routes.health",))], ids=str)
def test_some_of_the_cases_are_no_pass(chosen: Chosen, tmp_path: Path, console: Console) -> None:
    """A run of a selection says so, and nothing of the cases that it left out."""
    assert verify.verify(VerifyOptions(NAMES, chosen=chosen, out=tmp_path / "out"), console) == 0
    assert f"only some of the cases ({chosen}): no pass" in printed(console).replace("\n", " ")
    assert Results.model_validate_json((tmp_path / "out" / "results.json").read_bytes()).count == Count(identical=2)
    assert not any(map(verify.passed, TARGETS))


def test_nothing_but_skips_is_exit_code_1(cases: Path, tmp_path: Path, console: Console) -> None:
    """A target for which nothing applied has shown nothing, and that is no success."""
    cases.write_text('import pytest\ndef test_na(server):\n    pytest.skip("not applicable: it is a fake")\n')
    assert verify.verify(VerifyOptions(NAMES, out=tmp_path / "out"), console) == 1
    assert "Nothing was shown" in printed(console)


def test_each_case_is_read_with_subject_clauses_and_grade(cases: Path, tmp_path: Path) -> None:
    """A failure has its reason, a skip its own; pytest's output is kept."""
    cases.write_text(CASES + FAILING)
    found = verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    assert found.count == Count(identical=4, known=2, wrong=1, not_applicable=2)
    ((bad, outcome),) = found.outcomes(Grade.WRONG)
    assert (bad.id, outcome.subject) == ("test_bad", "flask-gevent")
    assert "<b>the reason</b>" in outcome.reason
    assert [case.clauses for case in found.cases if case.id == "test_pair"] == [("answer.same-bytes",)]
    assert {outcome.reason for _, outcome in found.outcomes(Grade.NOT_APPLICABLE)} == {"it is a fake"}
    assert "1 failed" in (tmp_path / "run" / "pytest.log").read_text()


@pytest.mark.usefixtures("cases")
@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (Chosen(expression="nonsense"), "no case matches -k nonsense; give another"),
        (Chosen(clauses=("routes.helth",)), r"there is no clause 'routes.helth'; choose from: routes.page, routes.hea"),
        (Chosen(clauses=("rutes",)), r"there is no clause 'rutes'; choose from: routes.…, request.…"),
    ],
    ids=str,
)
def test_a_selection_of_nothing_is_said(chosen: Chosen, sentence: str, tmp_path: Path, console: Console) -> None:
    """An expression that selects nothing, and a clause that is none, are errors and not passes."""
    with pytest.raises(UserError, match=sentence):
        verify.verify(VerifyOptions(NAMES, chosen=chosen, out=tmp_path / "out"), console)


@pytest.mark.usefixtures("cases")
def test_a_place_that_cannot_be_written_is_said_first(tmp_path: Path, console: Console) -> None:
    """Before a suite of minutes is run for nothing."""
    (tmp_path / "file").touch()
    with pytest.raises(
        UserError, match=r"cannot write to .*file/out: Not a directory; choose another place with --out"
    ):
        verify.verify(VerifyOptions(NAMES, out=tmp_path / "file" / "out"), console)
    with pytest.raises(UserError, match=r"cannot write .*file/j.xml: .*; give another file"):
        verify.verify(VerifyOptions(NAMES, junit=tmp_path / "file" / "j.xml"), console)
    assert printed(console) == ""


def test_a_suite_that_breaks_is_no_result(cases: Path, tmp_path: Path) -> None:
    """A suite that pytest cannot load ends in an error with pytest's own words."""
    (cases.parent / "conftest.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(UserError, match=r"the suite could not run .*pytest\.log") as caught:
        verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    assert "\n  | " in str(caught.value)


def test_a_suite_that_records_nothing_is_no_result(cases: Path, tmp_path: Path) -> None:
    """Cases that pytest calls passed, but that left no record, have shown nothing."""
    conftest = cases.parent / "conftest.py"
    conftest.write_text(conftest.read_text().replace("def pytest_runtest_logreport", "def nothing"))
    with pytest.raises(UserError, match="the suite ran and recorded nothing"):
        verify.verify_targets(TARGETS, tmp_path / "run", show=False)


def test_a_file_of_cases_that_breaks_takes_the_pass_from_all(
    cases: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be read is nobody's case, so nobody has passed."""
    monkeypatch.setattr(suite, "PROCESSES", 2)  # pytest's workers report it as a failure and go on
    (cases.parent / "test_more.py").write_text("import nothing_of_this_name\n")
    outcomes = verify.ensure_verified(TARGETS, console)
    assert [outcome.ok for outcome in outcomes.values()] == [False, False]
    assert not any(map(verify.passed, TARGETS))


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_terminal_gets_the_dots_and_no_tracebacks(size: int) -> None:
    """What pytest prints is shown up to its first headline, however it is cut into pieces."""
    said = b"bringing up nodes...\n..F== [100%]\n=== FAILURES ===\nTraceback\n=== short ===\n"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    assert b"".join(suite.progress(pieces)) == b"bringing up nodes...\n..F== [100%]\n"
    assert b"".join(suite.progress([b"..\n", b"5 passed\n"])) == b"..\n5 passed\n"


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
    main, over = threading.main_thread().ident or 0, threading.Event()

    def press() -> None:
        while not all(file.exists() and file.read_text() for file in started):
            if over.wait(0.05):
                return  # the run has ended by itself: the key would hit another test
        signal.pthread_kill(main, signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            verify.verify_targets(TARGETS, tmp_path / "run", show=False)
    finally:
        over.set()
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
