"""One server under its users for a while, looked at from outside.

Rule: a broken promise does not end the soak: it is kept as a sentence, and the user begins a new session; however the
block ends, users have stopped and no process is left. Neighbours: `users`, `model`, loadtests.upstream (the model).
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests import upstream
from loadtests.serve import Server
from loadtests.targets import Target
from tests.conformance.fixtures import started
from tests.conformance.subject import Subject, fresh
from tests.resilience.soak.model import Look, Soak
from tests.resilience.soak.users import User

USERS = 8
MOST = 50  # sentences kept: a server that is down would say the same thing a thousand times
# long enough for two retries, each after a second, short enough for many silences in half an hour
SETTINGS = {"MODEL_FIRST_TOKEN_TIMEOUT": "5", "MODEL_TIMEOUT": "2", "STREAM_HEARTBEAT": "0.4"}
TTFT, ITL = 0.05, 0.02


@dataclass(frozen=True)
class Course:
    """`seconds` of load, a look `every` so many seconds; logs go into the folder; set, `stopped` ends it."""

    seconds: float
    every: float
    folder: Path
    seed: int
    stopped: threading.Event


def soak(target: Target, course: Course) -> Soak:
    """Play it."""
    seconds, folder, seed = course.seconds, course.folder, course.seed
    with upstream.running(ttft=TTFT, itl=ITL, jitter=0.5, seed=seed, log=folder / f"{target.name}-model.log") as model:
        settings = {**model.settings, **SETTINGS}
        with started(target, settings, folder / f"{target.name}.log") as launched:
            crowd = Crowd(launched.subject, course)
            looks = crowd.play(lambda: look(launched.process))
        stats = model.stats()
    counted = {name: getattr(stats, name) for name in ("requests", "completed", "cancelled", "tokens", "connections")}
    return Soak(
        target=target.name,
        seconds=seconds,
        looks=tuple(looks),
        done=dict(sum((user.done for user in crowd.users), Counter[str]())),
        answers=dict(sum((user.answers for user in crowd.users), Counter[str]())),
        upstream=counted,
        broken=tuple(crowd.broken[:MOST]),
    )


class Crowd:
    """The users of one server, each in a thread of its own."""

    def __init__(self, server: Subject, course: Course) -> None:
        self.users = [User(server, random.Random(f"{course.seed} {number}")) for number in range(USERS)]
        self.broken: list[str] = []
        self._course = course
        self._until = time.monotonic() + course.seconds

    @property
    def over(self) -> bool:
        """Whether there is no more to do."""
        return self._course.stopped.is_set() or time.monotonic() >= self._until

    def play(self, take: Callable[[], tuple[float, int, int]]) -> list[Look]:
        """Let them act until the time is over; the looks meanwhile."""
        threads = [threading.Thread(target=self._live, args=(user,), daemon=True) for user in self.users]
        began, looks = time.monotonic(), []
        for thread in threads:
            thread.start()
        while not self.over:
            at, (rss, some, many) = time.monotonic() - began, take()
            looks.append(Look(at=round(at, 1), rss_mib=round(rss, 1), threads=some, descriptors=many))
            self._course.stopped.wait(min(self._course.every, max(0.0, self._until - time.monotonic())))
        for thread in threads:
            thread.join()
        return looks

    def _live(self, user: User) -> None:
        while not self.over and len(self.broken) < MOST:
            try:
                user.act()
            except Exception as error:  # whatever it was, the server's clients were promised something else
                self.broken.append(f"{user.server.name}: {type(error).__name__}: {error}")
                user.session, user.seen = fresh(), []


def look(server: Server) -> tuple[float, int, int]:
    """The tree's RSS in MiB, its threads and its descriptors."""
    seen = list(_each(server.processes()))
    return (sum(one[0] for one in seen) / 1024**2, sum(one[1] for one in seen), sum(one[2] for one in seen))


def _each(processes: Iterable[psutil.Process]) -> Iterable[tuple[int, int, int]]:
    for process in processes:
        with suppress(psutil.NoSuchProcess), process.oneshot():
            yield process.memory_info().rss, process.num_threads(), process.num_fds()
