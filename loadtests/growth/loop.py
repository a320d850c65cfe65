"""A small closed loop for CPU accounting: some connections, one process, as little work an answer as can be.

Rule: for cost per request and per event, not for latencies under load: those are the calibrated generator's. After the
first answer to a request has been parsed, the next ones are known by their status and length, so that even a bare
server is kept busy; whatever is different is parsed, and an error is counted with an example. Neighbours:
`drive.client` parses; `shapes` and tests/layers measure with it.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from loadtests.drive.client.exchange import Exchange
from loadtests.drive.client.message import Endpoint

READ: Final = 65_536
GOOD: Final = b"HTTP/1.1 200"
EVENT: Final = b"data: "
TICK: Final = 0.05  # seconds: the longest wait for the kernel between two looks at the clock
STUCK: Final = 10.0  # seconds that answers under way may take when no more are asked for


@dataclass(frozen=True, slots=True)
class Seen:
    """What some seconds brought; `busy`: the share of a core that this process took; `problem`: the last error."""

    seconds: float
    answers: int
    events: int
    errors: int
    busy: float
    problem: str


class Events:
    """A reader that counts what it is given: an event is in one read, as the contract has it."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def read(self, _stamp: float, data: bytes) -> None:
        """Take what one read brought."""
        self.count += data.count(EVENT)


class Line:
    """One connection with its turn of the requests."""

    __slots__ = ("_got", "_known", "_number", "_parsed", "_requests", "exchange", "sock", "waiting")

    def __init__(self, requests: Sequence[bytes], number: int, known: dict[int, tuple[int, bool]]) -> None:
        self._requests, self._number, self._known = requests, number, known
        self.sock: socket.socket | None = None
        self.exchange = Exchange()
        self.waiting = False
        self._got, self._parsed = 0, False

    def ask(self, events: Events | None) -> None:
        """Send the next request."""
        assert self.sock is not None
        self._got, self._parsed, self.waiting = 0, events is not None, True
        self.exchange.begin(events)
        self.sock.sendall(self._requests[self._number])

    def feed(self, data: bytes) -> bool:
        """Take a read; whether the answer is whole."""
        known = self._known.get(self._number)
        if known is None or self._parsed or (not self._got and not data.startswith(GOOD)):
            self._parsed = True
            self._got += len(data)
            return self.exchange.feed(0.0, data)
        self._got += len(data)
        if not data or self._got > known[0]:
            return self.exchange.fail("malformed", f"an answer of {self._got} bytes, where others have {known[0]}")
        return self._got == known[0]

    def over(self) -> tuple[bool, str]:
        """After a whole answer: whether the connection is kept, and what was wrong with it ("": nothing)."""
        exchange, known = self.exchange, self._known.get(self._number)
        self.waiting, number = False, self._number
        self._number = (number + 1) % len(self._requests)
        if exchange.failure is not None:
            return False, str(exchange.failure)
        if not self._parsed and known is not None:
            return known[1], ""
        status = exchange.reply(0.0, 0.0).status
        if status == 200 and number not in self._known:
            self._known[number] = (self._got, exchange.kept)
        return exchange.kept, "" if status == 200 else f"status {status}"


class Loop:
    """Connections to one server, open for the length of a block."""

    def __init__(self, endpoint: Endpoint, requests: Sequence[bytes], connections: int, *, streams: bool) -> None:
        """`requests` are sent in turn by every connection, each beginning at another one."""
        known: dict[int, tuple[int, bool]] = {}
        self._endpoint = endpoint
        self._lines = [Line(requests, number % len(requests), known) for number in range(connections)]
        self._events = Events() if streams else None
        self._poll = select.epoll()
        self._by_file: dict[int, Line] = {}
        self._answers, self._errors, self._problem = 0, 0, ""

    def __enter__(self) -> Loop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._lines:
            self._close(line)
        self._poll.close()

    def begin(self, seconds: float) -> None:
        """Send every connection's first request, spread evenly over so many seconds, reading meanwhile."""
        start = time.monotonic()
        for number, line in enumerate(self._lines):
            self._turn(start + seconds * number / len(self._lines), asking=True)
            self._ask(line)

    def run(self, seconds: float) -> Seen:
        """Go on for so long; answers under way stay under way."""
        before = (self._answers, self.events, self._errors)
        began, used = time.monotonic(), time.process_time()
        self._turn(began + seconds, asking=True)
        return self._seen(before, began, used)

    def burst(self, seconds: float) -> Seen:
        """Ask for so long from a standstill, and wait until every answer is there."""
        before = (self._answers, self.events, self._errors)
        began, used = time.monotonic(), time.process_time()
        for line in self._lines:
            self._ask(line)
        self._turn(began + seconds, asking=True)
        deadline = time.monotonic() + STUCK
        while any(line.waiting for line in self._lines):
            if time.monotonic() > deadline:
                self._errors, self._problem = self._errors + 1, f"no answer in {STUCK:g} s"
                break
            self._turn(time.monotonic() + TICK / 10, asking=False)
        return self._seen(before, began, used)

    @property
    def events(self) -> int:
        """How many have been read so far."""
        return self._events.count if self._events else 0

    def _seen(self, before: tuple[int, int, int], began: float, used: float) -> Seen:
        seconds = time.monotonic() - began
        return Seen(
            seconds=seconds,
            answers=self._answers - before[0],
            events=self.events - before[1],
            errors=self._errors - before[2],
            busy=(time.process_time() - used) / seconds,
            problem=self._problem,
        )

    def _turn(self, until: float, *, asking: bool) -> None:
        """Read what comes until then; an answer that is whole is followed by the next request if we go on asking."""
        while (left := until - time.monotonic()) > 0:
            for file, _ in self._poll.poll(min(left, TICK)):
                line = self._by_file[file]
                if not line.waiting:  # nothing was asked: the server has closed it
                    self._close(line)
                elif self._read(line) and asking:
                    self._ask(line)

    def _read(self, line: Line) -> bool:
        """One read; whether the line is ready for its next request."""
        assert line.sock is not None
        try:
            whole = line.feed(line.sock.recv(READ))
        except OSError as error:
            whole = line.exchange.broke(error)
        if not whole:
            return False
        kept, problem = line.over()
        if problem:
            self._errors, self._problem = self._errors + 1, problem
        else:
            self._answers += 1
        if not kept:
            self._close(line)
        return True

    def _ask(self, line: Line) -> None:
        if line.sock is None:
            line.sock = socket.socket(self._endpoint.family, socket.SOCK_STREAM)
            line.sock.connect(self._endpoint.address)
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.exchange = Exchange()
            self._by_file[line.sock.fileno()] = line
            self._poll.register(line.sock.fileno(), select.EPOLLIN)
        try:
            line.ask(self._events)
        except OSError:
            self._close(line)  # the server had closed it between two answers: it was never taken
            self._ask(line)

    def _close(self, line: Line) -> None:
        if line.sock is not None:
            self._poll.unregister(line.sock.fileno())
            del self._by_file[line.sock.fileno()]
            line.sock.close()
            line.sock, line.waiting = None, False
