"""How long a server lets a connection that does no more than it must; watched beside all else, as it costs nothing.

Rule: one connection of each kind, on each server program (not on each number of workers), on a server of its own where
one connection takes all it has. Neighbours: `attacks` (the kinds), `herd` (sees when the server closes).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from loadtests.targets import Target
from tests.conformance.fixtures import started
from tests.resilience.limits.attacks import BODIES, HEADS, KEPT, SILENT, Attack
from tests.resilience.limits.herd import Herd
from tests.resilience.limits.measured import Hold

KINDS = (SILENT, KEPT, HEADS, BODIES)
WATCHED = 85.0
"""Seconds: ten more than the keep-alive of every target."""


class Watch:
    """The connections under watch."""

    def __init__(self) -> None:
        self._herds: dict[tuple[str, str], tuple[Herd, float]] = {}

    def add(self, target: Target, attack: Attack, herd: Herd) -> None:
        """Open one of this kind, and begin to watch."""
        herd.grow(1)
        self._herds[target.name, attack.name] = herd, time.monotonic()

    def holds(self) -> tuple[Hold, ...]:
        """What became of each, when all have been watched for long enough."""
        time.sleep(max(max(began for _, began in self._herds.values()) + WATCHED - time.monotonic(), 0))
        return tuple(_hold(name, kind, herd, began) for (name, kind), (herd, began) in self._herds.items())


def _hold(name: str, kind: str, herd: Herd, began: float) -> Hold:
    closed = herd.closed_at[0] - began if herd.closed_at else None
    watched = time.monotonic() - began
    return Hold(target=name, kind=kind, watched=round(watched), closed=None if closed is None else round(closed))


@contextmanager
def watching(targets: Mapping[str, Target], folder: Path) -> Iterator[Watch]:
    """Connections of every kind, held while the block lasts."""
    programs = {target.server: target for target in reversed(list(targets.values()))}  # the first of each stays
    watch = Watch()
    with ExitStack() as held:
        for target in targets.values():
            if programs[target.server] is target:
                for number, kinds in enumerate(_together(target)):
                    _begin(watch, target, kinds, folder / f"{target.name}-hold-{number}.log", held)
        yield watch


def _together(target: Target) -> Sequence[Sequence[Attack]]:
    """The kinds that can be watched on one server of this target."""
    return [KINDS] if target.slots is None or target.slots > len(KINDS) else [[kind] for kind in KINDS]


def _begin(watch: Watch, target: Target, kinds: Sequence[Attack], log: Path, held: ExitStack) -> None:
    launched = held.enter_context(started(target, {}, log))
    for kind in kinds:
        opening = kind.opening(launched.subject)
        herd = Herd(launched.process, opening, kind.act, buffer=kind.buffer, reply=kind.reply)
        watch.add(target, kind, held.enter_context(herd))
