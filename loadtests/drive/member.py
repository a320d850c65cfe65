"""A worker's part in the crew: it says who it is, reads the master's clock in its own, and takes its orders.

Rule: the clock is asked before the load, when a question is answered at once, and no clock of another host is believed
but to within half a question's time. A worker that has lost its master ends itself, whatever it is sending. Imports
gevent, so it belongs in Locust's process only. Neighbours: `crew` is the other end, `hooks` asks for the orders,
`hosts.worker` starts it on a load host, `hosts.clock`, `hosts.kit`.
"""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple

import gevent
from gevent.event import Event
from locust.runners import WorkerRunner

from loadtests.hosts import CREW, DISMISSED
from loadtests.hosts.clock import Clock
from loadtests.hosts.kit import kit

ASK, TIME, HELLO, ORDERS, DISMISS, ROWS = (
    f"parity-{name}" for name in ("ask", "time", "hello", "orders", "dismiss", "rows")
)
QUESTIONS: Final = 8  # of the clock; the quickest answer is the one that counts
ANSWER: Final = 1.0  # seconds for one
TRIES: Final = 20  # a master that is none of this kit's answers none of them
GONE: Final = 10.0  # seconds without a heartbeat, which comes each second
NEW: Final = 4.0  # seconds for the first: a master can end between taking a worker and telling it to quit
CHUNK: Final = 1 << 20  # of the rows: well below what ZeroMQ holds for a slow line
log = logging.getLogger(__name__)


class Orders(NamedTuple):
    """Which part of the load is this worker's, and whether it is of streams."""

    number: int
    of: int
    streams: bool


class Member:
    """This worker as its master knows it."""

    def __init__(self, runner: WorkerRunner) -> None:
        self._runner = runner
        self._clock = Clock()
        self._answered = Event()
        self._latest = monotonic() + NEW
        self.orders: Orders | None = None
        runner.register_message(TIME, self._on_time)
        runner.register_message(ORDERS, self._on_orders)
        runner.register_message(DISMISS, self._on_dismiss)
        gevent.spawn(self._introduce)
        if CREW in os.environ:
            hooks: Any = runner.environment.events
            hooks.heartbeat_received.add_listener(self._on_heartbeat)
            gevent.spawn(self._watch)

    def ours(self, theirs: float) -> float | None:
        """A moment of the master's clock in this one's; None when it has never answered."""
        return self._clock.ours(theirs) if self._clock.known else None

    def send_rows(self, folder: Path) -> None:
        """Send this process's part of the rows, before the totals: messages keep their order."""
        for file in folder.iterdir():
            with file.open("rb") as lines:
                while data := lines.read(CHUNK):
                    self._runner.send_message(ROWS, {"name": file.name, "data": data})
                    gevent.sleep(0)

    def _introduce(self) -> None:
        for _ in range(TRIES):
            self._answered.clear()
            self._runner.send_message(ASK, {"asked": monotonic()})
            if self._answered.wait(ANSWER):
                break
        else:
            return
        for _ in range(QUESTIONS - 1):
            self._answered.clear()
            self._runner.send_message(ASK, {"asked": monotonic()})
            self._answered.wait(ANSWER)
        crew, host, of = os.environ.get(CREW, f"{self._runner.client_id} {socket.gethostname()} 1").split(" ")
        said = {"host": host, "crew": crew, "of": int(of), "kit": dict(kit()), "error": self._clock.error}
        self._runner.send_message(HELLO, said)

    def _watch(self) -> None:
        """A master that was killed, a cable, or `parity worker` itself: nobody else would end the load under way."""
        parent = os.getppid()
        while monotonic() < self._latest and os.getppid() == parent:
            gevent.sleep(1.0)
        log.error("the load ends: its `parity worker` is gone, or no master was heard any more")
        self._runner.environment.stop_timeout = 0.0
        self._runner.quit()

    def _on_time(self, msg: Any, **_: Any) -> None:
        self._clock.heard(msg.data["asked"], msg.data["read"], monotonic())
        self._answered.set()

    def _on_orders(self, msg: Any, **_: Any) -> None:
        self.orders = Orders(**msg.data)

    def _on_dismiss(self, msg: Any, **_: Any) -> None:
        log.error("this worker was not taken: %s", msg.data["why"])
        self._runner.environment.process_exit_code = DISMISSED

    def _on_heartbeat(self, **_: Any) -> None:
        self._latest = monotonic() + GONE
