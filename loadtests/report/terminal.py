"""The report as tables in the terminal.

Rule: the five rows and one table of the charted figures; whatever is refused or not to be trusted is said in words.
Neighbours: html is the long form; both lay out the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtests.analyse import units
from loadtests.analyse.verdict import Cell, Panel, Section, Verdict, Word
from loadtests.plan import Plan
from loadtests.report import intervals, views

STYLES = {
    "holds": "bold green",
    "does not hold": "bold red",
    "depends on the deployment": "bold yellow",
    "not clear in this run": "dim",
    "not measured in this run": "dim",
}
# a difference stands out, its lack does not; what is better and worse is in the words
TONES: Mapping[Word | None, str] = {
    "higher": "bold",
    "lower": "bold",
    "equivalent": "cyan",
    "no clear difference": "dim",
    None: "dim",
}


def show(console: Console, plan: Plan, verdict: Verdict) -> None:
    """Print everything that someone needs who never opens the page."""
    console.print()
    console.print(f"[bold]{escape(verdict.answer)}[/bold]", highlight=False)
    console.print(_rows(verdict))
    for section in verdict.sections:
        console.print(_figures(section, plan))
        for line in _held(section):
            console.print(escape(line), highlight=False)
        for item in section.validity:
            for refusal in item.refused:
                reasons = escape("; ".join(refusal.reasons))
                console.print(
                    f"[red]refused[/red] {units.rounds(refusal.rounds)} ({item.target}): {reasons}", highlight=False
                )
        for warning in section.warnings:
            console.print(f"[yellow]warning[/yellow] {escape(warning)}", highlight=False)
    if verdict.complete:
        console.print(escape(verdict.ended), highlight=False)
    else:
        done, planned = verdict.rounds_done, verdict.rounds_planned
        cut = f"This run was cut short: {done} of {planned} rounds had finished. {verdict.ended}"
        console.print(f"[yellow]{escape(cut)}[/yellow]", highlight=False)


def _rows(verdict: Verdict) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Five things said about the two", title_justify="left")
    table.add_column("claim", max_width=24)
    table.add_column("measured here", ratio=1)
    table.add_column("verdict", max_width=18)
    for row in verdict.rows:
        style = STYLES[row.holds]
        table.add_row(row.title, escape(row.measured), f"[{style}]{row.holds}[/{style}]")
    return table


def _figures(section: Section, plan: Plan) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=section.title, title_justify="left")
    table.add_column("figure")
    for target in plan.compared:
        table.add_column(target.name, justify="right")
    several = len(section.levels) > 1
    for panel in section.panels:
        if panel.chart or panel.ideal is not None:
            name = f"{panel.title}, {panel.level.label}" if several else panel.title
            floor = f"\n[dim]{intervals.noise(panel)}[/dim]" if panel.primary else ""
            table.add_row(f"{name}{floor}", *(_cell(panel, cell) for cell in panel.cells))
    return table


def _cell(panel: Panel, cell: Cell) -> str:
    if cell.value is None:
        return f"[yellow]{escape(cell.why)}[/yellow]"
    lines = [units.median(panel, cell)]
    if panel.primary and cell.ratio:
        lines.append(f"[{TONES[cell.ratio.word]}]{units.ratio(cell.ratio)} {units.said(panel, cell.ratio)}[/]")
        lines.append(f"[dim]{units.ratio_span(cell.ratio)}[/dim]")
    else:
        lines.append(f"[dim]{units.span(panel, cell)}[/dim]")
    return "\n".join(lines)


def _held(section: Section) -> Iterator[str]:
    """What each search found."""
    if section.knees is None:
        return
    for knee in section.knees.cells:
        words = views.held(knee, section.knees.unit, stream=section.scenario == "stream")
        yield f"{knee.target} {words} ({section.knees.slo})"
