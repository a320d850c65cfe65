"""Sends a scenario's requests inside a Locust process: closed loop, open loop, and a watch on the process itself.

Rule: what is recorded is what the client saw; an answer that is not as expected is a failure with a reason,
whatever its speed. Imports gevent, so it belongs in Locust's process only. Neighbours: `client` sends and
reads, `answer` judges, `scenarios` says what, `recorder` counts, `hooks` puts it into Locust's life, `locustfile` has
the users.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, process_time
from typing import Any, Final

import gevent
from gevent.hub import Waiter, get_hub
from gevent.lock import BoundedSemaphore
from gevent.pool import Group

from loadtests.arrivals import WHOLE, Arrivals, Part, schedule, share
from loadtests.drive import answer
from loadtests.drive.client.chatstream import ChatStream
from loadtests.drive.client.hub import HubConnection
from loadtests.drive.client.message import Endpoint, Reply, prepare
from loadtests.drive.receipt import turn_of
from loadtests.drive.recorder import Outcome, Recorder, Streamed
from loadtests.scenarios import Call, Scenario

HUB_TICK: Final = 0.002
LATE: Final = 0.002  # an arrival begun more than this after it was due is counted as late
TIMEOUT_TICK: Final = 0.1
PAUSE: Final = 0.1  # after an exchange without an answer, so that a dead server is not hammered

Going = Callable[[], bool]
Tell = Callable[[Call, Outcome, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to load, as given on Locust's command line. Times in seconds, `rate` in requests a second (0: closed).

    `words`: whether what streams say is checked, as it can be where the model behind the server is the kit's own.
    """

    url: str
    key: str
    rate: float = 0.0
    arrivals: Arrivals = "constant"
    seed: int = 1
    part: Part = WHOLE
    timeout: float = 30.0
    max_in_flight: int = 1_000
    connections: int = 1_000
    words: bool = False


class Sender:
    """Sends the calls of one scenario in turn, judges the answers and records them."""

    def __init__(self, scenario: Scenario, options: Options, recorder: Recorder, tell: Tell | None = None) -> None:
        """`tell` hears of every outcome too; `recorder` has them all."""
        self.recorder = recorder
        self._options = options
        self._slo = scenario.slo
        self._sample_every = scenario.sample_every
        self._tell = tell
        self._endpoint = Endpoint.of(options.url)
        self._answered: Counter[int] = Counter()
        self._calls = tuple((call, self._prepare(call)) for call in scenario.calls)
        self._probe = (scenario.probe, self._prepare(scenario.probe)) if scenario.probe else None
        self._probe_rate = 1 / scenario.probe_interval
        self._idle: list[HubConnection] = []
        self._slots = BoundedSemaphore(options.connections)
        self._busy: dict[HubConnection, None] = {}  # in the order of their deadlines, which all are as far away

    def closed_loop(self, user: int, going: Going) -> None:
        """One user: the next request when the answer to the last has come. `user` shifts its turn of the calls."""
        connection = self._connection()
        number = user
        try:
            while going():
                call, request = self._calls[number % len(self._calls)]
                self.recorder.enter()
                try:
                    answered = self._send(connection, call, request, monotonic())
                finally:
                    self.recorder.leave()
                number += 1
                if not answered:
                    gevent.sleep(PAUSE)
        finally:
            connection.close()

    def open_loop(self, start: float, user: int, going: Going) -> None:
        """Arrivals at the given rate, a greenlet each; when too many are in flight, an arrival is dropped.

        One that finds all `connections` in use waits for one, as in any client's pool: it is sent late, and the wait
        is the difference between the latency from its intended and from its actual send time.
        """
        options, running = self._options, Group()
        for number, due in enumerate(share(options.arrivals, options.rate, options.seed + user, options.part)):
            gevent.sleep(max(start + due - monotonic(), 0))
            end, here = self.recorder.window.end, going()
            if start + due >= end or (not here and monotonic() < end):
                break
            if not here or self.recorder.in_flight >= options.max_in_flight:  # not here: due in it, and it has closed
                self.recorder.arrival(start + due, dropped=True)
                continue
            self.recorder.enter()
            running.spawn(self._arrive, number, start + due)
        running.join()
        self._hang_up()

    def probe_loop(self, going: Going) -> None:
        """The scenario's probe at its interval, an open loop too, so that a slow answer delays no later probe."""
        if self._probe is None:
            return
        running, start = Group(), monotonic()
        for due in schedule("constant", self._probe_rate, 0):
            gevent.sleep(max(start + due - monotonic(), 0))
            if not going():
                break
            running.spawn(self._probe_once, *self._probe, start + due)
        running.join()
        self._hang_up()

    def enforce_timeouts(self) -> None:
        """End exchanges that take too long, as long as this greenlet lives: one timer for all of them."""
        while True:
            gevent.sleep(TIMEOUT_TICK)
            now = monotonic()
            for connection in tuple(self._busy):
                if not connection.expire(now):
                    break

    def _connection(self) -> HubConnection:
        return HubConnection(self._endpoint, timeout=self._options.timeout)

    def _hang_up(self) -> None:
        """Close the pool's connections; whoever still shares it opens others."""
        while self._idle:
            self._idle.pop().close()

    def _probe_once(self, call: Call, request: bytes, due: float) -> None:
        self._pooled(call, request, due, apart=True)

    def _arrive(self, number: int, due: float) -> None:
        try:
            call, request = self._calls[number % len(self._calls)]
            with self._slots:
                self.recorder.arrival(due, late=monotonic() - due > LATE)
                self._pooled(call, request, due)
        finally:
            self.recorder.leave()

    def _pooled(self, call: Call, request: bytes, due: float, *, apart: bool = False) -> None:
        connection = self._idle.pop() if self._idle else self._connection()
        try:
            self._send(connection, call, request, due, apart=apart)
        except BaseException:  # killed inside an exchange: the rest of its answer must not meet the next request
            connection.close()
            raise
        self._idle.append(connection)

    def _send(self, connection: HubConnection, call: Call, request: bytes, due: float, *, apart: bool = False) -> bool:
        """One exchange, judged and recorded; whether there was an answer at all."""
        stream = ChatStream() if call.stream else None
        self._busy[connection] = None
        if stream is not None:
            self.recorder.progress.begins(stream, monotonic())
        try:
            reply = connection.exchange(request, stream)
        finally:
            del self._busy[connection]
            if stream is not None:
                self.recorder.progress.ends(stream)
        reason = self._problem(call, reply, stream)
        streamed = None
        if stream is not None and reply.status == call.expect:
            complete = stream.complete and reply.failure is None
            streamed = Streamed(stream.first_content, stream.stamps, complete)
        outcome = Outcome(
            intended=due,
            sent=reply.sent,
            first_byte=reply.first_byte,
            end=reply.end,
            reason=reason,
            example=answer.example(reply, stream) if reason else "",
            group=call.group,
            apart=apart,
            good=reason is None and answer.good(self._slo, due, reply, streamed),
            streamed=streamed,
            status=reply.status,
        )
        self.recorder.record(outcome)
        if call.asks_the_model and (turn := turn_of(reply, stream)) is not None:
            self.recorder.received(turn)
        if self._tell is not None:
            self._tell(call, outcome, len(reply.body))
        return reply.failure is None

    def _problem(self, call: Call, reply: Reply, stream: ChatStream | None) -> str | None:
        """Why this answer is a failure, or None."""
        if (problem := answer.problem(call, reply, stream)) is not None:
            return problem
        checked = call.check is not None if stream is None else self._options.words and call.said is not None
        if not checked or not self._sampled(call, reply):
            return None
        self.recorder.checked()
        return answer.complaint(call, reply, stream)

    def _sampled(self, call: Call, reply: Reply) -> bool:
        """Whether this body is checked: of each call the first that the window holds, and then one in so many."""
        if not self.recorder.window.holds(reply.sent):
            return False
        before = self._answered[id(call)]
        self._answered[id(call)] += 1
        return before % self._sample_every == 0

    def _prepare(self, call: Call) -> bytes:
        headers = {"X-API-Key": self._options.key, "Accept": "*/*"}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        return prepare(self._endpoint, call.method, call.path, headers, call.body)


class Watch:
    """The generator's own health: how late the hub runs a greenlet that is due, and the CPU it takes."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._marks: list[tuple[float, float]] = []
        self._due = 0.0

    def run(self) -> None:
        """Watch through the window; a greenlet of its own."""
        gevent.sleep(max(self._recorder.window.start - monotonic(), 0))
        self._mark()
        over: Waiter[None] = Waiter()
        timer = get_hub().loop.timer(HUB_TICK, HUB_TICK)
        self._due = monotonic() + HUB_TICK
        timer.start(self._tick, timer, over, update=True)
        try:
            over.get()
        finally:
            timer.stop()
            timer.close()
        self._mark()

    def _tick(self, timer: Any, over: Waiter[None]) -> None:
        """The hub's own callback: a greenlet that sleeps would cost the load ten times as much."""
        now = monotonic()
        self._count(now - self._due)
        if now >= self._recorder.window.end:
            over.switch(None)
        else:
            self._due = now + HUB_TICK
            timer.again(self._tick, timer, over, update=True)

    def _count(self, late: float) -> None:
        """A tick, and those that would have been due while the hub stood still: one long stop is many late ticks."""
        self._recorder.hub_lag.add(late)
        for missed in range(1, int(late / HUB_TICK) + 1):
            self._recorder.hub_lag.add(late - missed * HUB_TICK)

    @property
    def cpu_percent(self) -> float:
        """CPU time of this process over the window, in percent of one core."""
        if len(self._marks) < 2:
            self._mark()
        (start, spent), (end, spent_later) = self._marks[0], self._marks[-1]
        return 100 * (spent_later - spent) / (end - start) if end > start else 0.0

    def _mark(self) -> None:
        self._marks.append((monotonic(), process_time()))
