"""One known difference as data: what is sent, what each server program answers, who follows the RFC, what to do.

Rule: a difference is kept only with a reason that lies outside of the two apps; every sentence is for someone who
chooses a framework. Answers are words: "200" from the app, "400!" from the server program itself, "" for none.
Neighbours: `rows` (the table), `test_differences` (pins both sides), `__main__` (the page).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.conformance.profiles import PLAIN

GRADE = "known difference"


class Concerned(StrEnum):
    """Who has to know of a difference; the page's chapters, in this order."""

    PROXY = "For someone behind a proxy"
    BROWSER = "For someone whose clients are browsers"
    DOCUMENT = "For someone who generates clients"
    LIMITS = "For someone with long addresses or large headers"
    FRAMING = "For someone whose clients frame their bodies oddly"
    CONNECTION = "For someone whose clients close, pipeline or upgrade connections"
    SYNTAX = "For someone who reads the logs: scanners and broken clients"
    OPERATOR = "For someone who stops servers"


class Manner(StrEnum):
    """How the client behaves once its bytes are sent."""

    READ = "reads until the server closes"
    LEAVE = "closes its own side at once, and reads"
    LEAVE_LATER = "closes its own side after the first answer, and reads"
    LEAVE_LAST = "closes its connection before a stream's last token, and asks later what is stored"
    INTERRUPT = "reads a stream while the server's main process gets SIGINT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row. `sent`: what is sent, in words; `answers`: by server program, or by its whole name where kinds differ.

    `says` words an answer for the reader where a status is not enough; `shows` are bytes that only the answer of the
    program named with them holds. `matters` goes on where "It matters" stops. `request` may hold (key).
    `by_framework`: the framework makes the difference, so it is named ("flask") where else a server program is.
    `unsettled`: kinds of server whose answer depends on the moment, so that nothing is pinned.
    """

    id: str
    concerned: Concerned
    sent: str
    answers: Mapping[str, str]
    says: Mapping[str, str] | None = None
    shows: tuple[str, bytes] | None = None
    rfc: str
    matters: str
    change: str
    request: bytes = b""
    manner: Manner = Manner.READ
    clauses: tuple[str, ...] = ()
    profile: str = PLAIN
    by_framework: bool = False
    unsettled: tuple[str, ...] = ()

    @property
    def grade(self) -> str:
        """What a case that ends as the row says is called in a record."""
        return GRADE

    @property
    def does(self) -> str:
        """What is done."""
        left = {Manner.LEAVE: "; the client then ends its side", Manner.LEAVE_LATER: ", without waiting for an answer"}
        return f"{self.sent}{left.get(self.manner, '')}."

    @property
    def expects(self) -> str:
        """What must come of it."""
        return f"{'; '.join(f'{program}: {self.said(program)}' for program in self.answers)}."

    @property
    def reason(self) -> str:
        """Why it is rightly different, and what to do."""
        return f"{self.rfc} It matters {self.matters} {self.change}"

    def answer(self, server: str) -> str | None:
        """The words for this server ("gunicorn gthread") or framework, None where the table says nothing about it."""
        if server in self.unsettled:
            return None
        return self.answers.get(server, self.answers.get(server.partition(" ")[0]))

    def said(self, program: str) -> str:
        """The answer for a reader."""
        if self.says and program in self.says:
            return self.says[program]
        return " and ".join(map(_worded, self.answers[program].split())) or "no answer, it closes the connection"


def _worded(word: str) -> str:
    return f"{word[:-1]} in words of its own" if word.endswith("!") else word
