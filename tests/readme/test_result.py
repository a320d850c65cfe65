"""The README's result: it comes from a stored run, and the run's report can be made again from its files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtests import report

ROOT = Path(__file__).resolve().parents[2]
RUNS = sorted(path.parent for path in (ROOT / "docs" / "results").glob("*/plan.json"))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_stored_report_is_made_again_to_the_byte(run: Path, tmp_path: Path) -> None:
    """Rebuilding a stored run gives the same verdict, page and summary."""
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    assert report.report(copy, Console(quiet=True)) == 0
    for name in ("verdict.json", "report.html", "summary.md"):
        assert (copy / name).read_bytes() == (run / name).read_bytes(), name


def test_the_readme_quotes_a_stored_run() -> None:
    """The answer and the five rows in the README are those of a stored run's summary, word for word."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = [run for run in RUNS if f"docs/results/{run.name}/summary.md" in readme]
    assert quoted
    for run in quoted:
        _, answer, *parts = (run / "summary.md").read_text(encoding="utf-8").split("\n\n")
        rows = next(part for part in parts if part.startswith("| what is said"))
        assert f"> {answer}" in readme
        assert rows in readme


def _stored(name: str) -> Any:
    return json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_readme_quotes_the_stored_proofs() -> None:
    """What the README says of mutants, fuzzing and Schemathesis is what their stored runs found."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    mutants = len(_stored("mutants")["mutants"])
    assert _stored("mutants")["summary"] == f"{mutants} mutants, {mutants} killed"
    assert f"{mutants} broken servers, each with one promise broken: all {mutants} are noticed" in readme
    fuzzed = [_stored(name) for name in ("fuzz", "fuzz-gthread")]
    assert "more than 100,000 generated and damaged requests" in readme
    assert all(run["requests"] > 100_000 and not run["finds"] for run in fuzzed)
    assert "with all of its checks: no findings" in readme
    assert [cell["findings"] for cell in _stored("schemathesis")["cells"]] == [[]] * 4
