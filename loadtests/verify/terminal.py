"""The results in the terminal: a table by groups of clauses, then what is wrong, or one sentence that all is well.

Rule: it lays out the same values as the page; where to read on stands last, where the eye is.
Neighbours: `results` is what it lays out, `verify` says where the files are.
"""

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtests.verify.grades import Count, Grade
from loadtests.verify.records import PAIR
from loadtests.verify.results import NO_CLAUSE, NO_SUBJECT, CaseResult, Outcome, Results, counted

STYLES: Mapping[Grade, str] = {
    Grade.IDENTICAL: "green",
    Grade.KNOWN: "yellow",
    Grade.WRONG: "bold red",
    Grade.NOT_APPLICABLE: "dim",
}
MOST_SHOWN = 20
MOST_LINES = 12


def show(results: Results, console: Console) -> None:
    """Print everything that someone needs who never opens the page."""
    console.print(_table(results))
    console.print(" · ".join(f"[{STYLES[grade]}]{grade.sign} {grade}[/]" for grade in Grade), highlight=False)
    wrong = results.outcomes(Grade.WRONG)
    for case, outcome in wrong[:MOST_SHOWN]:
        _show_wrong(case, outcome, console)
    if len(wrong) > MOST_SHOWN:
        console.print(f"\n… and {len(wrong) - MOST_SHOWN} more wrong; the page has them all", highlight=False)
    console.print(f"\n{_sentence(results)}", highlight=False, soft_wrap=True)


def _table(results: Results) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("clauses")
    for subject in results.subjects:
        table.add_column(subject.name or NO_SUBJECT, justify="right", overflow="fold")
    for group, cases in _groups(results):
        table.add_row(group, *(_cell(counted(cases, subject)) for subject in results.subjects))
    table.add_section()
    table.add_row("[bold]all[/bold]", *(_cell(subject.count) for subject in results.subjects))
    return table


def _groups(results: Results) -> Iterator[tuple[str, Sequence[CaseResult]]]:
    """Each group of clauses that has a case, in the contract's order; a case counts once in each."""
    names = [*results.clauses, NO_CLAUSE]
    for group in dict.fromkeys(name.partition(".")[0] for name in names):
        cases = [
            case for case in results.cases if group in {name.partition(".")[0] for name in case.clauses or (NO_CLAUSE,)}
        ]
        if cases:
            yield group, cases


def _cell(found: Count) -> str:
    shown = (f"[{STYLES[grade]}]{grade.sign} {number}[/]" for grade, number in found.pairs() if number)
    return "  ".join(shown) or "[dim]·[/]"


def _show_wrong(case: CaseResult, outcome: Outcome, console: Console) -> None:
    lines = outcome.reason.strip().splitlines() or ["no reason was recorded"]
    cut = [f"… {len(lines) - MOST_LINES} more lines on the page"] if len(lines) > MOST_LINES else []
    text = (
        f"\n[bold red]{Grade.WRONG.sign} {Grade.WRONG}[/] [bold]{escape(case.id)}[/] on "
        f"{escape(outcome.subject or NO_SUBJECT)} [dim]({escape(', '.join(case.clauses) or NO_CLAUSE)})[/]\n"
        f"  does      {escape(case.does)}\n  expected  {escape(case.expects)}"
    )
    console.print(text, highlight=False, soft_wrap=True)
    label = "because   "
    for line in [*lines[:MOST_LINES], *cut]:
        console.print(f"  {label}{line}", markup=False, highlight=False, soft_wrap=True)
        label = " " * len(label)


def _sentence(results: Results) -> str:
    """The whole result in one sentence."""
    found = results.count
    names = ", ".join(subject.name for subject in results.subjects if subject.name and PAIR not in subject.name)
    beside = f"{found.known} as the known differences say, " if found.known else ""
    tried = f"{found.passed + found.wrong} cases tried, {beside}{found.not_applicable} not applicable"
    if found.wrong:
        return f"[bold red]{found.wrong} wrong[/] of {tried}: {escape(names)}"
    if not found.passed:
        return f"[bold red]Nothing was shown[/]: no case applied to {escape(names)}"
    some = f" These were only some of the cases ({escape(results.selection)}): no pass." if results.selection else ""
    return f"[bold green]{escape(names)}: every promise that was tried is kept[/] ({tried}).{some}"
