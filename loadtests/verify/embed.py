"""The results as the compact JSON that the page carries, so that thousands of exchanges stay a few megabytes.

Rule: pure, and nothing is lost but the order of equal things: each line of text is stored once, whoever sent it, and
everything else is a number that points to it. `page.js` is the one reader, and its first lines say the shape again.
Neighbours: `results` is what it lays out, `page` puts it into the HTML.
"""

import json
from typing import Any

from loadtests.verify.grades import Grade
from loadtests.verify.records import Exchange
from loadtests.verify.results import CaseResult, Outcome, Results

GRADES = tuple(Grade)


class Pool:
    """Equal values once, in the order in which they first came; `place` gives a value's number."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def place(self, value: Any) -> int:
        """The number of this value, a new one if it has not been seen."""
        return self._places.setdefault(value, len(self._places))

    @property
    def values(self) -> list[Any]:
        """All values by their number."""
        return list(self._places)


class Embedding:
    """Gathers lines and texts while the cases are laid out."""

    def __init__(self, results: Results) -> None:
        self._lines, self._texts, self._servers = Pool(), Pool(), Pool()
        self._subjects = {subject.name: number for number, subject in enumerate(results.subjects)}
        cases = [self._case(case) for case in results.cases]
        self.data = {
            "subjects": list(self._subjects),
            "grades": [[grade, grade.sign] for grade in GRADES],
            "servers": self._servers.values,
            "lines": self._lines.values,
            "texts": [list(text) for text in self._texts.values],
            "cases": cases,
        }

    def _case(self, case: CaseResult) -> list[Any]:
        outcomes = [self._outcome(outcome) for outcome in case.outcomes]
        return [case.id, list(case.clauses), case.does, case.expects, outcomes]

    def _outcome(self, outcome: Outcome) -> list[Any]:
        return [
            self._subjects[outcome.subject],
            GRADES.index(outcome.grade),
            self._text(outcome.reason),
            outcome.profile,
            [self._exchange(each) for each in outcome.exchanges],
            outcome.left_out,
        ]

    def _exchange(self, each: Exchange) -> list[int]:
        server = self._servers.place(each.server)
        return [server, self._text(each.sent), self._text(each.answer), int(each.cut)]

    def _text(self, text: str) -> int:
        return self._texts.place(tuple(self._lines.place(line) for line in text.split("\n")))


def embedded(results: Results) -> str:
    """Return JSON that can stand inside a script element: nothing in it can end that, or open another."""
    text = json.dumps(Embedding(results).data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
