"""The results as one HTML page that needs no network: clauses as rows, subjects as columns, cases inside.

Rule: nothing is judged here. Without JavaScript there is the table of grades, what is wrong, what did not apply and
the known differences; with it each cell opens to its cases. Everything recorded is escaped.
Neighbours: `results` is what it lays out, `embed` packs the exchanges, `page.html.j2`, `page.css` and `page.js` show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loadtests.verify import alone
from loadtests.verify.embed import embedded
from loadtests.verify.grades import Count, Grade
from loadtests.verify.records import PAIR
from loadtests.verify.results import (
    NO_CLAUSE,
    NO_CLAUSE_TEXT,
    NO_SUBJECT,
    CaseResult,
    Outcome,
    Results,
    Subject,
    counted,
)

MOST_LISTED = 200
BADGES = {Grade.IDENTICAL: "yes", Grade.KNOWN: "mid", Grade.WRONG: "no", Grade.NOT_APPLICABLE: "none"}


@dataclass(frozen=True)
class Row:
    """One clause: its id, its promise, and its counts in the order of the subjects."""

    name: str
    text: str
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class Reason:
    """Why cases did not apply, for whom, and how many they were."""

    subject: str
    text: str
    cases: int


def page(found: Results, targets_file: str = "") -> str:
    """The whole page; `targets_file` is for `alone.command`."""
    results = found.visible()
    jinja = Environment(
        loader=ChoiceLoader([PackageLoader("loadtests.verify", "."), PackageLoader("loadtests.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assert jinja.loader is not None
    css, more, script = (jinja.loader.get_source(jinja, name)[0] for name in ("report.css", "page.css", "page.js"))
    wrong = results.outcomes(Grade.WRONG)
    return jinja.get_template("page.html.j2").render(
        results=results,
        headline=headline(results),
        several=sum(PAIR not in subject.name for subject in results.subjects) > 1,
        rows=tuple(rows(results)),
        wrong=wrong[:MOST_LISTED],
        wrong_left=len(wrong[MOST_LISTED:]),
        known=known(results),
        reasons=reasons(results),
        alone=lambda outcome: alone.command(results, outcome, targets_file),
        beside=targets_file == alone.TARGETS,
        grades=tuple(Grade),
        badge=BADGES.__getitem__,
        worst=worst,
        label=label,
        css=Markup(css + more),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704 - our own file
        data=Markup(embedded(results)),  # noqa: S704 - escaped there for a script element
    )


def headline(results: Results) -> str:
    """The answer in one sentence."""
    found = results.count
    if found.wrong:
        return f"{found.wrong} of {found.passed + found.wrong} cases ended wrong."
    if not found.passed:
        return "No case applied, so nothing was shown."
    pairs = any(PAIR in subject.name for subject in results.subjects)
    twins = ", and a client cannot tell the servers apart by them" if pairs else ""
    differences = len(known(results))
    beside = f", save for {differences} known difference{'s' * (differences > 1)}" if differences else ""
    return f"Every promise that was tried is kept{twins}{beside}."


def rows(results: Results) -> Iterator[Row]:
    """A row for each clause that has a case, in the contract's order."""
    texts = {**results.clauses, NO_CLAUSE: NO_CLAUSE_TEXT}
    by_clause: dict[str, list[CaseResult]] = {}
    for case in results.cases:
        for clause in case.clauses or (NO_CLAUSE,):
            by_clause.setdefault(clause if clause in texts else NO_CLAUSE, []).append(case)
    for name in filter(by_clause.__contains__, texts):
        yield Row(name, texts[name], tuple(counted(by_clause[name], subject) for subject in results.subjects))


def known(results: Results) -> Sequence[tuple[CaseResult, tuple[Outcome, ...]]]:
    """The cases that ended as known differences, with these outcomes."""
    found: dict[str, tuple[CaseResult, list[Outcome]]] = {}
    for case, outcome in results.outcomes(Grade.KNOWN):
        found.setdefault(case.id, (case, []))[1].append(outcome)
    return tuple((case, tuple(outcomes)) for case, outcomes in found.values())


def reasons(results: Results) -> Sequence[Reason]:
    """Why cases did not apply, each reason once for each subject."""
    found: dict[tuple[str, str], int] = {}
    for _, outcome in results.outcomes(Grade.NOT_APPLICABLE):
        key = (outcome.subject, outcome.reason)
        found[key] = found.get(key, 0) + 1
    return tuple(Reason(subject or NO_SUBJECT, text, cases) for (subject, text), cases in found.items())


def worst(found: Count) -> Grade | None:
    """The grade that a cell is coloured by; None where it has no case."""
    order = (Grade.WRONG, Grade.KNOWN, Grade.IDENTICAL, Grade.NOT_APPLICABLE)
    numbers = dict(found.pairs())
    return next((grade for grade in order if numbers[grade]), None)


def label(subject: Subject) -> str:
    """How a column is headed."""
    return subject.name or NO_SUBJECT
