"""The long version: every break on every target, the rest where it says something.

Rule: one server at a time, so that no other load is in a figure; a part that fails is a broken promise and ends nothing
else. Neighbours: the modules that play, `measured` (the value), `page`.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from loadtests.targets import Target, load_services
from tests.conformance.fixtures import started
from tests.resilience.part import Tell, machine, now
from tests.resilience.sessions import killed, lag
from tests.resilience.sessions.breaks import BREAKS, Break
from tests.resilience.sessions.costs import costs
from tests.resilience.sessions.measured import HELD, Cost, Faced, Killed, Lag, SessionsMeasured, Together
from tests.resilience.sessions.places import PLACES, Unable
from tests.resilience.sessions.play import play, served
from tests.resilience.sessions.together import together

STORES = ("sqlite", "redis")
KILLED = ("fastapi-uvicorn-4", "flask-gthread-4", "flask-gevent-4")  # of one process, nobody would be left to serve
LAGGING = "fastapi-uvicorn"
LAG_SECONDS = 6.0
SHORT = ("locked", "disk-full", "corrupt", "deleted", "stopped", "paused")
"""What is tried on a server of one process, where it is only the same again; all of it on those of four."""
WAITED = 1_500.0
"""Milliseconds: less than any wait for a store, more than what a busy machine takes a thread off its core for."""


class Notes:
    """What was found so far."""

    def __init__(self) -> None:
        self.together: list[Together] = []
        self.killed: list[Killed] = []
        self.faced: list[Faced] = []
        self.lags: list[Lag] = []
        self.costs: list[Cost] = []
        self.unable: list[str] = []
        self.broken: list[str] = []


def measure(tell: Tell) -> SessionsMeasured:
    """Everything."""
    notes, targets = Notes(), load_services()
    with tempfile.TemporaryDirectory(prefix="parity-") as name:
        folder = Path(name)
        notes.costs += costs(folder)
        tell("the loop of " + LAGGING)
        notes.lags += _lags(targets[LAGGING], folder)
        notes.broken += held(notes.lags)
        for target in targets.values():
            tell(target.name)
            for store in PLACES:
                _target(notes, target, store, folder / f"{target.name}-{store}")
    return SessionsMeasured(
        taken=now(),
        machine=machine(),
        broken=tuple(notes.broken),
        together=tuple(notes.together),
        killed=tuple(notes.killed),
        faced=tuple(notes.faced),
        lags=tuple(notes.lags),
        costs=tuple(notes.costs),
        unable=tuple(dict.fromkeys(notes.unable)),
    )


def held(lags: Sequence[Lag]) -> Iterator[str]:
    """A sentence for each condition in which a store held the loop for too long.

    By the time of a core, which no other process lengthens; a wait, which takes none, by its length.
    """
    floor = max((each.step_cpu for each in lags if each.store == lag.MEMORY), default=0.0)
    for each in lags:
        where = f"{LAGGING}: {each.store}, {each.condition}"
        if each.step_cpu > floor + HELD:
            yield f"{where}: one step of the loop took {each.step_cpu:.0f} ms of a core (memory: {floor:.0f} ms)"
        if each.step_wall > WAITED:
            yield f"{where}: one step of the loop lasted {each.step_wall:.0f} ms: it waited for the store"


def _lags(target: Target, folder: Path) -> Iterator[Lag]:
    for store in dict.fromkeys(store for store, _ in lag.CONDITIONS):
        breaks = [name for each, name in lag.CONDITIONS if each == store]
        yield from lag.lag(target, store, breaks, folder / f"lag-{store}", LAG_SECONDS)


def _target(notes: Notes, target: Target, store: str, folder: Path) -> None:
    """Everything of one target with one store."""
    rows = [each for each in BREAKS if each.store == store and (target.workers > 1 or each.name in SHORT)]
    try:
        with served(target, store, folder) as (launched, place):
            if store in STORES:
                notes.together.append(together(launched, store))
                _note(notes, f"{target.name}, {store}, together", notes.together[-1].broken)
            for row in rows:
                try:
                    notes.faced.append(play(row, launched, place))
                except Unable as reason:
                    notes.unable.append(f"`{row.name}`: {reason}")
                else:
                    _note(notes, f"{target.name}, {store}, {row.name}", notes.faced[-1].broken)
        if store in STORES and target.name in KILLED:
            notes.killed.append(_killed(target, store, folder.with_name(f"{folder.name}-killed")))
            _note(notes, f"{target.name}, {store}, killed", notes.killed[-1].broken)
    except Unable as reason:
        notes.unable.append(f"{store}: {reason}")
    except AssertionError as error:  # nothing was polled true in time, or no answer was whole
        _note(notes, f"{target.name}, {store}", (str(error),))


def _killed(target: Target, store: str, folder: Path) -> Killed:
    folder.mkdir()
    with (
        PLACES[store](folder / "store") as place,
        started(target, {"SESSION_STORE": place.url, **killed.SETTINGS}, folder / "server.log") as launched,
    ):
        return killed.killed(launched, store)


def _note(notes: Notes, where: str, broken: Sequence[str]) -> None:
    notes.broken += [f"{where}: {sentence}" for sentence in broken]


def row(name: str) -> Break:
    """The break of this name."""
    return next(each for each in BREAKS if each.name == name)
