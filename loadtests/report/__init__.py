"""From a run on disk to its report: verdict.json, report.html, summary.md, and tables in the terminal.

Rule: no load and no clock; made again from the same files, the three have the same bytes.
Neighbours: results reads and writes, analyse works out, html, markdown and terminal lay out.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from loadtests import files, results
from loadtests.analyse import analyse
from loadtests.analyse.verdict import Verdict
from loadtests.report import html, markdown, terminal
from loadtests.results import Run


def write(run: Run) -> Verdict:
    """Work the run out and write its three files."""
    verdict = analyse(run)
    files.write(run.folder / "verdict.json", verdict.model_dump_json(indent=1) + "\n")
    files.write(run.folder / "report.html", html.page(run, verdict))
    files.write(run.folder / "summary.md", markdown.summary(run, verdict))
    return verdict


def report(folder: Path, console: Console) -> int:
    """`parity report RUN`: everything again from the stored rounds; 0, or UserError when it is no run."""
    run = results.load_played(folder)
    terminal.show(console, run.plan, write(run))
    said(run, console)
    return 0


def said(run: Run, console: Console) -> None:
    """Say where the page is, relative to here when it is below."""
    page = run.folder / "report.html"
    here = Path.cwd()
    shown = page.relative_to(here) if page.is_relative_to(here) else page
    console.print(f"report: {shown}", highlight=False, soft_wrap=True)
