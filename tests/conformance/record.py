"""`--record DIR`: what came of each case on each server, with the bytes that went over the wire, one JSON line each.

Rule: a record says no more than what pytest decided and what a `wire.Connection` saw; keys never appear in it, and it
is cut to what a page can show. Nothing is collected unless it was asked for. Neighbours: `tests/conftest.py` (the
option), `fixtures` (gives each server its witness), `loadtests/verify` (reads the lines), `case` (the rows).
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from loadtests.masking import hidden
from tests.conformance import profiles
from tests.conformance.case import values
from tests.conformance.selection import deployment_of, row_of

EXCHANGES = 6
CHARACTERS = 2_000
HELD = 5 * CHARACTERS
"""Bytes of each side that are held: 2,000 characters of four bytes, and room for a key at the end."""
REASON = 600
PLACE = 100
"""Characters of a reason, and of the end of one that was too long."""

IDENTICAL = "identical"
WRONG = "wrong"
NOT_APPLICABLE = "not applicable"


@dataclass(slots=True)
class Exchange:
    """One connection's two sides, as far as they are held; a `wire.Witness`."""

    server: str
    out: bytearray = field(default_factory=bytearray)
    back: bytearray = field(default_factory=bytearray)
    lost: bool = False

    def sent(self, data: bytes) -> None:
        """These bytes are about to go out."""
        self._hold(self.out, data)

    def received(self, data: bytes) -> None:
        """These bytes have come."""
        self._hold(self.back, data)

    def _hold(self, side: bytearray, data: bytes) -> None:
        room = HELD - len(side)
        side += data[:room]
        self.lost = self.lost or len(data) > room


class Recorder:
    """Collects the exchanges of one case at a time, from however many threads, and appends its record to a file."""

    def __init__(self, path: Path, masks: "Masks") -> None:
        self._path = path
        self._masks = masks
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []

    def witness(self, server: str) -> Exchange:
        """Someone to be told of the bytes of a new connection to this server."""
        exchange = Exchange(server)
        with self._lock:
            self._exchanges.append(exchange)
        return exchange

    def begin(self) -> None:
        """A new case begins; what is still said on older connections is no part of it."""
        with self._lock:
            self._exchanges = []

    def write(self, outcome: "Outcome") -> None:
        """The case has ended: append its line."""
        with self._lock:
            held, self._exchanges = self._exchanges, []
        first, last = held[: EXCHANGES // 2], held[EXCHANGES // 2 :][-(EXCHANGES // 2) :]
        record = {
            **asdict(outcome),
            "reason": shortened(self._masks.said(outcome.reason)),
            "exchanges": [self._shown(exchange) for exchange in (*first, *last)],
            "left_out": max(0, len(held) - EXCHANGES),
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def _shown(self, exchange: Exchange) -> dict[str, str | bool]:
        sides = [self._masks.exchanged(_text(bytes(side))) for side in (exchange.out, exchange.back)]
        cut = exchange.lost or any(len(side) > CHARACTERS for side in sides)
        return {"server": exchange.server, "sent": sides[0][:CHARACTERS], "answer": sides[1][:CHARACTERS], "cut": cut}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of one case on one subject, before its exchanges."""

    case: str
    node: str
    clauses: tuple[str, ...]
    does: str
    expects: str
    subject: str
    profile: str
    grade: str
    reason: str
    seconds: float


class Recording:
    """The pytest plugin: begins a record with each case and writes it when the last of its reports is there."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._reports: list[pytest.TestReport] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Collect while the case runs, then write."""
        self.recorder.begin()
        self._reports.clear()
        done = yield
        self.recorder.write(outcome(item, self._reports))
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the reports of set-up, call and teardown."""
        self._reports.append(report)


RECORDER = pytest.StashKey[Recorder]()


def install(config: pytest.Config) -> None:
    """Where `--record DIR` was given: make the folder, in which each process that runs cases has a file."""
    folder: str | None = config.getoption("--record")
    if folder is None:
        return
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    path = config.invocation_params.dir / folder / f"{worker}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    config.stash[RECORDER] = Recorder(path, masks(config.getoption("--key"), config.getoption("--second-key")))
    config.pluginmanager.register(Recording(config.stash[RECORDER]), "parity-record")


def recorder(config: pytest.Config) -> Recorder | None:
    """This run's recorder, where there is one."""
    return config.stash.get(RECORDER, None)


KEYS = ("(key)", "(second-key)")
TELLING = 6
"""Characters from which on what a row makes of a key is hidden wherever it was sent: fewer are any word's."""


@dataclass(frozen=True, slots=True)
class Masks:
    """The keys of a run, and what rows make of them, each with what is written instead."""

    keys: Mapping[str, str]
    made: Mapping[str, str] = field(default_factory=dict)

    def said(self, text: str) -> str:
        """What was said of a case, without keys."""
        return hidden(text, self.keys)

    def exchanged(self, text: str) -> str:
        """What was sent or answered, without keys and without what rows made of them."""
        text = HEADER.sub(lambda found: found[1] + self.made.get(found[2], found[2]), text)
        return hidden(text, {**{made: name for made, name in self.made.items() if len(made) >= TELLING}, **self.keys})


HEADER = re.compile(r"(?im)^(X-API-Key:[ \t]*)(.*?)(?=[ \t]*\r?$)")


def masks(key: str | None, second_key: str | None) -> Masks:
    """What must not be written down where these are the keys of the run; those of the kit's own servers neither."""
    pairs = [(profiles.KEY, profiles.SECOND_KEY), *([(key, second_key)] if key else [])]
    known = [(meant, name) for one, other in pairs for name, meant in values(one, other, "").items() if meant]
    keys = {meant: name for meant, name in known if name in KEYS}
    return Masks(keys, {meant: name for meant, name in known if meant not in keys})


def outcome(item: pytest.Item, reports: list[pytest.TestReport]) -> Outcome:
    """What came of a case, from its reports."""
    grade, reason = _grade(item, reports)
    deployment = deployment_of(item)
    does, expects = sentences(item)
    return Outcome(
        case=case_id(item),
        node=item.nodeid,
        clauses=tuple(str(value) for name, value in item.user_properties if name == "clause"),
        does=does,
        expects=expects,
        subject=deployment.name if deployment else "",
        profile=deployment.profile if deployment else "",
        grade=grade,
        reason=reason,
        seconds=round(sum(report.duration for report in reports if report.when == "call"), 4),
    )


def case_id(item: pytest.Item) -> str:
    """A row's id; for a procedure `module.function`, with its parameters save the server."""
    row = row_of(item)
    if row is not None:
        return str(row.id)
    module = item.path.stem.removeprefix("test_")
    name = getattr(item, "originalname", item.name).removeprefix("test_")
    deployment = deployment_of(item)
    parameters = item.callspec.id if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ""
    rest = parameters.removeprefix(deployment.id).removeprefix("-") if deployment else parameters
    return f"{module}.{name}".replace("_", "-") + (f"[{rest}]" if rest else "")


def sentences(item: pytest.Item) -> tuple[str, str]:
    """What is done, and what must come of it: from the row and the test's manner, else from the docstring's parts."""
    row = row_of(item)
    if row is not None:
        mark = item.get_closest_marker("rows")
        return f"{row.does} {mark.kwargs.get('manner', '') if mark else ''}".strip(), str(row.expects)
    text = " ".join(str(getattr(getattr(item, "function", None), "__doc__", "") or "").split())
    does, _, expects = text.partition(" Expected: ")
    return does, expects[:1].upper() + expects[1:]


def _grade(item: pytest.Item, reports: list[pytest.TestReport]) -> tuple[str, str]:
    """The grade and its reason; the first report that is not a pass decides."""
    for report in reports:
        if report.failed:
            return WRONG, _why(report, item.config.rootpath)
        if report.skipped:
            said = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
            return NOT_APPLICABLE, said.removeprefix("Skipped: ").removeprefix("not applicable: ")
    row = row_of(item)
    return str(getattr(row, "grade", IDENTICAL)), str(getattr(row, "reason", ""))


def _why(report: pytest.TestReport, root: Path) -> str:
    """The failure's message without pytest's own reading of the assertion, and where it was raised."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return report.longreprtext.strip().rpartition("\n")[2]
    message = re.split(r"\n\s*assert ", crash.message)[0].partition("\n  ")[0].removeprefix("AssertionError: ")
    path = Path(crash.path)
    place = path.relative_to(root) if path.is_relative_to(root) else path.name
    return f"{message} ({place}:{crash.lineno})"


def shortened(reason: str) -> str:
    """A reason of a readable length: its beginning, and its end, which says where. Keys are hidden before it is cut."""
    return reason if len(reason) <= REASON else f"{reason[: REASON - PLACE]} … {reason[-PLACE:]}"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
