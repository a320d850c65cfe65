"""One short round on a server with a fault: what a test of a gate plays, and what it may do meanwhile.

Rule: the round is the kit's own, server, generator, look and judge; a test only chooses the fault, the load and the
seat. Neighbours: `server` (the fault), `test_gates`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from loadtests.bench import Bench
from loadtests.compare.play import Seat, play
from loadtests.measure.environment import Cores, choose_cores
from loadtests.pinning import kept_to
from loadtests.plan import Level, Model, PlannedRound, PlannedScenario
from loadtests.records import Ceiling, Round
from loadtests.targets import Target

FEW = Level(users=8, seconds=1.0, warmup=0.3)
SERVER = "{python} -m uvicorn tests.validity.server:app --host {host} --port {port} --no-access-log --log-level error"
BURN = "while True: pass"


def faulty(fault: str) -> Target:
    """The deployment with this fault; "" has none."""
    return Target.model_validate(
        {
            "name": "faulty",
            "title": "A server with a fault",
            "framework": "none",
            "server": "uvicorn",
            "workers": 1,
            "command": SERVER,
            "env": {"FAULT": fault},
        }
    )


def played(  # noqa: PLR0913 - independent facts, all but one of them optional
    folder: Path,
    fault: str = "",
    *,
    scenario: str = "chat",
    level: Level = FEW,
    cores: Cores | None = None,
    ceiling: Ceiling | None = None,
    model: Model = "scripted",
    target: Target | None = None,
) -> Round:
    """One round with one level, as compare would play it, on the server with this fault or on `target`."""
    seat = Seat(cores or choose_cores(model), folder / "server.log", ceiling, model=model)
    planned = PlannedRound(number=1, block=1, scenario=scenario, target="faulty")
    with kept_to(seat.cores.generator):
        levels = PlannedScenario(name=scenario, levels=(level,))
        return play(planned, levels, target or faulty(fault), seat, Bench())


@contextmanager
def burning(core: int, number: int = 4) -> Iterator[None]:
    """So many processes that take what they can get of this core."""
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(number)]
    try:
        for burner in burners:
            os.sched_setaffinity(burner.pid, [core])
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


@contextmanager
def meanwhile(hits: Callable[[], bool]) -> Iterator[None]:
    """Ask again and again until it says that it has hit, or the block is over."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.02) and not hits():
            pass

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def generators() -> Iterator[psutil.Process]:
    """Locust, among the processes that this one has started."""
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "locust" in child.cmdline():
                yield child


def kill_the_generator() -> bool:
    """Kill it once it runs; whether it was there."""
    found = list(generators())
    for child in found:
        child.send_signal(signal.SIGKILL)
    return bool(found)


def move_the_generator(core: int) -> bool:
    """Bind it to this core whenever it is on another."""
    for child in generators():
        with suppress(psutil.NoSuchProcess):
            child.cpu_affinity([core])
    return False
