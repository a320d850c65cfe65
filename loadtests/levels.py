"""How hard each scenario is loaded: one row of levels a scenario, for each of the four runs that there are.

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
LONG: Final = "long-stream"
"""The sixth scenario, of `--limits`: streams that take five seconds."""
WAITING: Final = frozenset({"async", "stream", LONG})
"""Scenarios in which each request waits for the model, and keeps its thread or its place meanwhile."""
Mode = Literal["quick", "full", "limits", "matrix"]
Model = Literal["scripted", "upstream"]
"""What answers behind the servers: the model built into them, or an OpenAI-compatible server in its own process."""


class Frozen(BaseModel):
    """What is stored is never changed; unknown fields are refused, so a typo is not silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(Frozen):
    """One drive: closed loop with so many `users`, or open loop at `rate` requests/s, measured for `seconds`.

    `warmup` is the longest that warming up may take; it ends sooner when throughput and latency have settled.
    `streams`: as many as the rate keeps open at once; None where the load is not meant in streams.
    """

    users: int | None = None
    rate: float | None = None
    arrivals: Arrivals = "poisson"
    seconds: float
    warmup: float
    streams: int | None = None

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
        if self.streams is not None:
            return f"{self.streams:,} streams at once"
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
LONG_SECONDS: Final = 4.7  # a stream of LONG takes so long: 94 tokens, the first and each other 50 ms after the last


def open_streams(streams: int) -> Level:
    """The load that keeps so many of LONG's streams open: they begin evenly spaced, as many as end.

    A closed loop's users would all begin in the same second, and again in every fifth one.
    """
    rate = round(streams / LONG_SECONDS, 3)
    return Level(rate=rate, arrivals="constant", seconds=8, warmup=9, streams=streams)


_LIMITS: Final[Mapping[str, tuple[Level, ...]]] = {
    "chat": (Level(users=32, seconds=3, warmup=1.5),),
    LONG: (open_streams(1_000),),  # and the most that the generator can: `plan.at_ceiling`, once that is known
}
LEVELS: Final[Mapping[Mode, Mapping[str, tuple[Level, ...]]]] = MappingProxyType(
    {
        "quick": _QUICK,
        "full": _FULL,
        "limits": _LIMITS,
        # all deployments, to see them side by side: as much as a quick run asks of each
        "matrix": {name: _QUICK[name] for name in ("chat", "async", "stream")},
    }
)
"""A run's scenarios, and how hard each is loaded."""

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
    {"quick": _QUICK_UPSTREAM, "full": _FULL_UPSTREAM, "limits": {}, "matrix": {}}
)
"""What is loaded otherwise there; the other scenarios as ever."""

FLOORS: Final[Mapping[Mode, frozenset[str]]] = MappingProxyType(
    {
        # 32 streams for 1.5 s cost a bare app 50 ms of CPU, and the system counts it in steps of 10 ms
        "quick": frozenset({"chat"}),
        "full": frozenset({"chat", "stream"}),
        "limits": frozenset({"chat", LONG}),
        "matrix": frozenset({"chat"}),
    }
)
"""Where floors take part."""
SURE_EVENTS: Final = 0.70  # of the ceiling: a full server's events come one by one, at half as much CPU again for each
SAFE_EVENTS: Final = 0.88  # of the ceiling, for a number that is wanted: at `doubts.NEAR` a round is refused
WANTED_STREAMS: Final = 1_000


def for_floor(scenario: str, levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """How a floor is loaded: as the twins are, at the levels that show what an answer costs: `chat`'s closed loops and
    `stream`'s most users. It answers four times as many requests, so half of a quick run's window shows as much."""
    if scenario == "stream":
        return levels[-1:]
    if scenario != "chat":
        return levels
    return tuple(
        level.model_copy(update={"seconds": 0.6, "warmup": 0.2}) if level.seconds < 2 else level
        for level in levels
        if level.users is not None
    )


def at_most(events: float) -> tuple[Level, ...]:
    """The streams of `--limits`, for a generator with a ceiling of so many events/s: as many as it surely drives, and
    1,000 wherever those are not near its ceiling. A load that it does not keep up with is left out of its round."""
    sure = int(SURE_EVENTS * events * 0.05 // 10) * 10  # one event every 50 ms
    wanted = (WANTED_STREAMS,) if SAFE_EVENTS * events * 0.05 >= WANTED_STREAMS else ()
    return tuple(map(open_streams, sorted({sure, *wanted})))
