"""Clients that take turns one after another, and one that only asks for `/health`, in threads.

Rule: a block of load ends with its last answer, so nothing is in the air when what was stored is looked at.
Neighbours: `turns` (one of them).
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import h11

from tests.conformance.subject import Subject, fresh
from tests.resilience.sessions.turns import Client, Turn

PAUSE = 0.02  # seconds between two turns of a client


@dataclass(slots=True)
class Load:
    """What came of a block of load."""

    turns: list[Turn] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    """Seconds that each `GET /health` took; infinity for one without a 200."""


@contextmanager
def load(client: Client, clients: int = 6, sessions: int = 3) -> Iterator[Load]:
    """While the block lasts, so many clients take turns on so many sessions of their own."""
    found, over = Load(), threading.Event()
    names = [fresh("load") for _ in range(sessions)]

    def talk(session: str) -> None:
        while not over.is_set():
            found.turns.append(client.take(session))
            over.wait(PAUSE)

    def look() -> None:
        while not over.is_set():
            found.health.append(_health(client.subject, client.patience))
            over.wait(PAUSE)

    with ThreadPoolExecutor(clients + 1) as threads:
        waiting = [threads.submit(talk, names[number % sessions]) for number in range(clients)]
        waiting.append(threads.submit(look))
        try:
            yield found
        finally:
            over.set()
        for each in waiting:
            each.result()


def some(client: Client, count: int, clients: int = 8, sessions: int = 4) -> list[Turn]:
    """So many turns, by so many clients at once."""
    names = [fresh("some") for _ in range(sessions)]
    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(lambda number: client.take(names[number % sessions]), range(count)))


def _health(subject: Subject, patience: float) -> float:
    began = time.monotonic()
    try:
        with subject.connect(patience) as connection:
            connection.expect("GET")
            connection.send(b"GET /health HTTP/1.1\r\nHost: parity.test\r\n\r\n")
            status = connection.answer().status
    except (OSError, h11.RemoteProtocolError):
        status = 0
    return time.monotonic() - began if status == 200 else float("inf")
