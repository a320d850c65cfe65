"""A diff in the terminal: what differs around it, the verdicts, a table a scenario, what came of the conditions.

Rule: it lays out what words says: the primary figures and whatever surely changed; the change that is to be trusted
stands first, the other dim beside it. Neighbours: markdown is the same for a pull request, the JSON has every figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtests.analyse import units
from loadtests.diff import words
from loadtests.diff.model import Basis, Change, Diff, Judged, Line, Side, State

STYLES: Final[Mapping[State, str]] = {
    "holds": "bold red",
    "does not hold": "green",
    "cannot be judged": "bold yellow",
}
ARROW: Final = "\N{RIGHTWARDS ARROW}"
MOST_DIFFERENCES: Final = 12
"""As many are listed one by one; a whole other set of packages is not read in a terminal."""


def show(console: Console, found: Diff) -> None:
    """Print everything that someone needs who never opens a file."""
    for letter, side in (("A", found.a), ("B", found.b)):
        console.print(f"{letter}  {_side(side)}", highlight=False, soft_wrap=True)
    differences(console, found)
    console.print(f"\n[bold]{escape(words.opening(found))}[/bold]", highlight=False)
    console.print(escape(found.why_by), highlight=False)
    shown = [line for line in found.lines if line.primary or words.changed(line, found.by)]
    for scenario in dict.fromkeys(line.scenario for line in shown):
        console.print(_table([line for line in shown if line.scenario == scenario], found.by))
    if rest := len(found.lines) - len(shown):
        console.print(f"{rest} more figures are not surely changed; --markdown FILE or --json FILE has them all")
    for text in found.left_out:
        console.print(f"[dim]left out[/dim]  {escape(text)}", highlight=False)
    conditions(console, found.conditions)


def differences(console: Console, found: Diff) -> None:
    """Warn of what is not the same in both."""
    shown = found.differences[:MOST_DIFFERENCES]
    for item in shown:
        console.print(
            f"[yellow]differs[/yellow]  {item.kind}: {escape(item.what)}: {escape(item.a)} {ARROW} {escape(item.b)}",
            highlight=False,
            soft_wrap=True,
        )
    if left := len(found.differences) - len(shown):
        console.print(f"[yellow]differs[/yellow]  and {left} more; --json FILE has them all", highlight=False)


def conditions(console: Console, judged: Iterable[Judged]) -> None:
    """Say of each condition what came of it, and why."""
    for item in judged:
        style = STYLES[item.state]
        console.print(f"[{style}]{words.SIGNS[item.state]}[/]  {escape(words.condition(item))}", highlight=False)


def _side(side: Side) -> str:
    refused = f", {side.refused} of them refused" if side.refused else ""
    return f"{escape(side.name)}  ({side.mode}, {side.started}, {side.rounds} rounds{refused})"


def _table(lines: Sequence[Line], by: Basis) -> Table:
    """One scenario's lines; the trusted change with its word, the other one dim beside it."""
    table = Table(box=box.SIMPLE_HEAD, title=lines[0].scenario, title_justify="left", title_style="bold")
    first, second = words.manners(by)
    table.add_column("figure", overflow="fold")
    table.add_column("target", no_wrap=True)
    for head in ("A", "B", f"{words.NAMES[first]}\n95% interval", f"[dim]{words.NAMES[second]}[/dim]"):
        table.add_column(head, justify="right")
    table.add_column("verdict", overflow="fold")
    last = ""
    for line in lines:
        name = words.figure(line)
        table.add_row("" if name == last else _name(line), line.target, *_cells(line, first, second))
        last = name
    return table


def _name(line: Line) -> str:
    name = escape(words.figure(line))
    return f"[bold]{name}[/bold]" if line.primary else name


def _cells(line: Line, first: Basis, second: Basis) -> tuple[str, ...]:
    a, b = (words.median(line, spread) for spread in (line.a, line.b))
    change, why = words.change_of(line, first)
    verdict = words.said(line, change) if change else f"[yellow]{escape(why)}[/yellow]"
    return a, b, _change(change), f"[dim]{_change(words.change_of(line, second)[0])}[/dim]", verdict


def _change(change: Change | None) -> str:
    return f"{words.ratio(change)}\n{words.span(change)}" if change else units.DASH
