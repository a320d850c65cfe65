"""How a number is read from a round: small functions, put together by the table in figure_table.

Rule: a reader takes a good round and a level of load and gives a number, or None when that round does not hold it;
it looks at nothing else. CPU and memory are cut out of the samples to the window that the generator reported.
Neighbours: drive and measure record, figure_table names what is read, analyse pools it over rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests import scenarios
from loadtests.analyse.verdict import Better
from loadtests.drive.result import DriveResult
from loadtests.measure import MIB, Use, use
from loadtests.plan import Level
from loadtests.results import Driven, Round

Read = Callable[[Round, Level], float | None]


@dataclass(frozen=True)
class Figure:
    """One figure. `ideal` is what a perfect server gives; `curve`: drawn over the levels instead of one by one."""

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


def cpu_per_request(result: DriveResult, cost: Use) -> float | None:
    """CPU-ms per answered request."""
    return 1000 * cost.cpu_seconds / (result.throughput * cost.seconds) if result.throughput > 0 else None


def cpu_per_million_events(result: DriveResult, cost: Use) -> float | None:
    """CPU-seconds per million token events that were read in the window."""
    return 1e6 * cost.cpu_seconds / result.tokens if result.tokens else None


def held(result: DriveResult) -> float:
    """Model calls in flight by Little's law: throughput times the model's own time."""
    return result.throughput * setting("async", "SCRIPTED_TTFT")


def expected_met(result: DriveResult) -> float | None:
    """Per cent of the answers with the expected status and, where sampled, body."""
    count = result.requests.count
    return 100 * (count - result.requests.errors) / count if count else None


def memory_per_stream(done: Round, level: Level) -> float | None:
    """MiB that RSS grew from before this load to its peak, by the streams that were open."""
    driven = drive_at(done, level)
    cost = window_use(driven) if driven else None
    if driven is None or cost is None:
        return None
    return max(0.0, cost.rss_peak_mib - driven.samples[0].rss_bytes / MIB) / level.users


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
