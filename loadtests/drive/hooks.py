"""Puts the load into Locust's life: its options, the window of a test, merging over workers, the result file.

Rule: everything of one test lives in a `Session` that hangs on Locust's environment; there is no global
state. Without `--parity-json` Locust's own statistics show what happens; with it they stay empty, because
filling them costs a third of the generator, and the JSON has it all. Neighbours: `locustfile`, `generator`,
`drive` (starts this, reads the file).
"""

from __future__ import annotations

import gc
import logging
import random
from itertools import count
from pathlib import Path
from time import monotonic, time
from typing import Any, Final, cast

import gevent
from gevent.pool import Group
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopTest
from locust.runners import MasterRunner, WorkerRunner
from locust.stats import StatsEntry
from locust.user.task import LOCUST_STATE_STOPPING
from locust.user.users import User

from loadtests.drive.generator import Options, Sender, Watch
from loadtests.drive.recorder import Outcome, Recorder, Window
from loadtests.drive.totals import Totals, merge
from loadtests.errors import UserError
from loadtests.scenarios import Call, find

Hooks = Any  # locust.event.Events, whose methods have no types
MESSAGE: Final = "parity-totals"
_OPTIONS: Final = ("key", "rate", "arrivals", "seed", "timeout", "max_in_flight", "connections")
WORKERS_WAIT: Final = 10.0
log = logging.getLogger(__name__)


class UnexpectedAnswer(Exception):
    """What Locust's page shows as the reason of a failure."""


def install(events: Hooks) -> None:
    """Hook everything in; called once, by the locustfile, with `locust.events`."""
    events.init_command_line_parser.add_listener(_add_options)
    events.init.add_listener(_begin)


def session_of(environment: Environment) -> Session:
    """The session of this Locust process."""
    return cast(Session, vars(environment)["parity"])


def _begin(environment: Environment, **_: Any) -> None:
    vars(environment)["parity"] = Session(environment)


def _add_options(parser: LocustArgumentParser) -> None:
    group = parser.add_argument
    group("--key", env_var="PARITY_KEY", default="", is_secret=True, help="X-API-Key to send")
    group("--rate", type=float, default=0.0, help="Open loop: requests a second of each user (0: closed loop)")
    group("--arrivals", choices=("constant", "poisson"), default="constant", help="Open loop: how they come")
    group("--seed", type=int, default=1, help="Open loop: fixes the schedule of the arrivals")
    group("--timeout", type=float, default=30.0, help="Seconds for one whole request")
    hidden: dict[str, Any] = {"include_in_web_ui": False}
    group("--max-in-flight", type=int, default=1_000, help="Open loop: more than this are dropped", **hidden)
    group("--connections", type=int, default=1_000, help="Open loop: more than this wait", **hidden)
    group("--warmup", type=float, default=0.0, help="Seconds that do not count", **hidden)
    group("--window", type=float, default=0.0, help="Seconds that count; then the test ends", **hidden)
    group("--parity-json", default="", help="File for the result, with --window", **hidden)
    if not parser.get_default("user_classes"):  # none named: one request, one stream, each with its figures
        parser.set_defaults(user_classes=["ChatUser", "StreamUser"])


class Session:
    """One Locust process's part in the tests it runs, one after the other."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._totals: dict[str, Totals] = {}
        self._watching = Group()
        self._reset()
        hooks: Hooks = environment.events
        hooks.test_start.add_listener(self._on_start)
        hooks.test_stop.add_listener(self._on_stop)
        hooks.quitting.add_listener(self._on_quitting)
        hooks.user_error.add_listener(self._on_user_error)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(MESSAGE, self._on_totals)

    def load(self, user: User, scenario: str, *, probe: bool = False) -> None:
        """Be one user of this scenario until the test or its window is over."""
        sender, number = self._sender(scenario), next(self._numbers)

        def going() -> bool:
            return user._state != LOCUST_STATE_STOPPING and monotonic() < self._recorder.window.end

        if probe:
            sender.probe_loop(going)
        elif self._options.rate > 0:
            sender.open_loop(self._start, number, going)
        else:
            spread = min(self._option("warmup") / 2, 1.0)  # so that the users do not go in step
            gevent.sleep(random.Random(number).uniform(0, spread))  # noqa: S311 - a spread, not a secret
            sender.closed_loop(number, going)

    def _sender(self, scenario: str) -> Sender:
        if scenario not in self._senders:
            tell = None if self._option("parity_json") else self._tell
            try:
                self._senders[scenario] = Sender(find(scenario), self._options, self._recorder, tell)
                self._watching.spawn(self._senders[scenario].enforce_timeouts)
            except UserError as error:
                raise StopTest(f"{error} (Locust's --host is the server's base URL)") from error
        return self._senders[scenario]

    def _reset(self) -> None:
        self._start = monotonic()
        warmup = self._option("warmup")
        window = Window(self._start + warmup, self._option("window") or Window(0).seconds)
        self._recorder = Recorder(window, started_at=time() + warmup)
        self._watch = Watch(self._recorder)
        self._senders: dict[str, Sender] = {}
        self._numbers = count()
        self._options = Options(
            url=self._environment.host or "",
            **{name: self._option(name) for name in _OPTIONS},
        )

    def _option(self, name: str) -> Any:
        return getattr(self._environment.parsed_options, name)

    def _on_start(self, environment: Environment, **_: Any) -> None:
        gc.collect()
        gc.freeze()  # a full collection of Locust's modules stops the hub for tens of ms
        self._reset()
        if not isinstance(environment.runner, MasterRunner):
            self._watching.spawn(self._watch.run)
        if self._option("window") and not isinstance(environment.runner, WorkerRunner):
            gevent.spawn(self._end)

    def _end(self) -> None:
        """When the window is over: no new request, the open ones finish (within --stop-timeout), then quit."""
        runner = self._environment.runner
        if runner is None:
            return
        gevent.sleep(self._recorder.window.end - monotonic())
        if isinstance(runner, MasterRunner):
            gevent.sleep(1.0)  # the workers' windows began a little later
            runner.stop()
            latest = monotonic() + WORKERS_WAIT
            while len(self._totals) < runner.worker_count and monotonic() < latest:
                gevent.sleep(0.05)
        runner.quit()

    def _on_stop(self, environment: Environment, **_: Any) -> None:
        runner = environment.runner
        self._watching.kill()
        if runner is None or isinstance(runner, MasterRunner) or not self._option("parity_json"):
            return
        totals = self._recorder.totals(cpu_percent=self._watch.cpu_percent)
        if isinstance(runner, WorkerRunner):
            runner.send_message(MESSAGE, {"totals": totals.model_dump_json()})
        else:
            self._totals["local"] = totals

    def _on_totals(self, msg: Any, **_: Any) -> None:
        self._totals[msg.node_id] = Totals.model_validate_json(msg.data["totals"])

    def _on_quitting(self, environment: Environment, **_: Any) -> None:
        path = self._option("parity_json")
        if path and not isinstance(environment.runner, WorkerRunner):
            if not self._totals:
                log.error("no result: the test was stopped before its window was over")
                return
            Path(path).write_text(merge(tuple(self._totals.values())).model_dump_json(), "utf-8")

    def _on_user_error(self, exception: BaseException, **_: Any) -> None:
        """An exception in a user is a fault of the generator, not of the server: no result can be trusted."""
        if self._option("parity_json") and self._environment.runner is not None:
            log.critical("the generator failed: %r", exception)
            self._environment.process_exit_code = 1
            self._totals.clear()
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
