"""Two made-up runs to hold against each other, and what the command says of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from loadtests import diff as differ
from loadtests import results
from loadtests.diff import DiffOptions
from loadtests.diff.model import Diff, Line
from loadtests.files import write
from loadtests.plan import Plan
from loadtests.records import Round
from loadtests.results import Run
from tests.unit.loadtests import made_up

GEVENT = "flask-gevent"


def faster(by: dict[str, float]) -> Callable[[Round], Round]:
    """Rounds whose throughput is so many times that of the made-up run, target by target."""

    def bend(done: Round) -> Round:
        drives = tuple(
            driven.model_copy(
                update={
                    "result": driven.result.model_copy(
                        update={"throughput": driven.result.throughput * by.get(done.target, 1.0)}
                    )
                }
            )
            for driven in done.drives
        )
        return done.model_copy(update={"drives": drives})

    return bend


def a_run(
    root: Path, plan: Plan | None = None, change: dict[str, object] | None = None, by: dict[str, float] | None = None
) -> Run:
    """A stored chat run of eight blocks on a machine that `change` makes another one."""
    plan = plan or made_up.plan(only=("chat",), blocks=8)
    run = made_up.a_run(root, plan, bend=faster(by or {}))
    environment = run.environment.model_copy(update=change or {})
    write(run.folder / "environment.json", environment.model_dump_json(indent=1) + "\n")
    return results.load(run.folder)


def pair(tmp_path: Path, change: dict[str, object] | None = None, by: dict[str, float] | None = None) -> Diff:
    """A run, and one whose targets are so many times as fast."""
    return differ.compared(a_run(tmp_path / "a"), a_run(tmp_path / "b", None, change, by))


def line(found: Diff, target: str, key: str = "throughput") -> Line:
    """That line of chat."""
    return next(each for each in found.lines if (each.target, each.key) == (target, key))


def shown(options: DiffOptions) -> tuple[int, str]:
    """The command's exit code and output."""
    out = io.StringIO()
    return differ.diff(options, Console(file=out, width=220)), out.getvalue()
