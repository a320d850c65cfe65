"""How a number is read from a round: small functions, put together by the table in figure_table.

Rule: a reader takes a good round and a level of load and gives a number, or None when that round does not hold it;
it looks at nothing else. CPU and memory are cut out of the samples to the window that the generator reported.
Neighbours: drive and measure record, figure_table names what is read, analyse pools it over rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from loadtests import scenarios
from loadtests.analyse.verdict import Better
from loadtests.drive.result import DriveResult
from loadtests.measure import MIB, Use, use
from loadtests.plan import Level
from loadtests.records import Driven, Round

Read = Callable[[Round, Level], float | None]
Loop = Literal["closed", "open", "either"]


@dataclass(frozen=True)
class Figure:
    """One figure. `ideal` is what a perfect server gives; `curve`: drawn over the levels instead of one by one.

    `loop`: at which levels it means something. `primary`: it carries its scenario's verdict, at `primary_level`.
    """

    key: str
    title: str
    unit: str
    decimals: int
    better: Better
    explain: str
    read: Read
    chart: bool = True
    ideal: Callable[[Level], float] | None = None
    curve: bool = False
    loop: Loop = "either"
    primary: bool = False

    @property
    def facts(self) -> Mapping[str, Any]:
        """What every panel repeats of it."""
        return {name: getattr(self, name) for name in ("key", "title", "unit", "decimals", "better", "explain")}

    def at(self, level: Level) -> bool:
        """Whether it means something at this level."""
        return self.loop in {"either", "closed" if level.users is not None else "open"}


def primary_level(levels: Sequence[Level]) -> Level:
    """Where the primary figure is taken: the closed level of the most users, or the highest rate if there is none."""
    closed = [level for level in levels if level.users is not None]
    return max(closed or levels, key=lambda level: level.amount)


def over_blocks(
    figure: Figure, level: Level, target: str, rounds: Sequence[Round], *, counted: bool = False
) -> Mapping[int, float]:
    """Block -> the figure, over the target's good rounds that have it.

    A drive that the generator did not keep up with has none, save those that are `counted` and not timed.
    """
    mine = {
        done.block: figure.read(done, level)
        for done in rounds
        if done.target == target and done.good and (counted or timed_at(done, level))
    }
    return {block: value for block, value in sorted(mine.items()) if value is not None}


def of_drive(read: Callable[[DriveResult], float | None]) -> Read:
    """A figure of the drive at that level."""

    def at(done: Round, level: Level) -> float | None:
        driven = drive_at(done, level)
        return read(driven.result) if driven else None

    return at


def of_use(read: Callable[[DriveResult, Use], float | None]) -> Read:
    """A figure of what the server used in the measured window."""

    def at(done: Round, level: Level) -> float | None:
        driven = drive_at(done, level)
        cost = window_use(driven) if driven else None
        return read(driven.result, cost) if driven and cost else None

    return at


def drive_at(done: Round, level: Level) -> Driven | None:
    """The round's drive at this level of load."""
    return next((driven for driven in done.drives if driven.level == level), None)


def timed_at(done: Round, level: Level) -> Driven | None:
    """The same, where it counts and the generator kept up with it."""
    return next((driven for driven in done.timed if driven.level == level), None)


def window_use(driven: Driven) -> Use | None:
    """CPU and memory of the server while the drive's window was open."""
    began = driven.result.started_at
    return use(driven.samples, began, began + driven.result.seconds)


def setting(scenario: str, name: str) -> float:
    """A number among the settings that the scenario gives its server."""
    return float(scenarios.find(scenario).settings.get(name, "0"))


def latency(quantile: str) -> Read:
    """A quantile of the whole drive's latencies, from the actual send time, in ms."""
    return of_drive(lambda result: getattr(result.latency_ms, quantile))


def intended(quantile: str) -> Read:
    """The same from the time at which the request was due: what a user feels when requests queue."""
    return of_drive(lambda result: getattr(result.latency_intended_ms, quantile))


def requests(name: str) -> Read:
    """How many requests were `offered`, `dropped` or `late`."""
    return of_drive(lambda result: float(getattr(result.requests, name)))


def group_latency(name: str, quantile: str) -> Read:
    """The same for one group of the scenario's calls."""

    def read(result: DriveResult) -> float | None:
        group = result.groups.get(name)
        return float(getattr(group.latency_ms, quantile)) if group else None

    return of_drive(read)


def group_met(name: str) -> Read:
    """How many requests of a group got what the contract says."""

    def read(result: DriveResult) -> float | None:
        group = result.groups.get(name)
        return float(group.count - group.errors) if group else None

    return of_drive(read)


def cpu_per_thousand(result: DriveResult, cost: Use) -> float | None:
    """CPU-seconds per 1,000 answered requests: as a number the same as CPU-ms for one."""
    return 1000 * cost.cpu_seconds / (result.throughput * cost.seconds) if result.throughput > 0 else None


def per_cpu_second(result: DriveResult, cost: Use) -> float | None:
    """Answers for each CPU-second of the server: what it could answer in a second with a core to itself."""
    return result.throughput * cost.seconds / cost.cpu_seconds if cost.cpu_seconds > 0 else None


def cpu_per_million_events(result: DriveResult, cost: Use) -> float | None:
    """CPU-seconds per million token events that were read in the window."""
    return 1e6 * cost.cpu_seconds / result.tokens if result.tokens else None


def held(result: DriveResult) -> float:
    """Model calls in flight by Little's law: throughput times the model's own time."""
    return result.throughput * setting("async", "SCRIPTED_TTFT")


def in_flight(name: str) -> Read:
    """Requests open at the client: their `mean` as it counted them, or `littles_law`, throughput times mean latency."""
    return of_drive(lambda result: float(getattr(result.in_flight, name)))


def expected_met(result: DriveResult) -> float | None:
    """Per cent of the answers with the expected status and, where sampled, body."""
    count = result.requests.count
    return 100 * (count - result.requests.errors) / count if count else None


def memory_per_stream(done: Round, level: Level) -> float | None:
    """MiB that memory grew from before the round's first load to this one's peak, by the streams open at most.

    USS, the memory that the process tree has for itself, where it was looked at before and during the load; else RSS.
    A request that waits for its place is in flight and no open stream: an open loop that is meant in streams has at
    most so many of them, however long the queue.
    """
    driven = drive_at(done, level)
    if driven is None or window_use(driven) is None:
        return None
    most = driven.result.in_flight.max
    open_streams = level.users if level.users is not None else min(most, level.streams or most)
    return max(0.0, _growth(done.drives[0], driven)) / MIB / open_streams if open_streams else None


def _growth(first: Driven, driven: Driven) -> float:
    """Bytes from the server's first look, before any load, to the peak under this one."""
    own = [sample.uss_bytes for sample in driven.samples[1:] if sample.uss_bytes is not None]
    before = first.samples[0]
    if own and before.uss_bytes is not None:
        return max(own) - before.uss_bytes
    return max(sample.rss_bytes for sample in driven.samples[1:]) - before.rss_bytes


def stream_quantile(field: str, quantile: str) -> Read:
    """A quantile of ttft_ms, itl_ms or longest_gap_ms."""

    def read(result: DriveResult) -> float | None:
        quantiles = getattr(result, field)
        return float(getattr(quantiles, quantile)) if quantiles else None

    return of_drive(read)


def streams(name: str) -> Read:
    """How many streams were `completed` or `truncated`."""
    return of_drive(lambda result: float(getattr(result.streams, name)) if result.streams else None)


def documented(name: str) -> Read:
    """A count of what /openapi.json holds, from the look before the load."""

    def read(done: Round, _level: Level) -> float | None:
        found = done.precheck.documented
        return float(getattr(found, name)) if found else None

    return read
