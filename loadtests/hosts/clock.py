"""Another host's clock, read in this one's: so that all hosts open one window without synchronised clocks.

Rule: pure. Each side has a clock that only counts (monotonic) and starts anywhere. A question and its answer bound the
difference: the other clock was read between the two, so half of that time is the most that the middle is wrong by
(F. Cristian, "Probabilistic clock synchronization", 1989); the quickest answer of all bounds it best.
Neighbours: `drive.member` asks, `drive.crew` answers.
"""

from __future__ import annotations

from math import inf


class Clock:
    """What is known of the other clock. Seconds throughout."""

    def __init__(self) -> None:
        self.error = inf
        self._ahead = 0.0

    @property
    def known(self) -> bool:
        """Whether the other one has been heard at all."""
        return self.error < inf

    def heard(self, asked: float, theirs: float, now: float) -> None:
        """An answer: asked and come at these moments of ours, and theirs was read in between."""
        if (error := (now - asked) / 2) < self.error:
            self.error = error
            self._ahead = theirs - (asked + now) / 2

    def ours(self, theirs: float) -> float:
        """A moment of the other clock in ours, right to within `error`."""
        return theirs - self._ahead
