"""The attacks by connections that are held, as a table: what each client sends, what it does then, how many there are.

Rule: one row is one kind of peer that a server on the open net meets; its answer is measured, whoever gives it.
Neighbours: `herd` (the connections), `play` (plays a row), `judge` (what is promised).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.targets import Target
from tests.conformance.subject import JSON, Subject, payload
from tests.conformance.wire import request
from tests.resilience.limits.herd import Act, drip, sip, wait
from tests.resilience.limits.look import GET_HEALTH

KEEP = GET_HEALTH.replace(b"Connection: close\r\n", b"")
TINY = 1024
"""Bytes of a slow reader's receive buffer; the kernel makes a few thousand of it."""
LONGEST = 5000
"""Characters of a message, which is the most that the contract allows."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A row. `step`: opened so many at a time, with a look at the health after each; 0: all at once.

    `hold`: seconds that it is measured. `buffer`: of the client's socket. `reply`: read the 200 before anything else.
    """

    name: str
    title: str
    clients: int
    act: Act
    step: int = 0
    hold: float = 2.0
    buffer: int | None = None
    reply: bool = False

    def opening(self, subject: Subject) -> bytes:
        """What a client of this kind sends first."""
        key = ("X-API-Key", subject.key)
        return {
            "slow heads": KEEP.removesuffix(b"\r\n") + b"X-Slow: a",
            "slow bodies": request("POST", "/chat", [key, JSON, ("Content-Length", str(LONGEST))], b""),
            "silent": b"",
            "kept": KEEP,
            "readers": request("POST", "/chat/stream", [key, JSON], payload("x" * LONGEST)),
        }[self.name.partition(",")[0]]


HEADS = Attack("slow heads", "send a byte of a header a second", 200, drip)
BODIES = Attack("slow bodies", "send a byte of a body a second", 200, drip)
CROWD = Attack("slow bodies, a crowd", "do the same, more than a thread pool has threads", 1100, drip)
SILENT = Attack("silent", "connect and say nothing", 10_000, wait, step=500)
KEPT = Attack("kept", "had one answer and keep their connection", 10_000, wait, step=500, reply=True)
READERS = Attack("readers", "read a byte a second of an endless stream", 50, sip, hold=18.0, buffer=TINY)

ATTACKS: Mapping[str, Attack] = {each.name: each for each in (HEADS, BODIES, CROWD, SILENT, KEPT, READERS)}


def on(target: Target) -> tuple[Attack, ...]:
    """What is played on a target, one after the other; the readers come later, with a model of their own.

    Several workers are each what the target of one worker is; one that answers one request at a time keeps none open.
    """
    if target.workers > 1:
        return HEADS, SILENT
    return (HEADS, BODIES, SILENT) if target.slots == 1 else (HEADS, BODIES, CROWD, SILENT, KEPT)
