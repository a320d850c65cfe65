"""The four grades that a case can end with, each with the sentence that explains it to a reader.

Rule: the one place that names them; the suite's records, the table, the files and the page all use these values.
Neighbours: `records` reads them, `page` and `terminal` show them with the legend.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a case ended for one subject; the value is the word that every record and report uses."""

    sign: str
    explain: str

    def __new__(cls, word: str, sign: str, explain: str) -> "Grade":
        """Make a member: its word, a sign for tables, and its sentence."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.sign, made.explain = sign, explain
        return made

    IDENTICAL = (
        "identical",
        "✓",
        "It did what the contract says; of a pair, both answered with the same bytes.",
    )
    KNOWN = (
        "known difference",
        "≈",
        "It did what the list of known differences says of this server program; the reason stands beside it.",
    )
    WRONG = (
        "wrong",
        "✗",
        "It did something else: it breaks a promise, or differs from the other server without being on the list.",
    )
    NOT_APPLICABLE = (
        "not applicable",
        "○",
        "It could not be tried here, for the reason given; nothing is said about it, and it never counts as a pass.",
    )


@dataclass(frozen=True)
class Count:
    """How many cases ended with which grade."""

    identical: int = 0
    known: int = 0
    wrong: int = 0
    not_applicable: int = 0

    @property
    def passed(self) -> int:
        """Cases that were tried and ended as they must."""
        return self.identical + self.known

    @property
    def ok(self) -> bool:
        """A pass: something was shown, and nothing was wrong."""
        return self.passed > 0 and self.wrong == 0

    def pairs(self) -> tuple[tuple[Grade, int], ...]:
        """Each grade with its number, in the order of the legend."""
        return tuple(zip(Grade, (self.identical, self.known, self.wrong, self.not_applicable), strict=True))


def count(grades: Iterable[Grade]) -> Count:
    """Count them."""
    found = Counter(grades)
    return Count(*(found[grade] for grade in Grade))
