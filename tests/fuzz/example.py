"""What is sent in one example: some requests on one connection, as bytes, and how they are written.

Rule: an example is a frozen value and holds all there is to replay it. `(key)` stands for the server's key and
`SESSION` for a session that nobody has used; a fresh one of the same length replaces it, so no framing changes.
Neighbours: `wellformed`, `damage` (make examples), `exchange` (plays them).
"""

import itertools
import re
from dataclasses import dataclass
from typing import Literal

KEY = b"(key)"
SESSION = b"fuzz-000000"
PROBE = b"GET /health HTTP/1.1\r\nHost: parity.test\r\nX-Request-ID: probe\r\nConnection: close\r\n\r\n"
"""Sent after the requests of a connection: what becomes of it shows where the server thinks that they ended."""

Manner = Literal["turns", "run", "leave"]

_runs = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Example:
    """Requests of one connection. `kind`: the generator; `cuts`: where in their bytes a new write begins.

    `turns`: each request waits for the answer to the one before, on a connection that is kept for the next example.
    `run`: a connection of its own, all at once, the probe last. `leave`: the same, but the client ends its side.
    """

    kind: str
    requests: tuple[bytes, ...]
    manner: Manner = "turns"
    cuts: tuple[int, ...] = ()

    def filled(self, key: str, session: bytes) -> "Example":
        """The example with what the placeholders stand for."""
        sent = tuple(each.replace(SESSION, session).replace(KEY, key.encode()) for each in self.requests)
        return Example(self.kind, sent, self.manner, self.cuts)

    def bursts(self) -> list[tuple[bytes, ...]]:
        """What is written before an answer is waited for, once or (`turns`) once a request; each in its pieces."""
        if self.manner == "turns":
            return [cut(request, self.cuts) for request in self.requests]
        probe = PROBE if self.manner == "run" else b""
        return [cut(b"".join((*self.requests, probe)), self.cuts)]

    def sent(self) -> bytes:
        """All of its bytes."""
        return b"".join(piece for burst in self.bursts() for piece in burst)

    def methods(self) -> list[str]:
        """The method of each request, which decides whether its answer has a body."""
        return [method(request) for request in self.requests]

    def row(self) -> str:
        """The example as a row of `tests/conformance/cases/found.py`, to be completed by hand."""
        pieces = [piece for burst in self.bursts() for piece in burst]
        shown = "\n".join(f"            {piece!r}," for piece in pieces)
        return (
            'Case(\n    id="found.TODO",\n    clauses=("TODO",),\n    does="TODO.",\n    expects="TODO.",\n'
            f"    request=Raw(\n        (\n{shown}\n        )\n    ),\n    expect=Expect(status=TODO),\n)"
        )


def cut(data: bytes, cuts: tuple[int, ...]) -> tuple[bytes, ...]:
    """The data in pieces; a cut beyond the end is none."""
    places = sorted({0, *(place for place in cuts if 0 < place < len(data)), len(data)})
    return tuple(data[start:end] for start, end in itertools.pairwise(places))


def method(request: bytes) -> str:
    """The first word of a request, or GET where it has none."""
    found = re.match(rb"\s*([A-Za-z-]+)", request)
    return found[1].decode() if found else "GET"


def fresh_session() -> bytes:
    """A session id that no other run of an example in this process has had, as long as `SESSION`."""
    return b"fuzz-%06x" % next(_runs)
