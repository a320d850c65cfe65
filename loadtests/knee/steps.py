"""Which load comes next, and when a search is over: strides, bisection, repeats at the edge, as a pure function.

Rule: everything is worked out from the answers so far, so a search is a value that can be replayed. A load counts as
held while it never failed, as failed when it failed more often than it held; between the two it is neither, and
lies inside the result's uncertainty. An answer of None (the generator could not tell) is asked once more; twice
None is a wall that the search does not pass. Neighbours: `knee` plays the loads, analyse.knees reads the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Final, Literal, NamedTuple

WITHIN: Final = 1.10  # a bracket whose ends lie no farther apart is narrow enough
ANSWERS: Final = 3  # that an end of the bracket needs
TRIES: Final = 2  # of a load at which the generator cannot tell
MOST_PROBES: Final = 24
LEAST: Final = 1.0  # the lowest load that is asked, where even the first one fails
FAR: Final = 2.0  # times the last load: the stride while nothing is known of where the knee lies
NEAR: Final = 1.2  # the first stride from a load that is near it: one halving of that gap is narrow enough

Limit = Literal["server", "generator", "plan", "unfinished"]


class Answer(NamedTuple):
    """What one probe said: it held, it failed, or None: the generator could not tell."""

    load: float
    held: bool | None


class Next(NamedTuple):
    """The load to probe now; `edge`: a load that has been probed before."""

    load: float
    edge: bool


class End(NamedTuple):
    """The search is over: what limited it, and a sentence about its two ends."""

    limit: Limit
    why: str


class Tally(NamedTuple):
    """All answers at one load."""

    load: float
    held: int
    failed: int
    unknown: int

    @property
    def answers(self) -> int:
        """Probes that could tell."""
        return self.held + self.failed

    @property
    def settled(self) -> bool:
        """No answer more could change what it counts as: it has three, or two of three have failed already."""
        return self.answers >= ANSWERS or 2 * self.failed > ANSWERS

    @property
    def wall(self) -> bool:
        """The generator does not get past it."""
        return self.unknown >= TRIES and not self.settled

    @property
    def steady(self) -> bool:
        """It held every time."""
        return self.held > 0 and not self.failed and not self.wall

    @property
    def failing(self) -> bool:
        """It failed every time, or more often than it held."""
        return self.failed > self.held


class Bracket(NamedTuple):
    """Where the knee lies. `low` held every time; `top`: the lowest load that failed, or the generator's wall."""

    low: Tally | None
    top: Tally | None
    barrier: Tally | None  # the lowest load above `low` that is not steady: `top`, or one that is neither
    under: Tally | None  # the highest load below `top` that does not fail: `low`, or one that is neither

    @property
    def failed(self) -> Tally | None:
        """The upper end, where the server failed at it."""
        return self.top if self.top is not None and not self.top.wall else None


def tallies(answers: Iterable[Answer]) -> tuple[Tally, ...]:
    """The answers by load, lowest load first."""
    given = tuple(answers)
    loads = sorted({answer.load for answer in given})
    said = {load: [answer.held for answer in given if answer.load == load] for load in loads}
    return tuple(Tally(load, s.count(True), s.count(False), s.count(None)) for load, s in said.items())


def bracket(known: Sequence[Tally]) -> Bracket:
    """The ends of the result so far."""
    top = next((t for t in known if t.failing or t.wall), None)
    below = [t for t in known if top is None or t.load < top.load]
    low = max((t for t in below if t.steady), default=None)
    barrier = next((t for t in known if low and t.load > low.load and not t.steady), None)
    return Bracket(low, top, barrier, max((t for t in below if t.held), default=None))


def after(answers: Sequence[Answer], first: float, most: float, stride: float = FAR) -> Next | End:
    """What to do after these answers: the next load, or the end. Loads are whole numbers, `first` not above `most`.

    `stride`: how many times the first load the second one is, where the knee lies beyond; they grow up to `FAR`.
    """
    if not answers:
        return Next(first, edge=False)
    known = tallies(answers)
    found = bracket(known)
    if (again := _unclear(known)) is not None:
        step = Next(again.load, edge=True)
    elif (load := _elsewhere(known, found, most, (first, stride)) or _between(found)) is not None:
        step = Next(load, edge=False)
    elif (end := _unsure(found)) is not None:
        step = Next(end.load, edge=True)
    else:
        return _end(found)
    return step if len(answers) < MOST_PROBES else cut(answers, f"{MOST_PROBES} probes were not enough")


def cut(answers: Sequence[Answer], why: str) -> End:
    """The end of a search that may not go on: its bracket, where it has one, is an answer, if a less sure one."""
    found = bracket(tallies(answers))
    if found.low is None or found.top is None:
        return End("unfinished", why)
    end = _end(found)
    return End(end.limit, f"{end.why}; {why}")


def short(answers: Iterable[Answer]) -> str:
    """What a bracket lacks that a search with enough time gives it; "" where it lacks nothing, or there is none."""
    found = bracket(tallies(answers))
    if found.low is None or found.top is None or (_unsure(found) is None and _between(found) is None):
        return ""
    if _between(found):
        return f"{_end(found).why}, {found.top.load / found.low.load:.2f} times as much, with a gap between them"
    return f"{_end(found).why}; an end is sure after {ANSWERS} answers, or 2 failures"


def _unclear(known: Sequence[Tally]) -> Tally | None:
    """A load that has said nothing yet, or as often yes as no; one that failed once, and held at a higher load."""
    best = max((t.load for t in known if t.held > t.failed), default=0.0)
    doubtful = (t for t in known if t.held == t.failed or (t.failing and not t.settled and t.load < best))
    return next((t for t in doubtful if not t.wall), None)


def _elsewhere(known: Sequence[Tally], found: Bracket, most: float, begin: tuple[float, float]) -> float | None:
    """A stride above the highest load while none fails; one below the lowest while none holds. Each is longer."""
    (first, stride), highest, lowest = begin, known[-1].load, known[0].load
    if found.top is None and highest < most:
        return min(max(highest + 1, round(highest * min(FAR, stride * highest / first))), most)
    if found.low is None and lowest > LEAST and not (found.top and found.top.wall):
        return max(LEAST, min(lowest - 1, round(lowest / min(FAR, stride * first / lowest))))
    return None


def _between(found: Bracket) -> float | None:
    """The geometric middle of a gap that is still too wide: below the upper end first, then above the lower one."""
    for left, right in ((found.under, found.top), (found.low, found.barrier)):
        if left and right and right.load > left.load * WITHIN:
            middle = round(sqrt(left.load * right.load))
            if left.load < middle < right.load:
                return middle
    return None


def _unsure(found: Bracket) -> Tally | None:
    """An end that more answers could change: the lower first, because when it fails everything moves."""
    ends = (found.low, found.barrier, found.top)
    return next((t for t in ends if t and not t.settled and not t.wall), None)


def _end(found: Bracket) -> End:
    low, top = found.low, found.top
    lower = f"held {low.held} of {low.held} times at {low.load:,g}" if low else "held at no load"
    if top is None:
        return End("plan", f"{lower}, and no higher load was to be tried")
    if top.wall:
        return End("generator", f"{lower}; at {top.load:,g} the load generator could not tell")
    between = found.barrier if found.barrier and found.barrier.load < top.load else None
    neither = f", failed {between.failed} of {between.answers} at {between.load:,g}" if between else ""
    return End("server", f"{lower}{neither}, failed {top.failed} of {top.answers} at {top.load:,g}")
