"""Splits what a server sends on one connection into its answers, without any I/O.

Rule: h11 reads, strictly; what it cannot read is `broken`, and is no answer. Interim answers (1xx) are the server
program's own and are left out. Neighbours: `exchange` (feeds it), `judge` (compares).
"""

from collections.abc import Iterable, Iterator

import h11

from tests.conformance.wire import Answer


class Answers:
    """Fed with reads, in order; `done` holds the whole answers so far, `broken` what was wrong with the next."""

    def __init__(self, methods: Iterable[str]) -> None:
        self._methods: Iterator[str] = iter(methods)
        self._parser = self._next_parser()
        self._head: h11.Response | None = None
        self._body = bytearray()
        self.done: list[Answer] = []
        self.broken: str | None = None
        self.last = False
        """Whether the latest answer said that the connection will be closed."""

    @property
    def begun(self) -> bool:
        """Whether an answer has begun that is not complete."""
        return self._head is not None

    def feed(self, data: bytes) -> None:
        """Take one read; empty bytes say that the server has closed."""
        if self.broken is not None or (not data and not self._head and not self._parser.trailing_data[0]):
            return
        try:
            self._parser.receive_data(data)
            while self._step(self._parser.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self.broken = str(error)

    def _step(self, event: object) -> bool:
        """Take one event; tells whether there may be another."""
        if isinstance(event, h11.Response):
            self._head = event
        elif isinstance(event, h11.Data):
            self._body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self._finish()
        idle = event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed)
        return not idle

    def _finish(self) -> None:
        assert self._head is not None
        names = ((name.decode("ascii"), value.decode("latin-1")) for name, value in self._head.headers)
        answer = Answer(self._head.status_code, tuple(names), bytes(self._body))
        self.done.append(answer)
        self.last = self._parser.their_state is not h11.DONE
        rest = self._parser.trailing_data[0]
        self._parser, self._head, self._body = self._next_parser(), None, bytearray()
        if rest:
            self._parser.receive_data(rest)

    def _next_parser(self) -> h11.Connection:
        parser = h11.Connection(h11.CLIENT)
        method = next(self._methods, "GET")
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "parity.test")]))
        parser.send(h11.EndOfMessage())
        return parser
