"""What is seen of a server while it is attacked: its health, a plain turn, and what it stands on.

Rule: every look is on a connection of its own, so none is served by what an attack holds; a look without an answer is
counted and never waited for longer than `PATIENCE`. Neighbours: `measured` (the values), `play`.
"""

import contextlib
import math
import socket
import time

import psutil

from loadtests.measure import MIB
from loadtests.serve import Server
from tests.conformance import wire
from tests.conformance.subject import JSON, Subject, payload
from tests.resilience.limits.aside import Aside
from tests.resilience.limits.measured import Footing, Health

PATIENCE = 1.5
"""Seconds after which a look counts as unanswered."""
EVERY = 0.02
GET_HEALTH = b"GET /health HTTP/1.1\r\nHost: parity.test\r\nConnection: close\r\n\r\n"


def ask(server: Server, request: bytes, patience: float) -> float | None:
    """Seconds until a 200 began to come; None for none in time, or for another answer."""
    began = time.monotonic()
    try:
        with socket.create_connection((server.host, server.port), timeout=patience) as connection:
            connection.settimeout(max(patience - (time.monotonic() - began), 0.01))
            connection.sendall(request)
            status = connection.recv(1024)
    except OSError:
        return None
    return time.monotonic() - began if status.startswith(b"HTTP/1.1 200 ") else None


def healthy(server: Server, patience: float = PATIENCE) -> bool:
    """Whether GET /health is answered."""
    return ask(server, GET_HEALTH, patience) is not None


def turn(subject: Subject, server: Server, patience: float = 3 * PATIENCE) -> float | None:
    """Seconds of a plain turn; None when it was not answered."""
    sent = wire.request(
        "POST", "/chat", [("X-API-Key", subject.key), JSON, ("Connection", "close")], payload("calculate 6 * 7")
    )
    return ask(server, sent, patience)


def recovery(subject: Subject, server: Server, within: float) -> float | None:
    """Seconds until health and a turn are answered; None when they are not `within` so many."""
    began = time.monotonic()
    while (left := began + within - time.monotonic()) > 0:
        if healthy(server, min(PATIENCE, left)) and turn(subject, server) is not None:
            return time.monotonic() - began
    return None


class Looking(Aside):
    """Looks at /health in a thread of its own, from `with` to its end."""

    def __init__(self, server: Server) -> None:
        super().__init__("health")
        self._server = server
        self._seconds: list[float | None] = []

    def _run(self) -> None:
        while not self._stop.is_set():
            self._seconds.append(ask(self._server, GET_HEALTH, PATIENCE))
            self._stop.wait(EVERY)

    @property
    def health(self) -> Health:
        """What was seen."""
        answered = sorted(1000 * seconds for seconds in self._seconds if seconds is not None)
        return Health(
            looks=len(self._seconds),
            unanswered=len(self._seconds) - len(answered),
            p50_ms=rank(answered, 0.5),
            p99_ms=rank(answered, 0.99),
            worst_ms=rank(answered, 1.0),
        )


def rank(ordered: list[float], share: float) -> float | None:
    """The value at or below which `share` of them lie."""
    return round(ordered[max(math.ceil(share * len(ordered)) - 1, 0)], 2) if ordered else None


def footing(server: Server) -> Footing:
    """What it stands on now."""
    rss = descriptors = threads = 0
    processes = server.processes()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            rss += process.memory_info().rss
            descriptors += process.num_fds()
            threads += process.num_threads()
    return Footing(rss_mib=round(rss / MIB, 1), descriptors=descriptors, threads=threads, processes=len(processes))
