"""The master's part in a test: it opens one window when all workers are warm, and gathers what they counted.

Rule: it never waits for a worker that is gone, and a worker that was lost is a fault of the round, said in its
result. Moments go out in the master's own clock. Neighbours: `member` is a worker's part, `opening` its test, `hooks`
puts this into Locust's life, `totals` merges, `hosts.muster` decides whether the load hosts have come.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

import gevent
from locust.runners import STATE_MISSING, MasterRunner

from loadtests.drive.member import ASK, DISMISS, HELLO, ORDERS, ROWS, TIME
from loadtests.drive.opening import Timing
from loadtests.drive.totals import Totals, merge, sent_by
from loadtests.hosts import Hosts, members
from loadtests.hosts.kit import kit
from loadtests.hosts.muster import Hello, Muster

WARM: Final = "parity-warm"
OPEN: Final = "parity-open"
TOTALS: Final = "parity-totals"
BEGIN: Final = 0.3  # seconds beyond that from the word to begin to the first request: each has made its users
AHEAD: Final = 0.2  # seconds: a message reaches every worker of this machine in much less
FAR: Final = 0.5  # the same over a network, and more where it is slow: a packet may have to be sent again
POLL: Final = 0.02
WORKERS_WAIT: Final = 10.0  # seconds for a worker's word, beyond what it may take for a warm-up or its last request
HELLO_WAIT: Final = 2.0  # on one machine, where a worker that says nothing of itself can still do the work
JOINED: Final = "a load generator process joined in the middle of the round"


class NotCome(Exception):
    """A load host that was asked for cannot take part; the message says which, why, and the cure."""


class Crew:
    """The workers of one Locust master, test after test."""

    def __init__(self, runner: MasterRunner, hosts: Hosts | None = None, rows: Path | None = None) -> None:
        """`hosts`: the load hosts that are waited for; `rows`: the folder for what they send of them."""
        self._runner = runner
        self._hosts = hosts
        self._rows = rows
        self._members: tuple[str, ...] = ()
        self._hellos: dict[str, Hello] = {}
        self._warm: dict[str, bool] = {}  # and whether it has settled
        self._totals: dict[str, Totals] = {}
        self._faults: tuple[str, ...] = ()
        self._heard = 0.0
        self._over = False
        handlers = {ASK: self._on_ask, HELLO: self._on_hello, WARM: self._on_warm, ROWS: self._on_rows}
        for name, handler in {**handlers, TOTALS: self._on_totals}.items():
            runner.register_message(name, handler)

    def muster(self) -> None:
        """Wait for the load hosts. Raises `NotCome`; who was not asked for is sent away."""
        if self._hosts is None:
            return
        ours, latest = kit(), monotonic() + self._hosts.wait
        while True:
            come = {member: hello for member, hello in self._hellos.items() if self._alive(member)}
            muster = Muster(self._hosts, ours, tuple(come.values()))
            if refusal := muster.refusal:
                for member in (member for member, hello in come.items() if hello.host == refusal.host):
                    self._dismiss(member, refusal.why)
                raise NotCome(refusal.why)
            if not muster.missing:
                break
            if monotonic() > latest:
                raise NotCome(muster.told)
            gevent.sleep(POLL)
        self._members = tuple(member for member, hello in come.items() if hello in muster.ours)
        for stranger in set(self._runner.clients) - set(self._members):
            self._dismiss(stranger, f"--workers names {members(self._hosts.names)}")

    def begin(self, *, streams: bool) -> float:
        """A test begins, with the workers that are connected now; gives the moment of its first request."""
        self._faults = ()
        self._warm.clear()
        self._totals.clear()
        if self._hosts is None:
            self._members = tuple(self._runner.clients)
            self._wait(self._hellos.keys, monotonic() + HELLO_WAIT)
        for number, member in enumerate(self._members):
            orders = {"number": number, "of": len(self._members), "streams": streams}
            self._runner.send_message(ORDERS, orders, member)
        return monotonic() + BEGIN + self._ahead

    def lead(self, start: float, timing: Timing, stop_timeout: float) -> None:
        """Open the window at the right moment, and return when every worker that is left has told what it counted."""
        self._wait(self._warm.keys, start + timing.warmup + WORKERS_WAIT)
        ahead = self._ahead
        at = {"at": monotonic() + ahead, "unix": time() + ahead}
        steady = all(self._warm.get(member, False) for member in self._members if self._alive(member))
        self._runner.send_message(OPEN, {**at, "steady": steady})
        end = at["at"] + timing.window
        gevent.sleep(max(end - monotonic(), 0))
        self._wait(self._totals.keys, end + stop_timeout + WORKERS_WAIT)

    def result(self) -> Totals | None:
        """What the whole crew counted; None when nobody is left to tell."""
        if not self._totals:
            return None
        parts = self._totals if self._hosts is None else {m: self._sent(m, part) for m, part in self._totals.items()}
        together = merge(tuple(parts.values()))
        return together.model_copy(update={"faults": (*self._lost(), *self._faults, *together.faults)})

    def quit(self) -> None:
        """End Locust, which goes on listening, and takes who comes, for half a second more."""
        self._over = True
        self._runner.quit()

    @property
    def _ahead(self) -> float:
        """Seconds in which a word reaches every worker."""
        if self._hosts is None:
            return AHEAD
        return FAR + 20 * max(self._hellos[member].error for member in self._members)

    def _sent(self, member: str, part: Totals) -> Totals:
        hello = self._hellos[member]
        return sent_by(hello.host, hello.error, part)

    def _lost(self) -> tuple[str, ...]:
        missing = self._missing(self._totals.keys())
        if not missing:
            return ()
        if self._hosts is not None:
            of = {self._hellos[member].host for member in missing}
            return (f"the load generator on {members(sorted(of))} was lost",)
        lost, all_of_them = len(missing), len(self._members)
        return (f"{lost} of {all_of_them} load generator processes {'was' if lost == 1 else 'were'} lost",)

    def _missing(self, heard: Any) -> set[str]:
        return set(self._members) - set(heard)

    def _wait(self, heard: Callable[[], Any], latest: float) -> None:
        """Until every worker that still lives has been heard; rows that are still coming in are a word of each."""
        while any(map(self._alive, self._missing(heard()))):
            if monotonic() > max(latest, self._heard + WORKERS_WAIT):
                return
            gevent.sleep(POLL)

    def _alive(self, member: str) -> bool:
        return member in self._runner.clients and self._runner.clients[member].state != STATE_MISSING

    def _dismiss(self, member: str, why: str) -> None:
        """For good: its `parity worker` ends too, or it would be here again in two seconds."""
        self._runner.send_message(DISMISS, {"why": why}, member)
        self._runner.send_message("quit", None, member)
        if member in self._runner.clients:
            del self._runner.clients[member]

    def _on_ask(self, msg: Any, **_: Any) -> None:
        """A question of the clock is the first word of a worker that was taken: by this master, before its end?"""
        if self._over or msg.node_id not in self._runner.clients:
            self._runner.send_message("quit", None, msg.node_id)
        else:
            self._runner.send_message(TIME, {"asked": msg.data["asked"], "read": monotonic()}, msg.node_id)

    def _on_hello(self, msg: Any, **_: Any) -> None:
        self._hellos[msg.node_id] = Hello.heard(msg.data)
        if self._hosts is not None and self._members and msg.node_id not in self._members:
            self._faults = (JOINED,)  # Locust has given it users already, and taken them from the others
            if self._hellos[msg.node_id].host not in self._hosts.names:
                self._dismiss(msg.node_id, f"--workers names {members(self._hosts.names)}")

    def _on_warm(self, msg: Any, **_: Any) -> None:
        self._warm[msg.node_id] = msg.data["settled"]

    def _on_rows(self, msg: Any, **_: Any) -> None:
        self._heard = monotonic()
        if self._rows is not None and msg.node_id in self._members:
            with (self._rows / Path(msg.data["name"]).name).open("ab") as part:
                part.write(msg.data["data"])

    def _on_totals(self, msg: Any, **_: Any) -> None:
        self._totals[msg.node_id] = Totals.model_validate_json(msg.data["totals"])
