"""Whether a store ever keeps FastAPI's event loop from its work: busy, locked, gone, silent; beside the memory store.

Rule: the load and the eye on `/health` are processes of their own, and what is held against a store is what the memory
store, which waits for nothing, does not show too. Neighbours: `probed` (the watch inside), `breaks` (the trouble).
"""

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing import get_context
from pathlib import Path

from loadtests.targets import Target
from tests.conformance.fixtures import Launched, started
from tests.conformance.subject import Subject, fresh
from tests.resilience.sessions.breaks import BREAKS
from tests.resilience.sessions.measured import Lag
from tests.resilience.sessions.places import PLACES, Place
from tests.resilience.sessions.turns import Client

CLIENTS, SESSIONS = 32, 8
HISTORY = 50  # turns: the 100 messages that a model is given
LONG = "x" * 4_900  # of a message, beside its number
HEALTH_PAUSE = 0.002
MEMORY = "memory"
CONDITIONS: Sequence[tuple[str, str]] = (
    (MEMORY, ""),
    ("sqlite", ""),
    ("sqlite", "locked"),
    ("redis", ""),
    ("redis", "paused"),
    ("redis", "stopped"),
)
"""Stores, and what breaks them meanwhile."""


def lag(
    target: Target, store: str, breaks: Sequence[str], folder: Path, seconds: float, turns: int = HISTORY
) -> Iterator[Lag]:
    """One server with this store, under each of the conditions in turn."""
    folder.mkdir(parents=True)
    other = {"fastapi_impl.app:create_app": "tests.resilience.sessions.probed:create_app", "uvloop": "asyncio"}
    words = tuple(other.get(word, word) for word in target.command)
    watched = target.model_copy(update={"command": words})
    with (
        _place(store, folder / "store") as place,
        started(watched, {"SESSION_STORE": place.url if place else "memory://"}, folder / "server.log") as launched,
    ):
        names = _long_histories(launched.subject, turns)
        for name in breaks:
            yield _under(launched, store, name, place, names, seconds)


@contextmanager
def _place(store: str, folder: Path) -> Iterator[Place | None]:
    if store == MEMORY:
        yield None
        return
    with PLACES[store](folder) as place:
        yield place


def _long_histories(subject: Subject, turns: int) -> list[str]:
    names = [fresh("long") for _ in range(SESSIONS)]
    for name in names:
        for number in range(turns):
            assert subject.chat(f"{number} {LONG}", name).status == 200
    return names


def _under(launched: Launched, store: str, name: str, place: Place | None, names: list[str], seconds: float) -> Lag:
    trouble: AbstractContextManager[None] = nullcontext()
    if name and place:
        how = next(each for each in BREAKS if (each.store, each.name) == (store, name))
        trouble = how.block(place, tuple(launched.process.processes()))
    with _process() as eye, _process() as clients, trouble:
        launched.subject.request("GET", "/probe")  # what was before is forgotten
        until = time.time() + seconds
        looking = eye.submit(_look, launched.subject, until)
        talking = clients.submit(_talk, launched.subject, names, until)
        health, outcomes = looking.result(), talking.result()
        probe = launched.subject.request("GET", "/probe").json()
    late = [1000 * each for each in probe["late"]]
    return Lag(
        store=store,
        condition=name or "busy",
        completed=outcomes.count("completed"),
        refused=outcomes.count("refused"),
        late_p50=_quantile(late, 0.5),
        late_p99=_quantile(late, 0.99),
        late_max=max(late),
        step_wall=1000 * probe["wall"],
        step_cpu=1000 * probe["cpu"],
        collection=1000 * probe["collection"],
        health=len(health),
        health_p50=_quantile(health, 0.5),
        health_p99=_quantile(health, 0.99),
        health_max=max(health),
    )


@contextmanager
def _process() -> Iterator[ProcessPoolExecutor]:
    """Another process, ready to work."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        process.submit(_quantile, (0.0,), 0.5).result()
        yield process


def _talk(subject: Subject, names: list[str], until: float) -> list[str]:
    """In a process of its own: what came of the turns of all clients."""
    client = Client(subject)

    def talk(number: int) -> list[str]:
        found: list[str] = []
        while time.time() < until:
            found.append(client.take(names[number % SESSIONS]).outcome)
        return found

    with ThreadPoolExecutor(CLIENTS) as threads:
        return [outcome for found in threads.map(talk, range(CLIENTS)) for outcome in found]


def _look(subject: Subject, until: float) -> list[float]:
    """In a process of its own: the milliseconds of each `GET /health`."""
    found = []
    while time.time() < until:
        began = time.perf_counter()
        status = subject.request("GET", "/health").status
        found.append(1000 * (time.perf_counter() - began) if status == 200 else math.inf)
        time.sleep(HEALTH_PAUSE)
    return found


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
