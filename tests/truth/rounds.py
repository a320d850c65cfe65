"""Rounds of load whose figures are held to the server's own record, until one of them counts.

Rule: a round that the generator's own gates refuse says nothing and is played again; one that they let pass must be
true, and is played again only because a busy machine can hide for a moment. Neighbours: `loadtests.calibrate` has the
server with the record and the comparison; `test_truth` and `table` play these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loadtests.calibrate.step import Step

TRIES = 4
UNTRUE = 3  # valid rounds in a row that were not true: no accident any more


def rounds(play: Callable[[], Step], *, tries: int = TRIES, untrue: int = UNTRUE) -> tuple[Step, ...]:
    """Play until a round is good, or so many were valid and yet not true, or `tries` are over."""
    played: list[Step] = []
    while len(played) < tries:
        played.append(play())
        if played[-1].good or sum(not step.refused for step in played) >= untrue:
            break
    return tuple(played)


def best(played: Sequence[Step]) -> Step:
    """The good round, else a valid one, else the last."""
    valid = [step for step in played if not step.refused]
    return next((step for step in valid if step.good), valid[-1] if valid else played[-1])
