"""The long run: two targets' documents against both, stored as JSON and as a page under docs/.

Rule: what it finds is printed and stored as it is; the exit code is 1 then. Neighbours: `run`, `results`, `page`.
"""

import itertools
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from loadtests.signals import leave_on_sigterm
from loadtests.targets import load_targets
from tests.conformance.fixtures import started
from tests.conformance.subject import Subject
from tests.openapi.page import PAGE, page
from tests.openapi.results import STORED, Cell, Results
from tests.openapi.run import Task, play

HOUR = 3600.0
PACKAGES = {"Schemathesis": "schemathesis", "Hypothesis": "hypothesis", "FastAPI": "fastapi", "Flask": "flask"}

Pair = tuple[str, str]


def main(
    examples: Annotated[int, typer.Option(min=1, help="At most so many for each operation and phase.")] = 300,
    seed: Annotated[int, typer.Option(help="What the requests are drawn from.")] = 1,
    targets: Annotated[Pair, typer.Option(help="The two deployments.")] = ("fastapi-uvicorn", "flask-gevent"),
) -> None:
    """Hold each document against both servers; writes docs/results/schemathesis.json and docs/schemathesis.md."""
    results = Results(examples=examples, seed=seed, versions=_versions(), cells=tuple(_cells(targets, examples, seed)))
    STORED.write_text(results.model_dump_json(indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")
    sys.exit(1 if any(cell.findings for cell in results.cells) else 0)


def _cells(targets: Pair, examples: int, seed: int) -> Iterator[Cell]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parity-")))
        known = load_targets()
        running = [stack.enter_context(started(known[name], {}, folder / f"{name}.log")).subject for name in targets]
        for served, tested in itertools.product(running, repeat=2):
            with tempfile.TemporaryDirectory(prefix="parity-") as own:
                yield _cell(served, tested, Path(own), (examples, seed))


def _cell(served: Subject, tested: Subject, folder: Path, extent: tuple[int, int]) -> Cell:
    task = Task(f"{served.url}/openapi.json", tested.url, (tested.key, str(tested.second_key)), *extent)
    report = play(task, folder, HOUR)
    print(f"{served.name}'s document, {tested.name}: {len(report.findings)} findings in {report.seconds} s")  # noqa: T201 - what a command prints is its purpose
    for finding in report.findings:
        print(f"  {finding.check} at {finding.operation}: {finding.message}")  # noqa: T201 - as above
    return Cell(
        document=served.name,
        server=tested.name,
        requests=report.requests,
        checks=report.checks,
        findings=report.findings,
        seconds=report.seconds,
    )


def _versions() -> Mapping[str, str]:
    return {"Python": platform.python_version()} | {name: version(package) for name, package in PACKAGES.items()}


if __name__ == "__main__":
    leave_on_sigterm()
    typer.run(main)
