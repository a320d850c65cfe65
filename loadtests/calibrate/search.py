"""Finds what the generator can drive: steps of load against the peer, up to the limit or until the time is over.

Rule: the load is streams for events/s and chats of 50 ms for requests/s, both closed loops of as many users as are
needed. The best good step is the answer; where nothing above it was refused, or the peer was the limit, it is "at
least" that. Neighbours: `climb` chooses the loads, `step` plays them, `calibrate` (this package) stores the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from loadtests.calibrate.climb import Tried, found, next_load
from loadtests.calibrate.step import Step
from loadtests.descriptors import most_connections
from loadtests.drive.result import MAX_CPU
from loadtests.errors import UserError


@dataclass(frozen=True, slots=True)
class Search:
    """One limit to find: first load in users, one step's measured seconds and all it takes, share of the time."""

    scenario: str
    first: int
    seconds: float
    cost: float
    share: float


SEARCHES: Final = (
    Search("stream", first=300, seconds=3.0, cost=7.5, share=0.62),
    Search("chat", first=100, seconds=2.5, cost=5.0, share=1.0),  # of what is left
)


Play = Callable[[Search, int], Step]  # plays one step of a search, with so many users


@dataclass(frozen=True, slots=True)
class Found:
    """The steps of one search, in the order of play, and whether more than the best of them may be possible."""

    steps: tuple[Step, ...]
    at_least: bool

    @property
    def best(self) -> Step:
        """The good step with the most events/s (requests/s). UserError when no load had good figures."""
        if good := [step for step in self.steps if step.good]:
            return max(good, key=lambda step: step.per_second)
        last = self.steps[-1]
        raise UserError(
            f"no load of {last.scenario} was driven with good figures, {last.users} users at last "
            f"({'; '.join((*last.refused, *last.untrue))}); end what else runs on this machine and run "
            "`parity calibrate` again"
        )


def search(wanted: Search, play: Play, deadline: float) -> Found:
    """Try loads until the limit is known or the time is over."""
    steps: list[Step] = []
    most = most_connections()
    while (load := next_load(_tried(steps), first=wanted.first, most=most)) is not None:
        if steps and (monotonic() + wanted.cost > deadline or steps[-1].peer_busy):
            break
        steps.append(play(wanted, load))
    at_least = not found(_tried(steps)) or any(step.peer_busy for step in steps)
    return Found(tuple(steps), at_least)


def _tried(steps: list[Step]) -> list[Tried]:
    return [Tried(step.users, step.good, step.cpu_percent / MAX_CPU) for step in steps]
