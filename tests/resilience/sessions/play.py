"""Plays one break: turns before, load while it lasts, load while it ends, and then what is left.

Rule: a sentence for each promise that did not hold; what a machine cannot do is said, not passed over.
Neighbours: `breaks` (the table), `kept` (what is stored), `measured` (the row that comes of it).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadtests.targets import Target
from tests.conformance.fixtures import Launched, started
from tests.conformance.poll import poll
from tests.conformance.subject import fresh
from tests.resilience.sessions import kept
from tests.resilience.sessions.breaks import Break, Phase
from tests.resilience.sessions.load import Load, load, some
from tests.resilience.sessions.measured import Faced
from tests.resilience.sessions.places import PLACES, Place
from tests.resilience.sessions.turns import Client, Turn

BEFORE, AFTER = 40, 40  # turns
HEALTH = 1.5  # seconds: less than any wait for a store
WAIT = 8.0  # seconds until a refusal: the deadline of a store's call is 5
BACK = 10.0  # seconds until the first completed turn after the cure


@contextmanager
def served(target: Target, store: str, folder: Path) -> Iterator[tuple[Launched, Place]]:
    """The target, running with a store of this kind."""
    folder.mkdir(parents=True)
    with (
        PLACES[store](folder / "store") as place,
        started(target, {"SESSION_STORE": place.url}, folder / "server.log") as launched,
    ):
        yield launched, place


def play(how: Break, launched: Launched, place: Place) -> Faced:
    """Break the store under this server, and see."""
    client = Client(launched.subject)
    turns: dict[Phase, list[Turn]] = {"before": some(client, BEFORE)}
    broken: list[str] = []
    with load(client) as seen:
        with how.block(place, tuple(launched.process.processes())):
            began = time.monotonic()
            poll(lambda: time.monotonic() - began > how.seconds, how.seconds + 5, "end of the break")
            cured = time.monotonic()
        back = _back(client, cured)
    turns["during"] = [turn for turn in seen.turns if turn.began >= began]
    turns["after"] = some(client, AFTER)
    broken += _promises(how, launched, turns, seen)
    return Faced(
        target=launched.subject.name,
        store=how.store,
        name=how.name,
        completed=_count(turns["during"], "completed"),
        refused=_count(seen.turns, "refused"),
        slowest_refusal=max((turn.seconds for turn in seen.turns if turn.outcome == "refused"), default=0.0),
        health=len(seen.health),
        slowest_health=max(seen.health),
        back=back,
        broken=tuple(broken),
    )


def _promises(how: Break, launched: Launched, turns: dict[Phase, list[Turn]], seen: Load) -> Iterator[str]:
    """A sentence for each that was broken."""
    everything = [turn for phase in turns.values() for turn in phase]
    yield from kept.wrong(everything)
    yield from kept.breaches(launched.subject, [turn for phase in how.keeps for turn in turns[phase]])
    if broken := _count(everything, "broken"):
        yield f"{broken} connections broke off"
    if missing := AFTER - _count(turns["after"], "completed"):
        yield f"{missing} turns failed after the cure"
    refused = [turn.seconds for turn in seen.turns if turn.outcome == "refused"]
    # One request at a time is all that such a server has: whoever comes second waits for the first; and its only
    # connection to a file can know all of it, and need not read what is damaged.
    if launched.process.target.slots != 1:
        if how.refuses and not refused:
            yield "no turn was refused"
        if max(refused, default=0) > WAIT:
            yield f"a turn was refused only after {max(refused):.1f} s"
        if max(seen.health) > HEALTH:
            yield f"/health took {max(seen.health):.1f} s"


def _back(client: Client, cured: float) -> float:
    """Seconds from the cure until a turn that began after it was completed."""
    session = fresh("back")
    poll(lambda: client.take(session).outcome == "completed", BACK, "completed turn after the cure")
    return time.monotonic() - cured


def _count(turns: list[Turn], outcome: str) -> int:
    return sum(turn.outcome == outcome for turn in turns)
