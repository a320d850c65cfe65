"""Many examples: rounds of one kind each, by seed, until enough requests have been sent; what is found is shrunk.

Rule: a round is a Hypothesis run of its own, so the same seed gives the same examples, memory stays bounded, and one
find does not end the run. Neighbours: `kinds` (what there is), `pair` (checks one), `tally` (counts), `__main__`.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky

from loadtests.serve.tree import alive
from tests.fuzz.kinds import KINDS, Kind
from tests.fuzz.pair import Checked, Died, Pair
from tests.fuzz.tally import Find, Tally

ROUND = 200
"""Examples in a round."""
SEEDS = 1_000_000
"""How far the seeds of two runs are apart: each round has one of its own."""
MOST_FINDS = 10
"""After so many a run is over: something is wrong on the whole."""

SETTINGS = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: at least so many requests, to both servers together, in at most so many seconds."""

    requests: int
    seed: int
    seconds: float
    kinds: tuple[Kind, ...] = KINDS

    def rounds(self) -> Iterator[tuple[Kind, int]]:
        """Each round's kind and seed, without end: the kinds in turn, each as often in a turn as it weighs."""
        turn = [kind for kind in self.kinds for _ in range(kind.weight)]
        return zip(itertools.cycle(turn), itertools.count(self.seed * SEEDS), strict=False)


class Parted(AssertionError):
    """Two servers part at an example, for no known reason."""

    def __init__(self, checked: Checked) -> None:
        super().__init__(f"{checked.parts}\n{checked.example.row()}")
        self.checked = checked


def play_round(pair: Pair, kind: Kind, seed: int, examples: int, tally: Tally) -> Find | None:
    """Play one round, and shrink the first find in it."""
    parted: list[Checked] = []

    @hypothesis.seed(seed)
    @settings(SETTINGS, max_examples=examples)
    @given(kind.strategy)
    def one(example: Any) -> None:
        checked = pair.check(example)
        if not parted:
            tally.add(checked)
        if checked.parts is not None:
            parted.append(checked)
            raise Parted(checked)

    try:
        one()
    except Parted as found:
        return _find(found.checked, seed, steady=True)
    except Flaky:
        return _find(parted[-1], seed, steady=False)
    return None


def fuzz(pair: Pair, plan: Plan, tally: Tally, progress: Callable[[Tally], None]) -> str:
    """Play rounds into the tally until the plan is met; returns how it ended, as `Result.ended` has it."""
    deadline = time.monotonic() + plan.seconds
    processes = pair.processes()
    try:
        for kind, seed in plan.rounds():
            find = play_round(pair, kind, seed, ROUND, tally)
            if find is None and not all(map(alive, processes)):
                find = Find(kind.name, seed, "a server's process is gone or has been replaced", "")
                processes = pair.processes()
            tally.finds += [find] if find else []
            progress(tally)
            if tally.requests >= plan.requests or len(tally.finds) >= MOST_FINDS or time.monotonic() > deadline:
                break
    except KeyboardInterrupt:
        return "interrupted"
    except Died as death:
        tally.finds.append(Find("", plan.seed, str(death), ""))
    return "finds" if tally.finds else "complete" if tally.requests >= plan.requests else "time"


def _find(checked: Checked, seed: int, *, steady: bool) -> Find:
    return Find(checked.example.kind, seed, checked.parts or "", checked.example.row(), steady)
