"""The results in the terminal: a table by groups of clauses, then what is wrong, or one sentence that all is well.

Rule: it lays out the same values as the page; where to read on stands last, where the eye is.
Neighbours: `results` is what it lays out, `verify` says where the files are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from loadtests.verify import alone
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
MOST_NAMED = 6
MOST_LINES = 12


def show(found: Results, console: Console, targets_file: str = "") -> None:
    """Print everything that someone needs who never opens the page; `targets_file` is for `alone.command`."""
    results = found.visible()
    console.print(_table(results, console))
    console.print(" · ".join(f"[{STYLES[grade]}]{grade.sign} {grade}[/]" for grade in Grade), highlight=False)
    wrong = _wrong(results)
    for same in wrong[:MOST_SHOWN]:
        _show_wrong(same, alone.command(results, same[0][1], targets_file), console)
    if left := sum(map(len, wrong[MOST_SHOWN:])):
        console.print(f"\n… and {left} more wrong; the page has them all", highlight=False)
    console.print(f"\n{_sentence(results)}", highlight=False, soft_wrap=True)


LAYOUTS = (("", "  "), (PAIR, "  "), (PAIR, "\n"), (f"{PAIR}-", "\n"))
"""After which characters a heading may be broken, and what is between a cell's numbers; the widest first."""


def _table(results: Results, console: Console) -> Table:
    """The widest that fits; the narrowest if none does, whose words are broken then."""
    wide = console.options.update(width=10_000)
    tables = [_laid(results, *layout) for layout in LAYOUTS]
    fits = (table for table in tables if console.measure(table, options=wide).minimum <= console.width)
    return next(fits, _laid(results, *LAYOUTS[-1], whole=False))


def _laid(results: Results, breaks: str, between: str, *, whole: bool = True) -> Table:
    """The table; `whole`: nothing is broken but where it is said."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("clauses", no_wrap=whole)
    for subject in results.subjects:
        name = re.sub(f"([{breaks}])", r"\1\n", subject.name) if breaks else subject.name
        table.add_column(Text(name or NO_SUBJECT), justify="right", overflow="fold", no_wrap=whole)
    for group, cases in _groups(results):
        table.add_row(group, *(_cell(counted(cases, subject), between) for subject in results.subjects))
    table.add_section()
    table.add_row("[bold]all[/bold]", *(_cell(subject.count, between) for subject in results.subjects))
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


def _cell(found: Count, between: str) -> str:
    shown = (f"[{STYLES[grade]}]{grade.sign} {number}[/]" for grade, number in found.pairs() if number)
    return between.join(shown) or "[dim]·[/]"


Item = tuple[CaseResult, Outcome]


def _wrong(results: Results) -> Sequence[Sequence[Item]]:
    """What is wrong, the servers' own before the pairs'; what was done alike and is wrong for the same reason, once."""
    same: dict[tuple[str, str], list[Item]] = {}
    for case, outcome in sorted(results.outcomes(Grade.WRONG), key=lambda item: PAIR in item[1].subject):
        same.setdefault((case.does, outcome.reason), []).append((case, outcome))
    return tuple(same.values())


def _again(same: Sequence[Item]) -> str:
    """Where else it was so, "" if nowhere."""
    names = [
        (outcome.subject or NO_SUBJECT) if case.id == same[0][0].id else f"{case.id} on {outcome.subject or NO_SUBJECT}"
        for case, outcome in same[1:]
    ]
    left = len(names) - MOST_NAMED
    named = ", ".join(names[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
    return f"\n  also      {len(names)} more: {escape(named)}" if names else ""


def _show_wrong(same: Sequence[Item], command: str, console: Console) -> None:
    case, outcome = same[0]
    lines = outcome.reason.strip().splitlines() or ["no reason was recorded"]
    cut = [f"… {len(lines) - MOST_LINES} more lines on the page"] if len(lines) > MOST_LINES else []
    clauses = escape(", ".join(case.clauses) or NO_CLAUSE)
    text = (
        f"\n[bold red]{Grade.WRONG.sign} {Grade.WRONG}[/] [bold]{escape(case.id)}[/] on "
        f"{escape(outcome.subject or NO_SUBJECT)} [dim]({clauses})[/]{_again(same)}\n"
        f"  does      {escape(case.does)}\n  expected  {escape(case.expects)}"
    )
    console.print(text, highlight=False, soft_wrap=True)
    label = "because   "
    for line in [*lines[:MOST_LINES], *cut]:
        console.print(f"  {label}{line}", markup=False, highlight=False, soft_wrap=True)
        label = " " * len(label)
    console.print(f"  alone     {command}", markup=False, highlight=False, soft_wrap=True)


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
