"""Plays one example on one server: writes its bytes, reads all that comes back, and says how it ended.

Rule: the end of an answer is known by its framing or by the close. Only where a server waits for more is there a quiet
time, after which the client ends its side; every wait has a limit. Neighbours: `example`, `answers`, `judge`.
"""

import select
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tests.conformance.subject import Subject
from tests.conformance.wire import Answer
from tests.fuzz.answers import Answers
from tests.fuzz.example import Example, method

Ending = Literal["kept", "closed", "waiting", "hung"]
READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `pause` between two writes, `quiet` until a silent server is said to wait, `limit` for all else."""

    pause: float
    quiet: float
    limit: float


BRISK = Patience(pause=0.0005, quiet=0.08, limit=10.0)
THOROUGH = Patience(pause=0.02, quiet=1.0, limit=10.0)
"""For a second look at what has differed: a slow machine is no difference."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an example on one server.

    `ending`: the connection stayed open for more, was closed by the server, stayed open though the server had been
    sent all (it `waiting` for more bytes), or nothing came that ended the example within the limit (`hung`).
    """

    answers: tuple[Answer, ...]
    ending: Ending
    broken: str | None = None


class Line:
    """One server's address, and the connection to it that is kept from example to example."""

    def __init__(self, subject: Subject) -> None:
        parts = urlsplit(subject.url)
        self.subject = subject
        self._address = (parts.hostname or "", parts.port or 80)
        self._kept: socket.socket | None = None

    def close(self) -> None:
        """Drop the kept connection."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def play(self, example: Example, patience: Patience) -> Outcome:
        """Play it, in its manner."""
        if example.manner == "turns":
            return self._turns(example, patience)
        with self._connect(patience) as connection:
            answers = Answers(example.methods())
            closed = _write(connection, example.bursts()[0], answers, patience.pause)
            if example.manner == "leave":
                _leave(connection)
            return _drained(connection, answers, patience, closed=closed, left=example.manner == "leave")

    def _turns(self, example: Example, patience: Patience) -> Outcome:
        done: list[Answer] = []
        for request, pieces in zip(example.requests, example.bursts(), strict=True):
            outcome = self._turn(method(request), pieces, patience)
            done += outcome.answers
            if outcome.ending != "kept":
                self.close()
            if outcome.broken or not outcome.answers:
                return Outcome(tuple(done), outcome.ending, outcome.broken)
        return Outcome(tuple(done), "kept")

    def _turn(self, verb: str, pieces: Iterable[bytes], patience: Patience) -> Outcome:
        """One request, one answer."""
        if self._kept is None:
            self._kept = self._connect(patience)
        answers = Answers([verb])
        closed = _write(self._kept, pieces, answers, patience.pause)
        self._kept.settimeout(patience.limit)
        while not (closed or answers.done or answers.broken):
            try:
                closed = not _read(self._kept, answers)
            except TimeoutError:
                return Outcome((), "hung")
        return Outcome(tuple(answers.done), "closed" if closed or answers.last else "kept", answers.broken)

    def _connect(self, patience: Patience) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=patience.limit)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _write(connection: socket.socket, pieces: Iterable[bytes], answers: Answers, pause: float) -> bool:
    """Write each piece, with time for the server to read it; tells whether the server has closed meanwhile."""
    for number, piece in enumerate(pieces):
        if number and select.select([connection], [], [], pause)[0] and not _read(connection, answers):
            return True
        try:
            connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return False  # what the server said before it closed is still to be read
    return False


def _drained(connection: socket.socket, answers: Answers, patience: Patience, *, closed: bool, left: bool) -> Outcome:
    """Read until the server closes; where it is quiet and waits for more, end our side and see that it closes then."""
    ending: Ending = "closed"
    told: tuple[Answer, ...] | None = None
    connection.settimeout(patience.limit if left else patience.quiet)
    while not closed:
        try:
            closed = not _read(connection, answers)
        except TimeoutError:
            if left or told is not None or answers.begun:
                return Outcome(told or tuple(answers.done), "hung", answers.broken)
            ending, told = "waiting", tuple(answers.done)
            _leave(connection)
            connection.settimeout(patience.limit)
    if told is not None:  # what comes after we have left is not compared here: the kind `leave` is about that
        return Outcome(told, ending)
    return Outcome(tuple(answers.done), ending, answers.broken)


def _read(connection: socket.socket, answers: Answers) -> bool:
    """One read; tells whether the connection is still open."""
    try:
        data = connection.recv(READ)
    except ConnectionResetError:
        data = b""
    answers.feed(data)
    return bool(data)


def _leave(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the server was faster
        return
