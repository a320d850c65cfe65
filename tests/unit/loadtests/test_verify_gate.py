"""The gate before a load: what makes a pass, what ends it, and what is said of it.

Rule: the suite's run is made up, so that each change costs milliseconds; what is hashed, remembered and said is real.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import relied, verify
from loadtests.errors import UserError
from loadtests.serve import ROOT
from loadtests.targets import load_targets
from loadtests.verify import Chosen, VerifyOptions, VerifyOutcome, fingerprint, passes, run
from loadtests.verify.grades import Count, Grade
from loadtests.verify.passes import Pass
from loadtests.verify.records import Record
from tests.unit.loadtests.fake_suite import TARGETS, installed, laid, printed, terminal
from tests.unit.loadtests.recorded import record

FASTAPI, FLASK = TARGETS
Change = Callable[[Path, pytest.MonkeyPatch], None]


class Ran:
    """Stands for the suite: every case is identical, but on the `failing` targets."""

    def __init__(self) -> None:
        self.times = 0
        self.failing: frozenset[str] = frozenset()

    def __call__(self, words: Sequence[str], _folder: Path, _chosen: Chosen, **_: object) -> tuple[Record, ...]:
        """What `run_suite` would return."""
        self.times += 1
        names = [word for before, word in pairwise(words) if before == "--target"]
        pairs = [f"{names[0]}~{other}" for other in names[1:]]
        wrong = dict.fromkeys(self.failing, Grade.WRONG)
        return tuple(record("case", name, wrong.get(name, Grade.IDENTICAL)) for name in (*names, *pairs))


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """The made-up suite, with sources and a memory of the test's own."""
    laid(tmp_path, monkeypatch)
    made = Ran()
    monkeypatch.setattr(run, "run_suite", made)
    return made


@pytest.fixture
def console() -> Console:
    """A terminal that can be read."""
    return terminal()


def test_a_whole_pass_is_remembered_and_not_run_again(ran: Ran, console: Console, tmp_path: Path) -> None:
    """The second time the outcome comes from memory; it counts the same, and says when, on what, and where."""
    first = verify.ensure_verified(TARGETS, console)
    again = verify.ensure_verified(TARGETS, console)
    assert [outcome.ok for outcome in first.values()] == [True, True]
    assert [outcome.reused for outcome in first.values()] == [False, False]
    assert [outcome.reused for outcome in again.values()] == [True, True]
    assert ran.times == 1
    for name, outcome in again.items():
        assert (outcome.count, outcome.passed_at, outcome.fingerprint, outcome.page) == (
            first[name].count,
            first[name].passed_at,
            first[name].fingerprint,
            first[name].page,
        )
        assert len(outcome.fingerprint) == 64
        assert outcome.page.is_file()
        assert outcome.page.is_relative_to(tmp_path)
    assert all(map(verify.passed, TARGETS))


CHANGES: Mapping[str, tuple[Change, str]] = {
    "a source is edited": (lambda root, _: _more(root / "source" / "app.py"), "the servers' source"),
    "a source is added": (lambda root, _: _more(root / "source" / "new.py"), "the servers' source"),
    "a source is renamed": (lambda root, _: _renamed(root / "source" / "app.py"), "the servers' source"),
    "the lock file": (lambda root, _: _more(root / "requirements.lock"), "the lock file"),
    "the suite": (lambda root, _: _more(root / "suite" / "test_cases.py"), "the suite"),
    "a package": (lambda _, patch: installed(patch, flask="99.0"), "the installed packages"),
    "Python": (lambda _, patch: patch.setattr(sys, "version", sys.version.replace("3.", "4.", 1)), "Python itself"),
    "the shell": (lambda _, patch: patch.setenv("PYTHONPATH", "/elsewhere"), "the environment"),
}


def _renamed(file: Path) -> None:
    file.rename(file.with_name("other.py"))


def _more(file: Path) -> None:
    with file.open("a") as opened:
        opened.write("# one more line\n")


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(("change", "part"), CHANGES.values(), ids=CHANGES)
def test_a_change_ends_the_pass(
    change: Change, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    """Whatever a pass depends on: the suite runs again, and it is said which part has changed since when."""
    before = verify.ensure_verified(TARGETS, console)[FLASK.name]
    change(tmp_path, monkeypatch)
    assert not any(map(verify.passed, TARGETS))
    again = verify.ensure_verified(TARGETS, console)[FLASK.name]
    assert not again.reused
    assert again.why == f"since the pass of {before.passed_at}, {part} changed"
    assert again.why in printed(console)


OWN: Mapping[str, Mapping[str, object]] = {
    "command": {"command": (*FLASK.command, "--workers", "3")},
    "environment": {"env": {"LOG_LEVEL": "debug"}},
    "workers": {"workers": 2},
    "sources": {"sources": (Path(__file__),)},
}


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize("change", OWN.values(), ids=OWN)
def test_a_changed_entry_ends_the_pass_of_its_target_alone(change: Mapping[str, object], console: Console) -> None:
    """The launch command, its environment and its sources are part of what was verified."""
    verify.ensure_verified(TARGETS, console)
    other = FLASK.model_copy(update=dict(change))
    assert (verify.passed(other), verify.passed(FASTAPI)) == (False, True)
    outcomes = verify.ensure_verified([FASTAPI, other], console)
    assert "the entry of flask-gevent" in outcomes[FLASK.name].why


@pytest.mark.usefixtures("ran")
def test_a_changed_file_of_its_sources_ends_the_pass(tmp_path: Path, console: Console) -> None:
    """The content counts, in every file of a folder that is named, and not what was compiled from it."""
    mine = tmp_path / "mine"
    (mine / "deep").mkdir(parents=True)
    (mine / "deep" / "server.py").write_text("1\n")
    target = FLASK.model_copy(update={"command": ("{python}", "server.py", "{port}"), "sources": (mine,)})
    verify.ensure_verified([target], console)
    (mine / "__pycache__").mkdir()
    (mine / "__pycache__" / "server.pyc").write_bytes(b"x")
    assert verify.passed(target)
    (mine / "deep" / "server.py").write_text("2\n")
    assert not verify.passed(target)
    assert "the sources of flask-gevent changed" in verify.ensure_verified([target], console)[FLASK.name].why


@pytest.mark.usefixtures("ran")
def test_an_edit_elsewhere_keeps_the_pass(tmp_path: Path, console: Console) -> None:
    """A README is no part of what was verified."""
    verify.ensure_verified(TARGETS, console)
    (tmp_path / "README.md").write_text("# other\n")
    assert verify.ensure_verified(TARGETS, console)[FLASK.name].reused


UNSEEN: Mapping[str, Mapping[str, object]] = {
    "a file of the user's": {"command": ("{python}", "server.py", "{port}")},
    "another app": {"command": tuple(word.replace("flask_impl", "mine") for word in FLASK.command)},
    "another module's option": {"command": (*FLASK.command, "--config", "mine.py")},
    "another folder": {"folder": Path(__file__).parent},
    "another model": {"env": {"AGENT_MODEL": "mine:factory"}},
    "other code by the environment": {"env": {"PYTHONPATH": "/mine"}},
    "options by the environment": {"env": {"GUNICORN_CMD_ARGS": "--config mine.py"}},
}
SEEN: Mapping[str, Mapping[str, object]] = {
    "ours": {},
    "more workers": {"command": (*FLASK.command, "--workers", "3")},
    "a setting": {"env": {"SESSION_STORE": "memory://", "AGENT_MODEL": "openai"}},
    "sources": {"command": ("{python}", "server.py", "{port}"), "sources": (Path(__file__),)},
}


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN)
def test_what_the_kit_cannot_see_is_not_remembered(change: Mapping[str, object], console: Console) -> None:
    """What is not plainly one of ours and names no sources is verified each time; it is said how to change that."""
    target = FLASK.model_copy(update=dict(change))
    for _ in range(2):
        outcome = verify.ensure_verified([FASTAPI, target], console)[FLASK.name]
        assert (outcome.ok, outcome.reused) == (True, False)
    assert 'name the files and folders that it is made of in its entry, as in sources = ["server.py"]' in outcome.why
    assert "no pass of it is remembered and the suite runs each time" in printed(console).replace("\n", " ")
    assert (verify.passed(target), verify.passed(FASTAPI)) == (False, True)


@pytest.mark.parametrize("change", SEEN.values(), ids=SEEN)
def test_what_the_kit_can_see_is_remembered(change: Mapping[str, object]) -> None:
    """Our own command with other numbers and settings, and whatever names its sources."""
    assert fingerprint.unseen(FLASK.model_copy(update=dict(change))) == ""


@pytest.mark.usefixtures("ran")
def test_targets_that_passed_apart_have_not_passed_as_a_pair(tmp_path: Path, console: Console) -> None:
    """Two single passes do not stand for the comparison of their bytes."""
    for target in TARGETS:
        verify.verify_targets([target], tmp_path / target.name, show=False)
    assert all(map(verify.passed, TARGETS))
    outcome = verify.ensure_verified(TARGETS, console)[FLASK.name]
    assert outcome.why == "fastapi-uvicorn and flask-gevent: no pass yet as a pair"


def test_a_failure_is_no_pass_for_its_target_only(ran: Ran, console: Console) -> None:
    """The target that failed has no pass, now or later; the other keeps its own."""
    ran.failing = frozenset({FLASK.name})
    outcomes = verify.ensure_verified(TARGETS, console)
    assert (outcomes[FASTAPI.name].ok, outcomes[FLASK.name].ok) == (True, False)
    assert [verify.passed(target) for target in TARGETS] == [True, False]


@pytest.mark.parametrize(
    ("page", "said", "kept"),
    [
        (
            ROOT / ".parity" / "verify" / "x" / "index.html",
            ".parity/verify/x/index.html",
            ".parity/verify/x/index.html",
        ),
        (Path("/elsewhere/X/third/index.html"), "/elsewhere/X/third/index.html", "third/index.html"),
    ],
    ids=["kit", "elsewhere"],
)
def test_a_page_is_where_it_is_said(page: Path, said: str, kept: str, console: Console) -> None:
    """The terminal has a path that opens; what is stored with the run has none of this machine."""
    outcomes = {FLASK.name: VerifyOutcome(FLASK.name, Count(identical=1), page)}
    rows = relied.rows([FLASK], outcomes)
    relied.show(rows, outcomes, console)
    assert printed(console).endswith(f"; {said}\n")
    assert relied.page(outcomes[FLASK.name]) == said
    assert [row.page for row in rows] == [kept]


@pytest.mark.usefixtures("ran")
def test_a_page_in_a_folder_of_the_users_is_remembered_whole(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--out third` is found again from any other folder."""
    monkeypatch.chdir(tmp_path)
    options = VerifyOptions((FLASK.name,), out=Path("third"))
    assert verify.verify(options, console) == 0
    assert verify.ensure_verified([FLASK], console)[FLASK.name].page == tmp_path / "third" / "index.html"


@pytest.mark.usefixtures("ran")
def test_a_broken_memory_is_said() -> None:
    """A passes file that is none is named, with its cure."""
    passes.FILE.parent.mkdir()
    for text in ("{", "[]", '{"format": 2, "passes": {"x": 1}}'):
        passes.FILE.write_text(text)
        with pytest.raises(UserError, match=r"passes\.json is not a list of passes; delete it"):
            verify.passed(TARGETS[0])


@pytest.mark.usefixtures("ran")
def test_the_memory_of_another_version_is_no_pass() -> None:
    """It knew of other things that a pass depends on."""
    passes.FILE.parent.mkdir()
    passes.FILE.write_text('{"flask-gevent": {"fingerprint": "x", "passed": 9, "skipped": 0, "page": "x"}}')
    assert passes.last("flask-gevent") is None


def test_what_a_pass_depends_on_is_there() -> None:
    """Every path of the real table exists, the suite's two folders among them, and no other text of the project's."""
    named = [path for paths in fingerprint.SOURCES.values() for path in paths]
    assert {"tests/conformance", "tests/known_differences", "requirements.lock"} <= set(named)
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert not {"README.md", "docs", "loadtests/verify/page.css"} & set(named)


def test_every_part_of_a_target_counts(tmp_path: Path) -> None:
    """Two targets that differ in nothing but a name have parts of their own, and a pair has those of both."""
    pair = fingerprint.parts(*TARGETS)
    assert {f"the entry of {target.name}" for target in TARGETS} <= pair.keys()
    assert fingerprint.changed(pair, fingerprint.parts(FLASK)) == (
        "the entry of fastapi-uvicorn",
        "the sources of fastapi-uvicorn",
    )
    made = Pass(passed_at="x", parts=pair, identical=1, known=0, not_applicable=0, page=tmp_path)
    assert made.fingerprint == fingerprint.whole(dict(reversed(list(pair.items()))))


def test_the_kits_own_targets_are_seen() -> None:
    """Each of them can be remembered."""
    assert [name for name, target in load_targets().items() if fingerprint.unseen(target)] == []
