"""What a server holds: counted from outside (threads, descriptors, connections to the upstream) and from inside.

Rule: a pool is no leak, and a leak is no pool. A pool stops growing; so what is held after the same work again is
compared with what was held before it. And a connection to the upstream that is kept for the next call is given up when
it has idled for some seconds and another call comes: so a turn is run now and then while we wait, and what then is left
of them, more than one for each worker, is held by a call that nobody closed. Neighbours: `inside` (counts there),
`faults` and `cancellation` (what must leave nothing open).
"""

import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from loadtests.targets import Target
from tests.conformance.fixtures import Launched
from tests.conformance.poll import poll
from tests.conformance.subject import Subject
from tests.links import ROOT
from tests.resilience.part import Frozen

SETTLES = 20.0
"""Seconds within which nothing may be left; longer than the SDK's clients keep an idle connection."""
BETWEEN = 0.4
ALIKE = 3
SHORT = "calculate 6 * 7"
STORE = "sessions.sqlite3"

KINDS = {
    "threads": "threads",
    "descriptors": "descriptors",
    "upstream": "connections to the upstream",
    "tasks": "tasks",
    "greenlets": "greenlets",
    "turns": "turns",
}
HOW = """\
Threads, descriptors and connections are counted from outside; tasks that are not done, greenlets that have begun and
turns that are not closed from inside, by a signal handler that Python loads with
[sitecustomize](../../tests/resilience/inside/sitecustomize.py); no garbage is collected for it. A connection to the
upstream that idles for the next call is no leak: the clients close it when it has idled for some seconds and another
call comes, so turns are run until the count settles, and one for each worker, the last turn's own, is allowed.
Descriptors are all others but those of the session store's file, which has a pool of its own.
"""


class Held(Frozen):
    """What a server's processes hold together.

    `descriptors` are all but the connections to the upstream, counted apart, and the session store's file, whose pool
    grows whenever more turns than ever happen to read at once.
    """

    threads: int
    descriptors: int
    upstream: int
    tasks: int
    greenlets: int
    turns: int

    def beyond(self, before: "Held", workers: int) -> dict[str, int]:
        """What there is more of than before, and how much; of the upstream's connections, than one for each worker."""
        allowed = before.model_dump() | {"upstream": workers, "turns": 0}
        grown = {name: count - allowed[name] for name, count in self.model_dump().items()}
        return {name: more for name, more in grown.items() if more > 0}


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts what one server holds; `upstream` is the port of its upstream, `folder` where it tells what is inside."""

    launched: Launched
    upstream: int
    folder: Path

    @property
    def target(self) -> Target:
        """The server's."""
        return self.launched.process.target

    def take(self) -> Held:
        """As it is now."""
        processes = self.launched.process.processes()
        alive = [count for process in processes for count in [self._inside(process)] if count]
        connections = [one for process in processes for one in process.net_connections("tcp")]
        to_upstream = sum(bool(one.raddr) and one.raddr.port == self.upstream for one in connections)
        of_store = sum(STORE in file.path for process in processes for file in process.open_files())
        return Held(
            threads=sum(process.num_threads() for process in processes),
            descriptors=sum(process.num_fds() for process in processes) - to_upstream - of_store,
            upstream=to_upstream,
            **{name: sum(count[name] for count in alive) for name in ("tasks", "greenlets", "turns")},
        )

    def settled(self) -> Held:
        """Once idle connections are gone and some counts in a row are the same; the last one when they never are."""
        deadline, counts = time.monotonic() + SETTLES, [self.take()]
        while self._unsettled(counts) and time.monotonic() < deadline:
            time.sleep(BETWEEN)
            self._nudge()
            counts.append(self.take())
        return counts[-1]

    def back_to(self, before: Held) -> Held:
        """As soon as nothing is held beyond what was; as it is after `SETTLES` seconds when something is."""
        deadline, workers = time.monotonic() + SETTLES, self.target.workers
        while (now := self.take()).beyond(before, workers) and time.monotonic() < deadline:
            time.sleep(BETWEEN)
            self._nudge()
        return now

    def _unsettled(self, counts: Sequence[Held]) -> bool:
        rest = [one.model_dump(exclude={"upstream"}) for one in counts[-ALIKE:]]
        return counts[-1].upstream > self.target.workers or rest != [rest[-1]] * ALIKE

    def _nudge(self) -> None:
        """Run turns, so many that each worker most likely gets one."""
        for _ in range(2 * self.target.workers - 1):
            self.launched.subject.chat(SHORT)

    def _inside(self, process: psutil.Process) -> dict[str, int]:
        answer = self.folder / str(process.pid)
        answer.unlink(missing_ok=True)
        try:
            process.send_signal(signal.SIGURG)
        except psutil.NoSuchProcess:
            return {}
        poll(answer.exists, SETTLES, f"answer of process {process.pid} to SIGURG")
        counts: dict[str, int] = json.loads(answer.read_text("utf-8"))
        return counts


@contextmanager
def looked_into() -> Iterator[tuple[dict[str, str], Path]]:
    """The settings with which a server tells what is alive inside of it, and the folder where it does."""
    with TemporaryDirectory(prefix="parity-inside-") as folder:
        hook = ROOT / "tests" / "resilience" / "inside"
        yield {"PYTHONPATH": str(hook), "PARITY_INSIDE": folder}, Path(folder)


def fill(server: Subject, atonce: int) -> None:
    """Fill every pool of a server: so many at once wait for the model, then read their session, then run a turn."""
    rounds: tuple[Callable[[int], object], ...] = (
        lambda _: server.chat("/upstream hang"),
        lambda _: server.messages("nobody"),
        lambda _: server.chat(SHORT),
    )
    with ThreadPoolExecutor(atonce) as pool:
        for each in (*rounds, *rounds[1:]):
            list(pool.map(each, range(2 * atonce if each is rounds[1] else atonce)))
