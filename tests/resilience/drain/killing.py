"""Kills one of several workers under a steady flow of turns and streams, and says who noticed.

Rule: the worker is stopped (SIGSTOP) before it is killed, so that the connections which it holds at that moment are
known exactly, by their port; whoever holds another one must notice nothing. Neighbours: `client`, `measured`.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil

from loadtests.targets import Target
from tests.conformance.fixtures import Launched, started
from tests.conformance.poll import poll
from tests.conformance.subject import Subject
from tests.resilience.drain import client as seen
from tests.resilience.drain.client import CHAT, STREAM, Client
from tests.resilience.drain.measured import Killed

LANES = (CHAT, STREAM) * 8
SETTINGS = {"SCRIPTED_ITL": "0.02"}  # a turn lasts half a second
BEFORE, AFTER = 1.0, 2.0  # seconds of flow: until the kill, and from when the worker has been replaced
REPLACED = 20.0  # seconds that a new worker may take to be ready: a look of the parent, and a start


def killed(target: Target, folder: Path) -> Killed:
    """Start it, let turns flow, kill a worker that has some in hand, let them flow on."""
    clients: list[Client] = []
    with started(target, SETTINGS, folder / f"{target.name}-killed.log") as launched:
        before = set(_workers(launched))
        with _flow(launched.subject, clients) as lasted:
            lasted.wait(BEFORE)
            ports, at = _kill(max(before, key=lambda worker: len(_held(worker))))
            poll(lambda: _starts(launched) > target.workers, REPLACED, "worker in its place")
            replaced = time.monotonic() - at
            lasted.wait(AFTER)
        workers = len(_workers(launched))
    hit = [each for each in clients if each.port in ports and each.over is not None and each.over >= at]
    spared = [each for each in clients if each not in hit]
    return Killed(
        target=target.name,
        hit=dict(Counter(each.outcome for each in hit)),
        spared=dict(Counter(each.outcome for each in spared)),
        replaced=round(replaced, 2),
        broken=tuple(_broken(target, hit, spared, workers)),
    )


@contextmanager
def _flow(server: Subject, clients: list[Client]) -> Iterator[Event]:
    """Turns one after the other in every lane, while the block lasts; what it gives is for waiting, and never set."""
    over = Event()

    def lane(path: str) -> None:
        while not over.is_set():
            one = Client(server, path, "calculate 1").start()
            clients.append(one)
            one.join()

    threads = [Thread(target=lane, args=(path,), daemon=True) for path in LANES]
    for thread in threads:
        thread.start()
    try:
        yield Event()
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _workers(launched: Launched) -> list[psutil.Process]:
    """Every process that is connected to clients, or listens for them, but the main one."""
    others = (each for each in launched.process.processes() if each.pid != launched.process.pid)
    return [each for each in others if each.net_connections("tcp")]


def _held(worker: psutil.Process) -> set[int]:
    """The ports of the clients that it is connected to."""
    return {each.raddr.port for each in worker.net_connections("tcp") if each.status == psutil.CONN_ESTABLISHED}


def _kill(worker: psutil.Process) -> tuple[set[int], float]:
    worker.suspend()
    poll(lambda: worker.status() == psutil.STATUS_STOPPED, 5, "stopped worker")
    ports, at = _held(worker), time.monotonic()
    worker.kill()
    return ports, at


def _starts(launched: Launched) -> int:
    """How many workers have ever said that they have started."""
    return launched.subject.log_text().count('"message":"started"')


def _broken(target: Target, hit: Sequence[Client], spared: Sequence[Client], workers: int) -> Iterator[str]:
    where = f"{target.name}, kill -9"
    if not hit:
        yield f"{where}: the killed worker had nothing in hand, so this shows nothing"
    for each in hit:
        if each.outcome not in {*seen.COMPLETED, seen.CUT, seen.RESET}:
            yield f"{where}: a turn of the killed worker ended with {each.outcome!r} {each.detail}"
    for each in spared:
        if each.outcome not in seen.COMPLETED:
            yield f"{where}: a turn of another worker ended with {each.outcome!r} {each.detail}"
    if workers != target.workers:
        yield f"{where}: {workers} workers in the end"
