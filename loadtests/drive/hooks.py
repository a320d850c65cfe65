"""Puts the load into Locust's life: the start and the end of a test, its figures on Locust's own page.

Rule: everything of one test lives in a `Session` that hangs on Locust's environment; there is no global
state. Without `--parity-json` Locust's own statistics show what happens; with it they stay empty, because
filling them costs a third of the generator, and the JSON has it all. Neighbours: `locustfile`, `generator`,
`options`,
`opening` (a test in one process), `crew` (a test over several), `drive` (starts this, reads the file).
"""

from __future__ import annotations

import gc
import logging
import random
from itertools import count
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, time
from typing import Any, Final, cast

import gevent
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from locust.env import Environment
from locust.exception import StopTest
from locust.runners import MasterRunner, WorkerRunner
from locust.stats import StatsEntry
from locust.user.task import LOCUST_STATE_STOPPING
from locust.user.users import User

from loadtests.arrivals import Part
from loadtests.drive.crew import OPEN, TOTALS, WARM, Crew, NotCome
from loadtests.drive.generator import Options, Sender
from loadtests.drive.member import Member, Orders
from loadtests.drive.opening import Stint, Timing
from loadtests.drive.options import SENDING, SHARED, add_options
from loadtests.drive.recorder import Outcome
from loadtests.drive.totals import Totals
from loadtests.errors import UserError
from loadtests.hosts import Hosts
from loadtests.scenarios import Call, find

Hooks = Any  # locust.event.Events, whose methods have no types
SPREAD: Final = 0.2  # seconds over which a closed loop's users begin, so that they do not go in step
STREAM_SPREAD: Final = 1.0  # the same where an answer takes more than a second
WORKER_STRIDE: Final = 1_000  # users are numbered over all workers
log = logging.getLogger(__name__)


class UnexpectedAnswer(Exception):
    """What Locust's page shows as the reason of a failure."""


def install(events: Hooks) -> None:
    """Hook everything in; called once, by the locustfile, with `locust.events`."""
    events.init_command_line_parser.add_listener(add_options)
    events.init.add_listener(_begin)


def session_of(environment: Environment) -> Session:
    """The session of this Locust process."""
    return cast(Session, vars(environment)["parity"])


def _begin(environment: Environment, **_: Any) -> None:
    vars(environment)["parity"] = Session(environment)


class Session:
    """One Locust process's part in the tests it runs, one after the other."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._watching = Group()
        self._result: Totals | None = None
        self._failed = False
        self._scratch: TemporaryDirectory[str] | None = None
        runner = environment.runner
        rows = Path(self._option("parity_rows")) if self._option("parity_rows") else None
        self._crew = Crew(runner, self._hosts(), rows) if isinstance(runner, MasterRunner) else None
        self._member = Member(runner) if isinstance(runner, WorkerRunner) else None
        self._reset()
        hooks: Hooks = environment.events
        hooks.test_start.add_listener(self._on_start)
        hooks.test_stop.add_listener(self._on_stop)
        hooks.quitting.add_listener(self._on_quitting)
        hooks.user_error.add_listener(self._on_user_error)
        if isinstance(runner, WorkerRunner):
            runner.register_message(OPEN, self._on_open)
        if self._crew is not None:
            self._muster(self._crew)

    def load(self, user: User, scenario: str, *, probe: bool = False) -> None:
        """Be one user of this scenario until the test or its window is over."""
        if self._idle:
            return
        sender, recorder = self._sender(scenario), self._stint.recorder

        def going() -> bool:
            return user._state != LOCUST_STATE_STOPPING and monotonic() < recorder.window.end

        if probe:
            sender.probe_loop(going)
            return
        number, part = next(self._numbers), self._options.part
        apart = number + WORKER_STRIDE * part.number
        if self._options.rate > 0:
            sender.open_loop(self._start, apart if part.of == 1 else number, going)
            return
        gevent.sleep(random.Random(apart).uniform(0, self._timing.spread))  # noqa: S311 - a spread, not a secret
        sender.closed_loop(apart, going)

    def _sender(self, scenario: str) -> Sender:
        with self._making:  # looking up the host lets the other users run, and each would make its own
            if scenario not in self._senders:
                tell = None if self._option("parity_json") else self._tell
                try:
                    self._senders[scenario] = Sender(find(scenario), self._options, self._stint.recorder, tell)
                    self._watching.spawn(self._senders[scenario].enforce_timeouts)
                except UserError as error:
                    raise StopTest(f"{error} (Locust's --host is the server's base URL)") from error
        return self._senders[scenario]

    def _reset(self) -> None:
        begin, orders = self._option("begin"), self._orders
        self._start = (self._ours(begin) if begin else None) or monotonic()
        warmup, streams = self._option("warmup"), orders.streams
        spread = min(warmup / 2, STREAM_SPREAD) if streams else min(warmup / 4, SPREAD)
        self._timing = Timing(warmup=warmup, spread=spread, window=self._option("window"))
        self._stint = Stint(self._timing, self._start, self._rows_folder())
        self._senders: dict[str, Sender] = {}
        self._making = BoundedSemaphore()
        self._numbers = count()
        share = {name: ceil(self._option(name) / self._option("parts")) for name in SHARED}
        self._options = Options(
            url=self._environment.host or "",
            part=Part(orders.number, self._option("parts")),
            **share,
            **{name: self._option(name) for name in SENDING},
        )

    @property
    def _orders(self) -> Orders:
        """What the crew said, which knows who takes part; else as Locust counts its workers."""
        if self._member is not None and self._member.orders is not None:
            return self._member.orders
        runner = self._environment.runner
        number = max(runner.worker_index, 0) if isinstance(runner, WorkerRunner) else 0
        return Orders(number, self._option("parts"), any(map(_streams, self._environment.user_classes)))

    @property
    def _idle(self) -> bool:
        """A worker of a load host that came when the round had begun: Locust gives it users, and it has no part."""
        return bool(self._member and self._member.orders is None and self._option("parity_hosts"))

    def _ours(self, moment: float) -> float | None:
        """A moment of the master's clock in this process's."""
        return moment if self._member is None else self._member.ours(moment)

    def _rows_folder(self) -> str | None:
        """Where this process writes its rows; a load host has a folder of its own, and sends them."""
        if self._member is None or not self._option("parity_hosts") or not self._option("parity_rows"):
            return self._option("parity_rows") or None
        self._scratch = TemporaryDirectory(prefix="parity-rows-")
        return self._scratch.name

    def _hosts(self) -> Hosts | None:
        """The load hosts that the master waits for."""
        if not self._option("parity_hosts"):
            return None
        names, option = tuple(self._option("parity_hosts").split(",")), self._option
        where = option("master_bind_host"), option("master_bind_port")
        return Hosts(names, *where, option("parity_wait"), option("parts") // len(names))

    def _muster(self, crew: Crew) -> None:
        """Locust begins when this returns; it waits for a number of workers, and the crew for these."""
        try:
            crew.muster()
        except NotCome as error:
            Path(self._option("parity_refused")).write_text(str(error), "utf-8")
            self._environment.process_exit_code = 1
            crew.quit()
            raise SystemExit(1) from error

    def _option(self, name: str) -> Any:
        return getattr(self._environment.parsed_options, name)

    def _on_start(self, **_: Any) -> None:
        gc.collect()
        gc.freeze()  # a full collection of Locust's modules stops the hub for tens of ms
        if self._crew is not None:  # one beginning for all workers, which are told it with the options
            streams = any(map(_streams, self._environment.user_classes))
            vars(self._environment.parsed_options)["begin"] = self._crew.begin(streams=streams)
        self._reset()
        if self._timing.window:
            gevent.spawn(self._play if self._crew is None else self._lead).link_exception(self._broken)
        elif self._crew is None:
            warm = self._timing.warmup
            self._stint.open(monotonic() + warm, time() + warm, steady=False)
            self._watching.spawn(self._stint.watch)

    def _play(self) -> None:
        """The test in a process that sends load, up to the window; alone, it opens the window itself."""
        steady, runner = self._stint.settle(), self._environment.runner
        if isinstance(runner, WorkerRunner):
            runner.send_message(WARM, {"settled": steady})
        else:
            self._stint.open(monotonic(), time(), steady=steady)
            self._measure()

    def _on_open(self, msg: Any, **_: Any) -> None:
        if self._idle:
            return
        at = self._ours(msg.data["at"]) or monotonic()
        self._stint.open(at, msg.data["unix"], steady=msg.data["steady"])
        gevent.spawn(self._measure).link_exception(self._broken)

    def _measure(self) -> None:
        """The window; when it is over no new request is sent, the open ones finish (within --stop-timeout)."""
        self._stint.watch()
        runner = self._environment.runner
        if runner is not None:  # quitting keeps the hub busy for 40 ms: answers still under way would be measured late
            runner.user_greenlets.join(timeout=self._environment.stop_timeout)
        if isinstance(runner, WorkerRunner):
            totals = self._stint.totals(self._options.part.number)
            if self._scratch is not None and self._member is not None:
                self._member.send_rows(Path(self._scratch.name))
                self._scratch.cleanup()
            runner.send_message(TOTALS, {"totals": totals.model_dump_json()})
        elif runner is not None:
            runner.quit()

    def _lead(self) -> None:
        if self._crew is not None:
            self._crew.lead(self._start, self._timing, self._environment.stop_timeout or 0.0)
            self._result = self._crew.result()
            self._crew.quit()

    def _on_stop(self, environment: Environment, **_: Any) -> None:
        self._watching.kill()
        self._stint.stopped()
        alone = not isinstance(environment.runner, MasterRunner | WorkerRunner)
        if alone and self._option("parity_json") and self._stint.over and not self._failed:
            self._result = self._stint.totals(0)

    def _on_quitting(self, environment: Environment, **_: Any) -> None:
        path = self._option("parity_json")
        if not path or isinstance(environment.runner, WorkerRunner):
            return
        if self._result is None:
            log.error("no result: the test was stopped before its window was over, or no worker was left to tell")
        elif not self._failed:
            Path(path).write_text(self._result.model_dump_json(), "utf-8")

    def _broken(self, greenlet: gevent.Greenlet[..., Any]) -> None:
        self._on_user_error(exception=greenlet.exception or RuntimeError("killed"))

    def _on_user_error(self, exception: BaseException, **_: Any) -> None:
        """An exception in here is a fault of the generator, not of the server: no result can be trusted."""
        if self._option("parity_json") and self._environment.runner is not None:
            log.critical("the generator failed: %r", exception)
            self._environment.process_exit_code = 1
            self._failed = True
            gevent.spawn(self._environment.runner.quit)

    def _tell(self, call: Call, outcome: Outcome, size: int) -> None:
        """Show an outcome in Locust's statistics: the request, and for a stream its TTFT, gaps and longest gap."""
        hooks: Hooks = self._environment.events
        hooks.request.fire(
            request_type=call.method,
            name=call.name,
            response_time=(outcome.end - outcome.intended) * 1e3,
            response_length=size,
            exception=UnexpectedAnswer(outcome.reason) if outcome.reason else None,
            context={},
        )
        if outcome.streamed is None:
            return
        gaps = outcome.streamed.gaps
        first = outcome.streamed.first_content
        self._row("TTFT", call.name, [] if first is None else [first - outcome.sent])
        self._row("ITL", call.name, gaps)
        self._row("GAP max", call.name, [max(gaps)] if gaps else [])

    def _row(self, kind: str, name: str, seconds: list[float]) -> None:
        """Add these to a row of its own, at once and not to the aggregate, which is of requests."""
        stats = self._environment.stats
        batch = StatsEntry(stats, name, kind)
        for value in seconds:
            batch.log(value * 1e3, 0)  # type: ignore[arg-type]  # Locust's hint says int, its arithmetic is float
        if seconds:
            stats.get(name, kind).extend(batch)


def _streams(user_class: type[User]) -> bool:
    scenario = getattr(user_class, "scenario", "")
    return bool(scenario) and find(scenario).streams
