"""Two running servers in the same state: plays an example on both at once, and says what came of it.

Rule: a difference is believed when it comes again, slowly; a server that takes no more connections ends the run.
Neighbours: `exchange` (one server), `judge`, `known`, `run` (many examples).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psutil

from tests.conformance.subject import Subject
from tests.fuzz.example import Example, fresh_session
from tests.fuzz.exchange import BRISK, THOROUGH, Line, Outcome, Patience
from tests.fuzz.judge import judge
from tests.fuzz.known import explain


class Died(BaseException):
    """A server is gone. No `Exception`, so that Hypothesis does not go on with a server that is dead."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An example, both outcomes, and one of: nothing, the id of a `known` difference, a find in words (`parts`)."""

    example: Example
    outcomes: tuple[Outcome, Outcome]
    known: str | None = None
    parts: str | None = None


class Pair:
    """Two servers; a context, which holds a connection to each."""

    def __init__(self, one: Subject, other: Subject, brisk: Patience = BRISK, thorough: Patience = THOROUGH) -> None:
        self.subjects = (one, other)
        self._lines = (Line(one), Line(other))
        self._patience = (brisk, thorough)
        self._second = ThreadPoolExecutor(1, "fuzz")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._second.shutdown()
        for line in self._lines:
            line.close()

    def check(self, example: Example) -> Checked:
        """Play it on both; where they part for no known reason, once more, slowly and on new connections."""
        for patience in self._patience:
            try:
                checked = self._play(example, patience)
            except ConnectionRefusedError as error:
                raise Died(f"a server takes no more connections ({error}); it was sent {example.requests!r}") from error
            if checked.parts is None:
                break
            for line in self._lines:
                line.close()
        return checked

    def processes(self) -> frozenset[psutil.Process]:
        """The processes that listen at the two addresses: main ones and workers."""
        ports = {urlsplit(subject.url).port for subject in self.subjects}
        listening = (each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN)
        pids = {each.pid for each in listening if each.laddr and each.laddr.port in ports}
        return frozenset(psutil.Process(pid) for pid in pids if pid)

    def _play(self, example: Example, patience: Patience) -> Checked:
        filled = example.filled(self.subjects[0].key, fresh_session())
        waiting = self._second.submit(self._lines[1].play, filled, patience)
        one = self._lines[0].play(filled, patience)
        outcomes = (one, waiting.result())
        verdict = judge(filled, *outcomes)
        if verdict.parts is None:
            return Checked(example, outcomes)
        known = None if verdict.failed else self._known(filled, verdict.at, outcomes)
        return Checked(example, outcomes, known, None if known else verdict.parts)

    def _known(self, example: Example, at: int, outcomes: tuple[Outcome, Outcome]) -> str | None:
        programs = [subject.server.partition(" ")[0] for subject in self.subjects]
        if sorted(programs) != ["gunicorn", "uvicorn"]:
            return None
        return explain(example, at, outcomes[programs.index("uvicorn")], outcomes[programs.index("gunicorn")])
