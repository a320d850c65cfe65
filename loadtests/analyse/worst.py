"""The worst stream of each target, token by token: what its slowest reader saw.

Rule: the one with the longest gap of all the target's good rounds at the highest closed level; each round kept its own
worst, so none is missed. Neighbours: drive keeps them, report draws a timeline for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.analyse.figures import timed_at
from loadtests.analyse.verdict import StreamLine
from loadtests.plan import Level
from loadtests.results import Run


def of(run: Run, scenario: str) -> tuple[StreamLine, ...]:
    """A stream for each compared target that has one, in the plan's order; of equals the earliest round's."""
    closed = [level for level in run.plan.scenario(scenario).levels if level.users is not None]
    if not closed:
        return ()
    highest = max(closed, key=lambda level: level.amount)
    found = (max(_streams(run, scenario, t.name, highest), key=_gap, default=None) for t in run.plan.compared)
    return tuple(line for line in found if line is not None)


def _streams(run: Run, scenario: str, target: str, level: Level) -> Iterator[StreamLine]:
    """The worst stream of each good round."""
    for done in run.rounds:
        if done.scenario != scenario or done.target != target:
            continue
        driven = timed_at(done, level)
        worst = driven.result.worst_stream if driven else None
        if worst is not None:
            yield StreamLine(
                target=target,
                round=done.number,
                level=level,
                longest_gap_ms=worst.longest_gap_ms,
                tokens_ms=worst.tokens_ms,
            )


def _gap(line: StreamLine) -> float:
    return line.longest_gap_ms
