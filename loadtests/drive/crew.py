"""The master's part in a test: it opens one window when all workers are warm, and gathers what they counted.

Rule: it never waits for a worker that is gone, and a worker that was lost is a fault of the round, said in its
result. Neighbours: `opening` is a worker's part, `hooks` puts this into Locust's life, `totals` merges.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time
from typing import Any, Final

import gevent
from locust.runners import STATE_MISSING, MasterRunner

from loadtests.drive.opening import AHEAD, Timing
from loadtests.drive.totals import Totals, merge

WARM: Final = "parity-warm"
OPEN: Final = "parity-open"
TOTALS: Final = "parity-totals"
BEGIN: Final = 0.5  # seconds from the word to begin to the first request: all workers have heard it
POLL: Final = 0.02
WORKERS_WAIT: Final = 10.0  # seconds for a worker's word, beyond what it may take for a warm-up or its last request


class Crew:
    """The workers of one Locust master, test after test."""

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._members: tuple[str, ...] = ()
        self._warm: dict[str, bool] = {}  # and whether it has settled
        self._totals: dict[str, Totals] = {}
        runner.register_message(WARM, self._on_warm)
        runner.register_message(TOTALS, self._on_totals)

    def begin(self) -> None:
        """A test begins, with the workers that are connected now."""
        self._members = tuple(self._runner.clients)
        self._warm.clear()
        self._totals.clear()

    def lead(self, start: float, timing: Timing, stop_timeout: float) -> None:
        """Open the window at the right moment, and return when every worker that is left has told what it counted."""
        self._wait(self._warm.keys, start + timing.warmup + WORKERS_WAIT)
        at = time() + AHEAD
        self._runner.send_message(OPEN, {"at": at, "steady": all(self._warm.values())})
        end = monotonic() + AHEAD + timing.window
        gevent.sleep(max(end - monotonic(), 0))
        self._wait(self._totals.keys, end + stop_timeout + WORKERS_WAIT)

    def result(self) -> Totals | None:
        """What the whole crew counted; None when nobody is left to tell."""
        if not self._totals:
            return None
        together = merge(tuple(self._totals.values()))
        lost, of = len(self._missing(self._totals.keys())), len(self._members)
        if not lost:
            return together
        fault = f"{lost} of {of} load generator processes {'was' if lost == 1 else 'were'} lost"
        return together.model_copy(update={"faults": (fault, *together.faults)})

    def _missing(self, heard: Any) -> set[str]:
        return set(self._members) - set(heard)

    def _wait(self, heard: Callable[[], Any], latest: float) -> None:
        """Until every worker that still lives has been heard."""
        while monotonic() < latest and any(map(self._alive, self._missing(heard()))):
            gevent.sleep(POLL)

    def _alive(self, member: str) -> bool:
        return member in self._runner.clients and self._runner.clients[member].state != STATE_MISSING

    def _on_warm(self, msg: Any, **_: Any) -> None:
        self._warm[msg.node_id] = msg.data["settled"]

    def _on_totals(self, msg: Any, **_: Any) -> None:
        self._totals[msg.node_id] = Totals.model_validate_json(msg.data["totals"])
