"""Breaks a run off when a server has stopped answering: nobody waits ten seconds for each of a thousand cases.

Rule: a case is silent when it failed because no answer came (refused, closed, timed out, never started), or one that
is not HTTP. `IN_A_ROW` of them on one server that does not answer GET /health either, or `IN_ALL` of them whatever it
does, end the run with one sentence and pytest's exit code 2. With xdist each process counts for itself, and the first
one to give up ends all.
Neighbours: `tests/conftest.py` installs it; loadtests/verify/suite.py reads the sentence from `BROKEN_OFF`.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import h11
import pytest

from loadtests.serve import NotReady
from tests.conformance import wire
from tests.conformance.selection import OWN, Deployment, deployment_of
from tests.conformance.subject import Subject

IN_A_ROW = 5
IN_ALL = 50
LOOK = 2.0
"""Seconds that GET /health may take in the end."""
BROKEN_OFF = "broken-off.txt"
"""The file in the folder of `--record` that says why."""
NO_ANSWER = (OSError, NotReady, h11.RemoteProtocolError)
"""Refused, closed, timed out; never started; not HTTP."""


@dataclass(slots=True)
class Tally:
    """What came of the cases on one server so far; `first` is the first silent one since it last answered.

    `before`: how many cases there were before that one.
    """

    answered: int = 0
    silent: int = 0
    in_a_row: int = 0
    first: str = ""
    before: int = 0

    def note(self, case: str, *, silent: bool) -> None:
        """Count a case."""
        if silent:
            if not self.in_a_row:
                self.first, self.before = case, self.answered + self.silent
            self.silent += 1
            self.in_a_row += 1
        else:
            self.answered += 1
            self.in_a_row = 0


def install(config: pytest.Config) -> None:
    """Look after the servers of this process's cases."""
    folder: str | None = config.getoption("--record")
    place = config.invocation_params.dir / folder if folder else None
    config.pluginmanager.register(Patience(place), "parity-patience")


class Patience:
    """The pytest plugin: looks at how each case ended, and stops the session when there is no use in more."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._tallies: dict[str, Tally] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Count a case that has ended, or that could not begin; stop the session where that was enough."""
        report = yield
        deployment = deployment_of(item)
        if deployment and not report.skipped and (report.when == "call" or (report.when == "setup" and report.failed)):
            error = call.excinfo.value if call.excinfo else None
            if said := self.note(item.nodeid, deployment, subjects(item), error):
                item.session.shouldstop = said
        return report

    def note(
        self, case: str, deployment: Deployment, servers: Sequence[Subject], error: BaseException | None
    ) -> str | None:
        """How a case has ended; why there is no use in another one, or None."""
        reason = silence(error)
        if deployment.profile == OWN and not isinstance(reason, NotReady):
            reason = None  # it may have ended its server itself
        tally = self._tallies.setdefault(deployment.id, Tally())
        tally.note(case, silent=reason is not None)
        if reason is None or (tally.in_a_row % IN_A_ROW and tally.silent < IN_ALL):
            return None
        dead = next((server for server in servers if not answers(server)), None)
        if dead is None and servers and tally.silent < IN_ALL:
            return None
        said = sentence(tally, dead or next(iter(servers), None), reason)
        if self._folder:
            (self._folder / BROKEN_OFF).write_text(said, encoding="utf-8")
        return said


def silence(error: BaseException | None) -> BaseException | None:
    """What of this failure, or of what led to it, says that no answer came; None where one did."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, NO_ANSWER) or str(error).startswith("Timeout "):  # as pytest-timeout ends a case
            return error
        error = error.__cause__ or error.__context__
    return None


def subjects(item: pytest.Item) -> list[Subject]:
    """The servers that the case ran on."""
    given = getattr(item, "funcargs", {}).values()
    many = [value if isinstance(value, tuple) else (value,) for value in given]
    return [value for values in many for value in values if isinstance(value, Subject)]


def answers(subject: Subject) -> bool:
    """Whether the server answers GET /health, whatever it says."""
    try:
        with subject.connect(LOOK) as connection:
            connection.expect("GET")
            connection.send(wire.request("GET", "/health"))
            connection.head()
    except (OSError, h11.RemoteProtocolError):
        return False
    return True


def sentence(tally: Tally, subject: Subject | None, error: BaseException) -> str:
    """Why the run is broken off, on one line."""
    first = f"the first was {tally.first}: {' '.join(str(error).split()) or type(error).__name__}"
    if subject is None:
        return f"no server would start for {tally.in_a_row} cases in a row; {first}"
    log = f"its log is {subject.log}" if subject.log else "the reason is in its log"
    if tally.silent >= IN_ALL:
        return f"the server at {subject.url} left {tally.silent} cases without an answer; {first}; {log}"
    before = f"after {tally.before} cases" if tally.answered else "before it had answered a single case"
    return f"the server at {subject.url} stopped answering {before}; {first}; start it again, {log}"
