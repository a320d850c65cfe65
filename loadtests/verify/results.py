"""What a run of the suite says, as one frozen value: the table, results.json, junit.xml and the page lay it out.

Rule: nothing is judged here; records are sorted by the contract's order of clauses and gathered by case. The model
is published as `results.schema.json`, and a test holds the two together: a change of meaning is a new version.
Neighbours: `records` gives the parts, `terminal`, `junit`, `embed` and `page` lay out.
"""

import json
import platform
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from pydantic import Field

from loadtests.targets import Target
from loadtests.verify import fingerprint
from loadtests.verify.grades import Count, Grade, count
from loadtests.verify.records import PAIR, Exchange, Frozen, Record
from loadtests.verify.suite import WHOLE, Chosen, clauses

SCHEMA_VERSION = 1
SCHEMA = Path(__file__).with_name("results.schema.json")
NO_CLAUSE = "beyond the contract"
NO_SUBJECT = "no server"
NO_CLAUSE_TEXT = "What the contract leaves to the server program, and what is about no promise of its own."


class Outcome(Frozen):
    """What came of a case for one subject. `reason`: why it is wrong, not applicable, or rightly different."""

    subject: str
    profile: str
    grade: Grade
    reason: str
    seconds: float
    node: str = Field(description="The pytest node, to run it alone.")
    exchanges: tuple[Exchange, ...]
    left_out: int = Field(description="How many exchanges there were beside those that are here.")

    @property
    def everyones(self) -> bool:
        """Wrong and nobody's own, so it takes the pass from all."""
        return self.grade is Grade.WRONG and not self.subject

    def reworded(self, change: Callable[[str], str]) -> "Outcome":
        """The same with its reason, its requests and its answers changed."""
        exchanges = tuple(
            each.model_copy(update={"sent": change(each.sent), "answer": change(each.answer)})
            for each in self.exchanges
        )
        return self.model_copy(update={"reason": change(self.reason), "exchanges": exchanges})


class CaseResult(Frozen):
    """A case: the promises it is about, what is done, what must come of it, and what came of it."""

    id: str
    clauses: tuple[str, ...]
    does: str
    expects: str
    outcomes: tuple[Outcome, ...]


class Subject(Frozen):
    """Whom cases were about. `fingerprint`: the sha256 that a pass would be bound to; "" where there can be none."""

    name: str
    title: str = ""
    server: str = ""
    command: tuple[str, ...] = ()
    url: str = ""
    fingerprint: str = ""
    identical: int = 0
    known_difference: int = 0
    wrong: int = 0
    not_applicable: int = 0

    @property
    def count(self) -> Count:
        """Its cases by grade."""
        return Count(self.identical, self.known_difference, self.wrong, self.not_applicable)


class Results(Frozen):
    """A whole run. `selection` is empty when it was the whole suite; `started` is UTC, to the second."""

    schema_version: int = SCHEMA_VERSION
    kit: str
    python: str
    packages: Mapping[str, str]
    started: str
    seconds: float
    selection: str
    grades: Mapping[Grade, str] = Field(description="Each grade with its sentence.")
    clauses: Mapping[str, str] = Field(description="Each clause of the contract with its sentence.")
    subjects: tuple[Subject, ...]
    cases: tuple[CaseResult, ...]

    @property
    def count(self) -> Count:
        """All outcomes by grade."""
        return count(outcome.grade for _, outcome in self.outcomes())

    def concerning(self, target: str) -> Count:
        """The outcomes that count for a target: alone, in a pair, and those that are nobody's own."""
        return count(each.grade for _, each in self.outcomes() if target in each.subject.split(PAIR) or each.everyones)

    def fingerprint(self, name: str) -> str:
        """The sha256 that the subject's pass is bound to, "" where there can be none."""
        return next((subject.fingerprint for subject in self.subjects if subject.name == name), "")

    def outcomes(self, *grades: Grade) -> tuple[tuple[CaseResult, Outcome], ...]:
        """Every outcome of these grades (none named: of any) with its case, in order."""
        wanted = grades or tuple(Grade)
        return tuple((case, outcome) for case in self.cases for outcome in case.outcomes if outcome.grade in wanted)

    def reworded(self, change: Callable[[str], str]) -> "Results":
        """The same with all that was recorded changed: reasons, requests, answers; no name, id or sentence of ours."""
        cases = tuple(
            case.model_copy(update={"outcomes": tuple(each.reworded(change) for each in case.outcomes)})
            for case in self.cases
        )
        return self.model_copy(update={"cases": cases})

    def visible(self) -> "Results":
        """The same for a reader's eye: what cannot be seen, or turns the text round, is written as an escape."""
        said = self.reworded(visible)
        cases = tuple(
            case.model_copy(update={"does": visible(case.does), "expects": visible(case.expects)})
            for case in said.cases
        )
        return said.model_copy(update={"cases": cases})


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format (the bidirectional ones among them), surrogate and separator characters."""


def visible(text: str) -> str:
    """The text with such characters as escapes, like \\u202e; tabs and the ends of lines stay."""
    return _SUSPECT.sub(lambda found: _escape(found[0]), text)


_SUSPECT = re.compile(r"\r(?!\n)|[^\t\r\n -~]")


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def counted(cases: Iterable[CaseResult], subject: Subject) -> Count:
    """What came of these cases for this subject."""
    return count(each.grade for case in cases for each in case.outcomes if each.subject == subject.name)


@dataclass(frozen=True)
class About:
    """What was verified: targets, or the server at `url`; `fingerprints` by subject; when; which cases."""

    targets: Sequence[Target] = ()
    url: str = ""
    fingerprints: Mapping[str, str] | None = None
    chosen: Chosen = WHOLE
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0


def gather(records: Sequence[Record], about: About) -> Results:
    """Sort the records into cases and count them."""
    known = clauses()
    order = {name: number for number, name in enumerate(known)}
    names = _subjects(records, about)

    def place(clause: str) -> int:
        return order.get(clause, len(known))

    cases: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        cases.setdefault((record.case, record.does), []).append(record)
    found = [_case(group, names) for group in cases.values()]
    found.sort(key=lambda case: (min(map(place, case.clauses), default=len(known)), case.id))
    return Results(
        kit=metadata.version("parity"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=fingerprint.installed(),
        started=about.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        seconds=round(about.seconds, 1),
        selection=str(about.chosen),
        grades={grade: grade.explain for grade in Grade},
        clauses=known,
        subjects=tuple(_subject(name, records, about) for name in names),
        cases=tuple(found),
    )


def schema() -> str:
    """The JSON Schema of results.json, as it is published."""
    return json.dumps(Results.model_json_schema(), indent=2) + "\n"


def _subjects(records: Sequence[Record], about: About) -> tuple[str, ...]:
    """Targets in the order they were asked for, pairs after them, and nobody's own failures last."""
    seen = {record.subject for record in records}
    asked = [target.name for target in about.targets if target.name in seen]
    pairs = sorted(name for name in seen - set(asked) if PAIR in name)
    return (*asked, *sorted(seen - {*asked, *pairs, ""}), *pairs, *([""] if "" in seen else []))


def _subject(name: str, records: Sequence[Record], about: About) -> Subject:
    target = next((target for target in about.targets if target.name == name), None)
    found = count(record.grade for record in records if record.subject == name)
    return Subject(
        name=name,
        title=target.title if target else "",
        server=target.server if target else "",
        command=tuple(target.command) if target else (),
        url=about.url if name and not target and PAIR not in name else "",
        fingerprint=(about.fingerprints or {}).get(name, ""),
        identical=found.identical,
        known_difference=found.known,
        wrong=found.wrong,
        not_applicable=found.not_applicable,
    )


def _case(group: Sequence[Record], names: Sequence[str]) -> CaseResult:
    first = group[0]
    outcomes = tuple(
        Outcome(
            subject=record.subject,
            profile=record.profile,
            grade=record.grade,
            reason=record.reason,
            seconds=record.seconds,
            node=record.node,
            exchanges=record.exchanges,
            left_out=record.left_out,
        )
        for record in sorted(group, key=lambda record: (names.index(record.subject), record.node))
    )
    return CaseResult(id=first.case, clauses=first.clauses, does=first.does, expects=first.expects, outcomes=outcomes)
