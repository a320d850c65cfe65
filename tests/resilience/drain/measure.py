"""The whole measurement: every deployment stopped in every way, and every one of several workers robbed of one.

Rule: one server at a time, so that none makes another late. Neighbours: `stopping`, `killing` (one each), `page`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests import upstream
from loadtests.targets import Target
from tests.resilience.drain.deployments import deployments
from tests.resilience.drain.killing import killed
from tests.resilience.drain.measured import DrainMeasured, Killed, Stopped
from tests.resilience.drain.stopping import Stop, stopped
from tests.resilience.part import Tell, machine, now

SIGTERM = Stop("SIGTERM")
UPSTREAM = Stop("SIGTERM, the model behind HTTP", grace=6.0, itl=0.1)  # 54 calls at once take a process a while
TWICE = Stop("SIGTERM, and again 0.5 s later", ((0.0, signal.SIGTERM), (0.5, signal.SIGTERM)), streams=10)
IDLE = Stop("SIGTERM, all workers idle but one", streams=1, chats=0, between=0.03)
CTRL_C = Stop("Ctrl-C", ((0.0, signal.SIGINT),), whole_group=True, promised=False, streams=10)
STOPS = (SIGTERM, UPSTREAM, TWICE, IDLE, CTRL_C)


def measure(tell: Tell) -> DrainMeasured:
    """Stop and kill all there is."""
    taken = now()
    with TemporaryDirectory(prefix="parity-drain-") as name:
        stops = tuple(_stops(Path(name), tell))
        kills = tuple(_kills(Path(name), tell))
    broken = tuple(chain.from_iterable([*(one.broken for one in stops), *(one.broken for one in kills)]))
    return DrainMeasured(taken=taken, machine=machine(), broken=broken, stopped=stops, killed=kills)


def _stops(folder: Path, tell: Tell) -> Iterator[Stopped]:
    for stop in STOPS:
        tell(stop.name)
        for number, target in enumerate(_stoppable(stop)):
            with behind(stop, folder / f"upstream-{number}.log") as ready:
                one = stopped(target, ready, folder)
            tell(f"  {target.name}: gone after {one.gone} s, exit code {one.code}, {len(one.broken)} broken")
            yield one


def _kills(folder: Path, tell: Tell) -> Iterator[Killed]:
    tell("kill -9 of one worker")
    for target in (each for each in deployments() if each.workers > 1):
        one = killed(target, folder)
        tell(f"  {target.name}: replaced after {one.replaced} s, {len(one.broken)} broken")
        yield one


def _stoppable(stop: Stop) -> tuple[Target, ...]:
    return tuple(each for each in deployments() if stop is not IDLE or each.workers > 1)


@contextmanager
def behind(stop: Stop, log: Path) -> Iterator[Stop]:
    """The stop, with its model behind HTTP where it says so."""
    if stop is not UPSTREAM:
        yield stop
        return
    with upstream.running(itl=stop.itl, log=log) as up:
        yield replace(stop, settings=up.settings)
