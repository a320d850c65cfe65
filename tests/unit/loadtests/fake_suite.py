"""A small suite that runs in the real one's place: real pytest, real records, no server.

Rule: its conftest takes the options of the real one and writes records of the same form. Neighbours: the
`test_verify*.py` that run it.
"""

from importlib import metadata
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from loadtests.targets import load_targets, pick
from loadtests.verify import fingerprint, passes, suite

TARGETS = pick(load_targets(), ["fastapi-uvicorn", "flask-gevent"])

CONFTEST = """
import json
from pathlib import Path

REPORTS = {}

def pytest_addoption(parser):
    for name in ("--target", "--clause"):
        parser.addoption(name, action="append", default=[])
    for name in ("--targets", "--url", "--key", "--second-key", "--record"):
        parser.addoption(name)

def pytest_configure(config):
    global folder
    folder = config.getoption("--record")
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    if folder:
        REPORTS["file"] = Path(folder) / f"{worker}.jsonl"

def pytest_generate_tests(metafunc):
    names = metafunc.config.getoption("--target") or ["url"]
    if "twins" in metafunc.fixturenames:
        metafunc.parametrize("twins", ["~".join(names)] if len(names) == 2 else [])
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", names)

def pytest_collection_modifyitems(config, items):
    wanted = set(config.getoption("--clause"))
    if wanted:
        items[:] = [item for item in items if wanted & set(getattr(item.function, "clauses", ()))]

def pytest_runtest_logreport(report):
    if report.when != "call" and report.outcome == "passed" or "file" not in REPORTS:
        return
    said = dict(report.user_properties)
    grade = {"passed": said.get("grade", "identical"), "failed": "wrong", "skipped": "not applicable"}[report.outcome]
    skipped = report.longrepr[2].removeprefix("Skipped: not applicable: ") if report.outcome == "skipped" else ""
    failed = report.longreprtext if report.outcome == "failed" else ""
    record = {
        "case": report.nodeid.partition("::")[2].partition("[")[0], "node": report.nodeid,
        "clauses": [said["clause"]] if "clause" in said else [], "does": "It is tried.", "expects": "It holds.",
        "subject": said.get("target", ""), "profile": "plain", "grade": grade, "reason": failed or skipped,
        "seconds": 0.5, "exchanges": [],
    }
    with REPORTS["file"].open("a") as file:
        file.write(json.dumps(record) + "\\n")
"""
CASES = """
import pytest

def test_plain(server, record_property):
    record_property("target", server)
    record_property("clause", "routes.health")
test_plain.clauses = ["routes.health"]

def test_pair(twins, record_property):
    record_property("target", twins)
    record_property("clause", "answer.same-bytes")

def test_known(server, record_property):
    record_property("target", server)
    record_property("grade", "known difference")

def test_na(server, record_property):
    record_property("target", server)
    pytest.skip("not applicable: it is a fake")
"""
FAILING = """
def test_bad(server, record_property):
    record_property("target", server)
    assert server != "flask-gevent", "<b>the reason</b>"
"""


def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a suite that passes in the real one's place, with the real clauses; return the file of its cases."""
    folder = tmp_path / "suite"
    folder.mkdir()
    clauses = (suite.SUITE / "clauses.toml").read_text("utf-8")
    (folder / "clauses.toml").write_text(clauses, "utf-8")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_cases.py").write_text(CASES)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "app.py").write_text("app = 1\n")
    (tmp_path / "requirements.lock").write_text("x==1\n")
    (tmp_path / "README.md").write_text("# x\n")
    monkeypatch.setattr(suite, "SUITE", folder)
    monkeypatch.setattr(suite, "FOLDERS", (folder,))
    monkeypatch.setattr(suite, "PROCESSES", 0)
    sources = {"the servers' source": ("source",), "the suite": ("suite",), "the lock file": ("requirements.lock",)}
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    monkeypatch.setattr(fingerprint, "SOURCES", sources)
    installed(monkeypatch, flask="1.0")
    monkeypatch.setattr(passes, "FILE", tmp_path / "kept" / "passes.json")
    return folder / "test_cases.py"


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Let these be the installed packages; to read those of this machine takes long."""
    found = [SimpleNamespace(metadata={"Name": name, "Version": version}) for name, version in versions.items()]
    monkeypatch.setattr(metadata, "distributions", lambda: found)


def terminal() -> Console:
    """A terminal that can be read."""
    return Console(file=StringIO(), width=120)


def printed(console: Console) -> str:
    """What was shown on it."""
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()
