"""How hard each scenario is loaded: one row of levels a scenario, for `--quick` and for `--full`.

Rule: tables. A warm-up is the longest that it may take; the generator ends it when throughput and latency have
settled. Neighbours: plan makes rounds of these, scenarios says what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from loadtests.arrivals import Arrivals

SCENARIOS: Final = ("chat", "async", "validation", "docs", "stream")
DRIVE_SECONDS: Final = 0.9  # a generator process: interpreter, Locust, its JSON
Mode = Literal["quick", "full"]
Model = Literal["scripted", "upstream"]
"""What answers behind the servers: the model built into them, or an OpenAI-compatible server in its own process."""


class Frozen(BaseModel):
    """What is stored is never changed; unknown fields are refused, so a typo is not silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(Frozen):
    """One drive: closed loop with so many `users`, or open loop at `rate` requests/s, measured for `seconds`.

    `warmup` is the longest that warming up may take; it ends sooner when throughput and latency have settled.
    """

    users: int | None = None
    rate: float | None = None
    arrivals: Arrivals = "poisson"
    seconds: float
    warmup: float

    @model_validator(mode="after")
    def _one_kind(self) -> Level:
        if (self.users is None) is (self.rate is None):
            raise ValueError("a level has either users or a rate")
        return self

    @property
    def amount(self) -> float:
        """The load as a number: users or requests/s."""
        return float(self.users if self.users is not None else self.rate or 0)

    @property
    def label(self) -> str:
        """How the load is named everywhere: `16 users`, `300 requests/s`."""
        if self.users is not None:
            return f"{self.users} user{'' if self.users == 1 else 's'}"
        return f"{self.rate:g} requests/s"

    @property
    def cost(self) -> float:
        """Seconds of wall clock it takes at most, the generator's own start among them."""
        return self.warmup + self.seconds + DRIVE_SECONDS


class PlannedKnee(Frozen):
    """A search for the most that each target holds within an objective: first load, highest load tried, one probe's
    seconds, and the objective as the user writes it (`ttft_p99=200ms,itl_p99=75ms,errors=0`)."""

    scenario: str
    unit: Literal["requests/s", "users"]
    first: float
    most: float
    seconds: float
    warmup: float
    slo: str


_QUICK: Final[Mapping[str, tuple[Level, ...]]] = {
    "chat": (Level(users=16, seconds=1.2, warmup=0.5),),
    # 640 answers a second if nobody waits for the server: less than one core answers, so waiting is measured
    "async": (Level(users=128, seconds=0.8, warmup=0.5),),
    # one user, here and in docs: what a request costs, and not how long it queues
    "validation": (Level(users=1, seconds=0.8, warmup=0.4),),
    "docs": (Level(users=1, seconds=0.5, warmup=0.3),),
    # a stream takes 1.5 s: each user begins at least one in the window, at its own moment
    "stream": (Level(users=32, seconds=1.5, warmup=0.8),),
}
_FULL: Final[Mapping[str, tuple[Level, ...]]] = {
    # rounds differ more than the seconds of one do, so time goes into more of them
    # the open loop is slow enough for the slowest deployment: its latency is a user's, not a queue's
    "chat": (Level(users=16, seconds=3, warmup=2), Level(rate=300, seconds=3, warmup=2)),
    "async": tuple(Level(users=users, seconds=2, warmup=2) for users in (32, 128, 256)),
    "validation": (Level(users=1, seconds=2, warmup=2),),
    "docs": (Level(users=1, seconds=1.5, warmup=2),),
    "stream": tuple(Level(users=users, seconds=3, warmup=3) for users in (32, 128)),
}
LEVELS: Final[Mapping[Mode, Mapping[str, tuple[Level, ...]]]] = MappingProxyType({"quick": _QUICK, "full": _FULL})

# In front of a model server a reply is a hundred chunks to read, where the model built in has one call for them: a
# tenth of the rate, so windows are longer, and no more users than a server can answer within one.
_QUICK_UPSTREAM: Final[Mapping[str, tuple[Level, ...]]] = {
    "chat": (Level(users=8, seconds=2, warmup=1),),
    "async": (Level(users=16, seconds=2, warmup=1),),
    "validation": (Level(users=1, seconds=1.5, warmup=0.5),),
}
_FULL_UPSTREAM: Final[Mapping[str, tuple[Level, ...]]] = {
    "chat": (Level(users=8, seconds=4, warmup=2), Level(rate=20, seconds=4, warmup=2)),
    "async": tuple(Level(users=users, seconds=3, warmup=2) for users in (8, 16, 32)),
    "validation": (Level(users=1, seconds=3, warmup=2),),
}
UPSTREAM: Final[Mapping[Mode, Mapping[str, tuple[Level, ...]]]] = MappingProxyType(
    {"quick": _QUICK_UPSTREAM, "full": _FULL_UPSTREAM}
)
"""What is loaded otherwise there; the other scenarios as ever."""
