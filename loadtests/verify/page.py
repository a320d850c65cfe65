"""Shows what the suite found: a table in the terminal, and one HTML file to keep.

Rule: both lay out the same values, and a case that was skipped is counted as such and never as passed.
Neighbours: `suite` gives the cases, `verify` says where they go, `page.html.j2` is the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtests.verify.suite import Case, Count, clauses, count

NO_CLAUSE = "without a clause"


@dataclass(frozen=True)
class Row:
    """One clause, or one group of them: its counts in the order of the subjects."""

    name: str
    text: str
    counts: tuple[Count, ...]


def subjects(cases: Sequence[Case]) -> tuple[str, ...]:
    """Return whom the cases were about, targets first and pairs after them."""
    return tuple(sorted({case.subject for case in cases}, key=lambda name: ("~" in name, name)))


def by_clause(cases: Sequence[Case]) -> tuple[Row, ...]:
    """Return a row for each clause that has a case, in the contract's order."""
    texts = {**clauses(), NO_CLAUSE: ""}
    rows = (Row(name, text, _counts(cases, (name,))) for name, text in texts.items())
    return tuple(row for row in rows if any(map(_any, row.counts)))


def by_group(cases: Sequence[Case]) -> tuple[Row, ...]:
    """Return a row for each group of clauses, in the contract's order; a case counts once in each."""
    names = [*clauses(), NO_CLAUSE]
    groups = dict.fromkeys(name.partition(".")[0] for name in names)
    members = {group: tuple(name for name in names if name.partition(".")[0] == group) for group in groups}
    rows = (Row(group, "", _counts(cases, members[group])) for group in groups)
    return tuple(row for row in rows if any(map(_any, row.counts)))


def show(cases: Sequence[Case], console: Console) -> None:
    """Print the table by groups, and each failure's name."""
    table = Table()
    table.add_column("clauses")
    for subject in subjects(cases):
        table.add_column(subject or "no server", justify="right", overflow="fold")
    for row in by_group(cases):
        table.add_row(row.name, *map(_cell, row.counts))
    table.add_section()
    table.add_row("all", *(_cell(count(c for c in cases if c.subject == s)) for s in subjects(cases)))
    console.print("Conformance: cases passed / failed / not applicable", highlight=False)
    console.print(table)
    for case in (case for case in cases if case.outcome == "failed"):
        console.print(f"[red]failed[/red] {escape(case.name)}", highlight=False, soft_wrap=True)


def write(cases: Sequence[Case], folder: Path) -> None:
    """Write `folder`/index.html: totals, clauses, failures with their output, and what did not apply."""
    here = FileSystemLoader(Path(__file__).parent)
    page = Environment(loader=here, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    names = subjects(cases)
    html = page.get_template("page.html.j2").render(
        total=count(cases),
        subjects=[name or "no server" for name in names],
        totals=[count(case for case in cases if case.subject == name) for name in names],
        rows=by_clause(cases),
        failed=[case for case in cases if case.outcome == "failed"],
        skipped=[case for case in cases if case.outcome == "skipped"],
        made=folder.name,
    )
    (folder / "index.html").write_text(html, "utf-8")


def _counts(cases: Sequence[Case], names: tuple[str, ...]) -> tuple[Count, ...]:
    mine = [case for case in cases if set(case.clauses or (NO_CLAUSE,)) & set(names)]
    return tuple(count(case for case in mine if case.subject == name) for name in subjects(cases))


def _any(found: Count) -> bool:
    return found != Count(0, 0, 0)


def _cell(found: Count) -> str:
    if not _any(found):
        return "[dim]·[/dim]"
    failed = f"[bold red]{found.failed}[/bold red]" if found.failed else "0"
    return f"[green]{found.passed}[/green] / {failed} / [dim]{found.skipped}[/dim]"
