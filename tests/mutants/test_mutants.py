"""The machinery of the mutants: the table holds, a kill is a kill, and nothing else is taken for one.

The campaign itself, all mutants, is `make mutants`.
"""

import ast
import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from loadtests.serve import ROOT, running
from loadtests.targets import DEFAULT_TARGETS, load_targets
from tests.conformance.clauses import load_clauses
from tests.conformance.poll import poll
from tests.conformance.profiles import KEY, SECOND_KEY
from tests.conformance.subject import Subject
from tests.mutants import report
from tests.mutants.campaign import Healthy, healthy, healthy_errands
from tests.mutants.copies import MUTANT, copy_kit, targets_file
from tests.mutants.errand import Result, run
from tests.mutants.outcome import Outcome
from tests.mutants.table import Mutant, TableError, load_mutants, pick
from tests.mutants.verdict import Verdict, errand_for, judge

MUTANTS = load_mutants()
EACH = pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
QUICK = ("first-of-two-keys", "key-ignored-on-the-stream")  # one of each framework, with one request to notice it


def _tried(mutant: Mutant, folder: Path) -> Verdict:
    return judge(mutant, asyncio.run(run(errand_for(mutant), folder)))


def _like(name: str, **other: str) -> Mutant:
    return MUTANTS[name].model_copy(update=other)


@EACH
def test_a_mutant_is_one_change_that_compiles(mutant: Mutant, tmp_path: Path) -> None:
    """Its old text stands once in its file, and what it becomes is Python where the file is."""
    path = tmp_path / mutant.file
    path.parent.mkdir(parents=True)
    path.write_bytes((ROOT / mutant.file).read_bytes())
    mutant.apply(tmp_path)
    broken = path.read_text("utf-8")
    assert broken != (ROOT / mutant.file).read_text("utf-8")
    if path.suffix == ".py":
        ast.parse(broken, mutant.file)


def test_every_group_of_clauses_has_mutants() -> None:
    """No group of the contract is without two mutants at least, and each target has its share."""
    groups = [mutant.breaks.partition(".")[0] for mutant in MUTANTS.values()]
    assert {
        group for group in (clause.partition(".")[0] for clause in load_clauses()) if groups.count(group) < 2
    } == set()
    assert {mutant.target for mutant in MUTANTS.values()} == set(DEFAULT_TARGETS)


def test_no_two_mutants_are_the_same_for_one_clause() -> None:
    """Names are told apart by what they break, and not by name alone."""
    changes = [(mutant.breaks, mutant.file, mutant.old, mutant.new) for mutant in MUTANTS.values()]
    assert len(set(changes)) == len(changes)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('breaks = "keys.nothing"', "no clause"),
        ('target = "flask"', "target"),
        ('because = "no sentence"', "because"),
        ('file = "loadtests/cli/__init__.py"', "file"),
        ('extra = "x"', "extra"),
    ],
)
def test_a_bad_entry_is_told(entry: str, told: str, tmp_path: Path) -> None:
    """A mistake in the table names the file, the mutant and what is wrong."""
    fields = {
        "breaks": '"keys.twice"',
        "because": '"A sentence."',
        "target": '"flask-gevent"',
        "file": '"shared/keys.py"',
        "old": '"a"',
        "new": '"b"',
    }
    name, _, value = entry.partition(" = ")
    lines = [f"{key} = {text}" for key, text in {**fields, name: value}.items()]
    (tmp_path / "bad.toml").write_text("[wrong]\n" + "\n".join(lines))
    with pytest.raises(TableError, match=rf"bad\.toml: \[wrong\] .*{told}"):
        load_mutants(tmp_path)


@pytest.mark.parametrize("old", ["no such text anywhere", "self"], ids=["never", "often"])
def test_an_old_text_that_is_not_there_once_is_told(old: str, tmp_path: Path) -> None:
    """A replacement that would do nothing, or too much, is refused."""
    kit = tmp_path / "kit"
    with pytest.raises(TableError, match=r"stands \d+ times in shared/keys.py, and must once"):
        copy_kit(kit, _like("first-of-two-keys", old=old))


def test_an_unknown_name_is_told() -> None:
    """A name that is in no table is answered with the closest one."""
    with pytest.raises(TableError, match="did you mean first-of-two-keys"):
        pick(MUTANTS, ["first-of-two-key"])


@pytest.mark.parametrize("name", DEFAULT_TARGETS)
def test_the_copy_is_what_runs(name: str, tmp_path: Path) -> None:
    """A server of the target `mutant` answers what only the copy says, and its processes work in the copy."""
    kit = tmp_path / "kit"
    copy_kit(kit, None)
    models = kit / "shared" / "models.py"
    models.write_text(models.read_text("utf-8").replace('VERSION = "1.0.0"', 'VERSION = "of the copy"'))
    target = load_targets(targets_file(kit, load_targets()[name]))[MUTANT]
    with running(target, log=tmp_path / "log", settings={"VALID_API_KEYS": KEY}) as process:
        server = Subject(MUTANT, process.url, KEY, SECOND_KEY)
        assert server.request("GET", "/health").json()["version"] == "of the copy"
        assert {one.cwd() for one in process.processes()} == {str(kit)}


@pytest.mark.parametrize("name", QUICK)
def test_a_mutant_is_killed(name: str, tmp_path: Path) -> None:
    """A broken server is killed by a case of its clause, whose id and sentence are told; nothing else is left."""
    verdict = _tried(MUTANTS[name], tmp_path)
    assert (verdict.word, verdict.mutant.name) == ("killed", name), verdict.note
    assert verdict.by is not None
    assert MUTANT in verdict.by.node
    assert verdict.by.does.endswith(".")
    assert list(tmp_path.iterdir()) == []


def test_a_mutant_that_changes_nothing_survives(tmp_path: Path) -> None:
    """A replacement by what means the same is reported as survived."""
    same = _like("first-of-two-keys", new="        if not len(sent) == 1:")
    assert _tried(same, tmp_path).word == "survived"


def test_a_mutant_that_does_not_start_is_broken(tmp_path: Path) -> None:
    """A server that cannot start proves nothing about the suite, also where the case starts it by itself."""
    crash = "        raise RuntimeError\n        if len(sent) != 1:"
    never = _like("first-of-two-keys", file="shared/keys.py", old="class Keys:", new="raise SystemExit(1)\nclass Keys:")
    for mutant in (never, never.model_copy(update={"breaks": "errors.store"})):
        verdict = _tried(mutant, tmp_path)
        assert (verdict.word, verdict.by) == ("broken", None), verdict
        assert "did not get as far as its call" in verdict.note
    assert _tried(_like("first-of-two-keys", new=crash), tmp_path).word == "killed"


def test_a_clause_without_a_case_is_broken(tmp_path: Path) -> None:
    """Where no case can be played, no mutant is killed."""
    verdict = _tried(_like("first-of-two-keys", breaks="keys.constant-time"), tmp_path)
    assert verdict.word == "broken"
    assert "exit code 5" in verdict.note


def test_the_healthy_copies_pass(tmp_path: Path) -> None:
    """The case that killed is played on an unbroken copy of each default target, and passes there."""
    killed = _tried(MUTANTS["first-of-two-keys"], tmp_path)
    errands = healthy_errands([killed])
    assert [errand.deployment.name for errand in errands] == list(DEFAULT_TARGETS)
    came = healthy(errands[0], asyncio.run(run(errands[0], tmp_path)))
    assert (came.failed, came.passed) == ((), 1)


def test_a_false_alarm_is_told() -> None:
    """A case that fails on a healthy copy is a false alarm and never counts as a pass."""
    alarm = Outcome("tests/conformance/test_x.py::test_x[mutant]", "x", "X is done.", "failed", "assert 1 == 2")
    errand = healthy_errands([Verdict(MUTANTS[QUICK[0]], "killed", alarm, "", 1.0)])[0]
    assert healthy(errand, Result((alarm,), "", 1.0)).failed == (f"{alarm.node}: assert 1 == 2",)
    assert healthy(errand, Result((), "", 1.0)).failed == ("no case was played",)
    assert "broken" in report.line(Healthy("healthy-x", 0, ("no case was played",), 1.0))


def test_a_pair_is_compared_with_each_framework_s_own_twin() -> None:
    """A case that told a mutant from its healthy twin is played on every healthy pair."""
    nodes = ("t.py::test_a[fastapi-uvicorn~mutant-x]", "t.py::test_b[mutant~flask-gthread]", "t.py::test_c[mutant]")
    mutant = MUTANTS[QUICK[0]]
    verdicts = [Verdict(mutant, "killed", Outcome(node, "", "", "failed", ""), "", 1.0) for node in nodes]
    fastapi, gthread, _ = healthy_errands(verdicts)
    assert fastapi.words == ("t.py::test_a[mutant~flask-gthread-x]", nodes[1], nodes[2])
    assert gthread.words == (nodes[0], "t.py::test_b[fastapi-uvicorn~mutant]", nodes[2])
    assert (fastapi.twin, gthread.twin) == ("flask-gthread", "fastapi-uvicorn")


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    """Interrupted while servers run, the command ends soon, and neither process nor folder is left."""
    command = [sys.executable, "-m", "tests.mutants", "session-idle-since-its-first-turn", "heartbeat-missing"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        family = psutil.Process(process.pid)
        poll(
            lambda: [one for one in family.children(recursive=True) if "gunicorn" in " ".join(one.cmdline())],
            60,
            "server",
        )
        seen = family.children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "mutants: interrupted; nothing is left behind\n")
    poll(lambda: not [one for one in seen if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], 5, "end")
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_current() -> None:
    """docs/mutants.md is what the stored campaign says."""
    assert report.PAGE.read_text("utf-8") == report.page(report.load())


def test_every_mutant_is_in_the_stored_campaign_as_killed() -> None:
    """The stored campaign has every mutant of the table as it is now, and each was killed."""
    kept = {one["name"]: one for one in report.load()["mutants"]}
    facts = {name: mutant.model_dump(exclude={"name", "old", "new"}) for name, mutant in MUTANTS.items()}
    assert {name: {fact: kept[name][fact] for fact in of} for name, of in facts.items()} == facts
    assert {one["verdict"] for one in kept.values()} == {"killed"}
    assert json.loads(report.STORED.read_text("utf-8"))["summary"] == f"{len(kept)} mutants, {len(kept)} killed"
