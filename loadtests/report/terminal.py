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
from loadtests.analyse.verdict import Cell, Kept, MatrixGroup, Panel, Row, Section, Verdict, Word
from loadtests.plan import Plan
from loadtests.report import floors, intervals, views

STYLES = {
    "holds": "bold green",
    "does not hold": "bold red",
    "depends on the deployment": "bold yellow",
    "not clear in this run": "dim",
    "not measured in this run": "dim",
}
KEPT: Mapping[Kept, str] = {
    "held": "bold green",
    "not held": "bold red",
    "not clear": "bold yellow",
    "not measured": "dim",
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
    if verdict.rows:
        console.print(_rows(verdict))
    if verdict.held:
        console.print(_limits(verdict))
        console.print(escape(floors.JUDGED), highlight=False)
    if verdict.floors:
        console.print(_floors(verdict, plan))
        console.print(escape(floors.explained(verdict.floors)), highlight=False)
    for group in verdict.matrix:
        console.print(_group(group, plan))
    for section in verdict.sections:
        if not verdict.matrix:
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
        table.add_row(row.title, _measured(row), f"[{style}]{row.holds}[/{style}]")
    return table


def _measured(row: Row) -> str:
    elsewhere = f"\n[dim]{escape(row.elsewhere)}[/dim]" if row.elsewhere else ""
    return f"{escape(row.measured)}{elsewhere}"


def _limits(verdict: Verdict) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="At the limit", title_justify="left")
    for name in ("target", "what", "at", "wanted", "measured", ""):
        table.add_column(name)
    for row in verdict.held:
        style = KEPT[row.kept]
        word = f"[{style}]{row.kept}[/{style}]"
        at = f"{row.scenario}, {row.level.label}"
        table.add_row(row.target, row.what, at, row.wanted, escape(row.measured), word)
    return table


def _floors(verdict: Verdict, plan: Plan) -> Table:
    named = [target.name for target in plan.compared if target.floor]
    table = Table(box=box.SIMPLE_HEAD, title="How far from the floor? (times its floor's)", title_justify="left")
    for name in ("figure", *named):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for panel in verdict.floors:
        title = f"{panel.scenario}: {panel.title}\n[dim]{panel.level.label}[/dim]"
        table.add_row(title, *(escape(floors.said(panel, name).replace("), ", ")\n")) for name in named))
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


def _group(group: MatrixGroup, plan: Plan) -> Table:
    """The primary figures of a group of the matrix, a row for each deployment."""
    panels = [panel for panel in group.panels if panel.primary]
    title = f"{group.title} ({group.baseline} is 1{units.TIMES})"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("deployment")
    for panel in panels:
        table.add_column(f"{panel.scenario}: {panel.title}", justify="right")
    for name in group.targets:
        table.add_row(f"{name}\n[dim]{plan.target(name).server}[/dim]", *(_cell(p, p.cell(name)) for p in panels))
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
