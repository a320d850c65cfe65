"""Pins both sides of every known difference, so that one that goes away, or grows, is noticed.

Rule: each row is tried on each server by itself; a server program that no row names is "not applicable".
Neighbours: `table` (the rows), `difference` (what the words mean).
"""

import contextlib
import re
import signal
from pathlib import Path

import pytest

from tests.conformance.fixtures import Launch
from tests.conformance.selection import selection
from tests.conformance.subject import Subject, fresh
from tests.conformance.wire import Answer
from tests.known_differences.difference import Difference, Manner
from tests.known_differences.table import DIFFERENCES
from tests.links import ROOT

SENT = tuple(row for row in DIFFERENCES if row.manner not in {Manner.INTERRUPT, Manner.LEAVE_LAST})
LEFT = tuple(row for row in DIFFERENCES if row.manner is Manner.LEAVE_LAST)
INTERRUPTED = tuple(row for row in DIFFERENCES if row.manner is Manner.INTERRUPT)
STATUS = re.compile(rb"HTTP/1\.\d (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)
ID = re.compile(rb"x-request-id:", re.IGNORECASE)
LATE = """\
import time

from shared.agent.model import Text


class Agent:
    def ask(self, conversation, tools):
        time.sleep(2)
        yield Text("Late.")
"""


@pytest.mark.rows(SENT)
def test_difference(server: Subject, case: Difference, request: pytest.FixtureRequest) -> None:
    """A row's bytes are sent to one server.

    Expected: it answers as the table says of its server program, and what it refuses itself has no request id.
    """
    kind = _framework(server, request) if case.by_framework else server.server
    expected = _expected(case, kind)
    seen, raw = _play(case, server)
    assert seen == expected, f"{server.name} answered {' '.join(seen) or 'nothing'}, not {case.expects}: {raw[:300]!r}"
    if case.shows:
        program, words = case.shows
        assert (words in raw.lower()) == kind.startswith(program), f"{server.name}: {words!r} and {raw[:600]!r}"


@pytest.mark.rows(INTERRUPTED)
def test_interrupt(launch: Launch, case: Difference) -> None:
    """A stream is open when the server's main process gets SIGINT.

    Expected: it ends as the table says of this kind of server.
    """
    with launch({"SCRIPTED_TTFT": "0.2", "SCRIPTED_ITL": "0.05"}) as launched:
        expected = _expected(case, launched.subject.server)
        with launched.subject.connect() as connection:
            connection.expect("POST")
            connection.send(_bytes(case, launched.subject))
            assert connection.head().status == 200
            data, reads = b"", connection.reads()
            while b'"token"' not in data:
                data += next(reads).data
            launched.process.process.send_signal(signal.SIGINT)
            with contextlib.suppress(OSError):
                data += connection.rest()
    seen = "whole" if b'"type":"end"' in data else "cut"
    assert (seen,) == expected, f"{launched.subject.name}: the stream ended with {data[-200:]!r}"


@pytest.mark.rows(LEFT)
def test_left(launch: Launch, case: Difference, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A client leaves a stream two seconds before the only token of its reply.

    Expected: the log says that it left, and whether the turn is stored is as the table says of the framework.
    """
    name, session = fresh("id"), fresh()
    (tmp_path / "late.py").write_text(LATE, encoding="utf-8")
    with launch({"AGENT_MODEL": "late:Agent", "PYTHONPATH": f"{ROOT}:{tmp_path}"}) as launched:
        server = launched.subject
        expected = _expected(case, _framework(server, request))
        with server.stream("hello", session, ("X-Request-ID", name)) as stream:
            assert next(stream.events())["type"] == "start"
        assert server.log_line(name, timeout=10.0)["outcome"] == "disconnected"
        seen = str(server.get(f"/sessions/{session}").status)
    assert (seen,) == expected, f"{server.name}: what is stored of the turn is a {seen}, not {case.expects}"


def _framework(server: Subject, request: pytest.FixtureRequest) -> str:
    target = selection(request.config).targets.get(server.name)
    return target.framework if target else "a server that the kit did not start"


def _expected(case: Difference, kind: str) -> tuple[str, ...]:
    words = case.answer(kind)
    if words is None:
        pytest.skip(f"not applicable: the table of known differences says nothing about {kind}")
    return tuple(words.split())


def _bytes(case: Difference, subject: Subject) -> bytes:
    return case.request.replace(b"(key)", subject.key.encode())


def _play(case: Difference, subject: Subject) -> tuple[tuple[str, ...], bytes]:
    """The words for what came back, and all of it."""
    with subject.connect() as connection:
        connection.expect(case.request.split()[0].decode("latin-1"))
        connection.send(_bytes(case, subject))
        if case.manner is Manner.LEAVE:
            connection.leave()
        first: Answer | None = None
        with contextlib.suppress(ConnectionError):  # a server may close without an answer: that is one of the words
            first = connection.answer()
        if case.manner is Manner.LEAVE_LATER:
            connection.leave()
        rest = b""
        with contextlib.suppress(ConnectionError):  # closed with bytes of ours unread: nothing more will come
            rest = connection.rest()
    raw = _joined(first) + rest
    return tuple(_word(status, head) for status, head in STATUS.findall(raw)), raw


def _joined(answer: Answer | None) -> bytes:
    if answer is None:
        return b""
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return f"HTTP/1.1 {answer.status}\r\n{head}\r\n".encode("latin-1") + answer.body


def _word(status: bytes, head: bytes) -> str:
    return f"{status.decode()}{'' if ID.search(head) else '!'}"
