"""The commands that read what was stored: report, diff.

Rule: options in, one function of the harness called, an exit code out; what is heavy is imported inside.
Neighbours: `options` (what several take), `report`, `diff`.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loadtests.cli.options import By, FailIf, Markdown


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, results/...")],
    fail_if: FailIf = None,
    markdown: Markdown = None,
) -> None:
    """Make a run's report again from its stored rounds, with no load.

    Exit code 1 when a --fail-if holds, 3 when one could not be judged.
    """
    from loadtests.diff import ci  # noqa: PLC0415 - see the module's rule

    raise typer.Exit(ci.report(run, tuple(fail_if or ()), markdown, Console()))


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="The run to compare with: its folder, results/...")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The run that is asked about.")],
    by: Annotated[
        By | None, typer.Option(help="Trust B/A, or the ratio of ratios.", show_default="by the recorded machines")
    ] = None,
    fail_if: FailIf = None,
    markdown: Markdown = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every figure here.")] = None,
) -> None:
    """Hold one run against another: what changed, how sure that is, and what differs around it.

    Exit code 0, or with conditions 1 when one holds and 3 when one could not be judged.
    """
    from loadtests import diff as differ  # noqa: PLC0415 - see the module's rule

    options = differ.DiffOptions(a, b, by=by, fail_if=tuple(fail_if or ()), markdown=markdown, json=json)
    raise typer.Exit(differ.diff(options, Console()))
