"""Schemathesis, as it is run here, finds what is wrong: every one of its checks is shown a defect that it reports.

So zero findings are not zero by construction. It is about the tool, so one healthy server will do.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from schemathesis.checks import CHECKS, load_all_checks

from loadtests.serve import free_port
from loadtests.targets import load_targets
from tests.conformance.fixtures import started
from tests.conformance.subject import Subject
from tests.openapi.breaks import DOCUMENTS, NEVER_APPLIES, SERVERS, Where
from tests.openapi.proxy import proxy
from tests.openapi.run import PHASES, RunFailed, Task, play, read

EXAMPLES = 10


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """A server that keeps its promises."""
    target = load_targets()["fastapi-uvicorn"]
    with started(target, {}, tmp_path_factory.mktemp("healthy") / "server.log") as launched:
        yield launched.subject


def found(subject: Subject, document: str, url: str, folder: Path) -> set[Where]:
    """(check, operation) of all that Schemathesis reports."""
    keys = (subject.key, str(subject.second_key))
    report = play(Task(document, url, keys, EXAMPLES, seed=1, shrink=False), folder, timeout=280)
    return {(finding.check, finding.operation) for finding in report.findings}


def test_every_check_is_shown_a_defect() -> None:
    """No check that Schemathesis has is left out here, so a new one is noticed when it comes."""
    load_all_checks()
    shown = {check for table in (DOCUMENTS, SERVERS) for places in table.values() for check, _ in places}
    assert shown | NEVER_APPLIES.keys() == set(CHECKS.get_all_names())
    assert not shown & NEVER_APPLIES.keys()


@pytest.mark.timeout(300)
def test_false_documents(healthy: Subject, tmp_path: Path) -> None:
    """A document that says what is not so is found out, at each place, and nowhere else."""
    document = httpx.get(f"{healthy.url}/openapi.json").json()
    for change in DOCUMENTS:
        change(document)
    path = tmp_path / "false.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert found(healthy, str(path), healthy.url, tmp_path) == set().union(*DOCUMENTS.values())


@pytest.mark.timeout(300)
def test_broken_server(healthy: Subject, tmp_path: Path) -> None:
    """A server that breaks its promises is found out, at each place, and nowhere else."""
    with proxy(healthy.url, list(SERVERS)) as url:
        assert found(healthy, f"{url}/openapi.json", url, tmp_path) == set().union(*SERVERS.values())


def test_what_was_not_tried_is_a_finding() -> None:
    """A warning, an error, a phase that was skipped and an operation that was not tested are findings too."""
    summary = {
        "running_time": 1.0,
        "warnings": {"missing_test_data": ["GET /x"], "missing_auth": []},
        "errors": [{"title": "Runtime Error"}],
        "phases": {name: {"status": "success"} for name in PHASES[:-1]} | {PHASES[-1]: {"status": "skip"}},
        "operations": {"total": 2, "tested": 1},
        "complete": True,
        "stop_reason": "completed",
    }
    report = read(summary, iter([]))
    assert [finding.check for finding in report.findings] == [
        "warning: missing_test_data",
        "error",
        "phase",
        "operations",
    ]


def test_nobody_there(tmp_path: Path) -> None:
    """A server that cannot be reached is no server without findings."""
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(RunFailed):
        play(Task(f"{url}/openapi.json", url, ("a", "b"), EXAMPLES, seed=1), tmp_path, timeout=60)
