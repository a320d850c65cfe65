"""When each token of a call is due: a schedule that is fixed when the call begins.

Rule: absolute, as that of the scripted model: token i is due at start + ttft + i * itl, so a token that went out late
shifts no other. Jitter adds up to its share of each of these times, from a generator that the seed and the call's
number determine, and never so much that tokens change places. Neighbour: `player` (keeps to it).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds until the first token and between two; `jitter` (0 to 1): the share of each that may come on top."""

    ttft: float = 0.0
    itl: float = 0.0
    jitter: float = 0.0
    seed: int = 1

    def dues(self, number: int) -> Iterator[float]:
        """Seconds from the beginning of the call `number` to each of its tokens, without end."""
        chance = random.Random(f"{self.seed} {number}")  # noqa: S311 - a schedule is no secret
        first = self.ttft * (1 + self.jitter * chance.random())
        due = first
        while True:
            yield due
            first += self.itl
            due = first + self.itl * self.jitter * chance.random()


@dataclass(frozen=True, slots=True)
class Lottery:
    """Which calls get which of these faults: a `share` of all, the same ones for the same seed."""

    faults: tuple[str, ...] = ()
    share: float = 0.0
    seed: int = 1

    def draw(self, number: int) -> str | None:
        """The fault of the call `number`, if it has one."""
        chance = random.Random(f"fault {self.seed} {number}")  # noqa: S311 - and no more a secret
        return chance.choice(self.faults) if self.faults and chance.random() < self.share else None
