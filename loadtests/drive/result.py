"""One round of load as figures: the JSON that `parity drive --json` writes and that a comparison stores.

Rule: computed from `Totals` alone, and every distribution's histogram is kept beside its figures, so that
all of them can be computed again and merged. Durations are in ms, `window` and `warmup` in seconds.
`judge` says what makes a round unfit; the figures stay, with the reasons beside them. Neighbours: `drive`,
`totals`, `show`, `figures`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from loadtests.arrivals import Arrivals
from loadtests.drive.histogram import Quantiles, merged, quantiles
from loadtests.drive.totals import FailureSample, Frozen, Received, Second, Sent, Tally, Totals, Warmup, WorstStream
from loadtests.hosts import members
from loadtests.schema_version import SCHEMA_VERSION

LATENCIES: Final = ("latency", "latency_intended", "ttfb")
STREAM_FIGURES: Final = ("ttft", "itl", "longest_gap")
MAX_CPU: Final = 60.0
MAX_HUB_LAG: Final = 2.0
MIN_SENT: Final = 0.99
MAX_EVENTS_PER_READ: Final = 1.05
FAILED: Final = "requests failed"
TRUNCATED: Final = "streams were truncated"
WRONG_BODIES: Final = "bodies failed their check"
BUSY: Final = f"the generator's CPU was over {MAX_CPU:.0f}%"
LATE: Final = f"the generator's hub was late by over {MAX_HUB_LAG:.0f} ms at p99"
OF_TIMES: Final = (BUSY, LATE)  # how these reasons begin: they speak against times, and against no count
OF_THE_SERVER: Final = frozenset({FAILED, TRUNCATED, WRONG_BODIES})  # the other reasons are the generator's own


class Load(Frozen):
    """What was asked for: users of a closed loop, or the rate (requests/s) of an open one."""

    users: int | None = None
    rate: float | None = None
    arrivals: Arrivals = "constant"
    warmup: float
    seed: int


class Requests(Frozen):
    """Requests of the window. `offered`, `dropped` and `late` (begun over 2 ms after they were due): open loop."""

    count: int
    errors: int
    dropped: int
    offered: int
    late: int


class Streams(Frozen):
    """Streams that came to their `end` or `error` event, and those that stopped without one."""

    completed: int
    truncated: int


class InFlight(Frozen):
    """Requests in flight: mean and most as counted by the client, and throughput times mean latency (Little)."""

    mean: float
    max: int
    littles_law: float


class Group(Frozen):
    """A part of the requests, reported apart."""

    count: int
    errors: int
    throughput: float
    latency_ms: Quantiles
    latency_intended_ms: Quantiles


class Generator(Frozen):
    """The load generator's own health over the window; a round is `valid` when no reason speaks against it.

    Over several processes the figures are of the worst. `workers`: each one's, where load hosts sent the load.
    """

    cpu_percent: float
    hub_lag_p99_ms: float
    valid: bool
    reasons: tuple[str, ...]
    workers: tuple[Sent, ...] = ()


class Span(Frozen):
    """The measured window: its start (Unix time) and its length."""

    start: float
    seconds: float


class DriveResult(Frozen):
    """One round of one scenario. Fields about streams are None for scenarios without any.

    `received` is of the whole drive and not of the window; None where it was not counted yet.
    """

    schema_version: int = SCHEMA_VERSION
    scenario: str
    load: Load
    warmup: Warmup = Warmup()
    window: Span
    requests: Requests
    throughput: float
    goodput: float
    latency_ms: Quantiles
    latency_intended_ms: Quantiles
    ttfb_ms: Quantiles
    ttft_ms: Quantiles | None = None
    itl_ms: Quantiles | None = None
    longest_gap_ms: Quantiles | None = None
    streams: Streams | None = None
    tokens: int = 0
    events_per_read: float | None = None
    itl_reliable: bool | None = None
    worst_stream: WorstStream | None = None
    received: Received | None = None
    groups: dict[str, Group]
    in_flight: InFlight
    body_checks: int
    error_samples: dict[str, FailureSample]
    generator: Generator
    timeline: tuple[Second, ...]
    histograms: dict[str, str]

    @property
    def started_at(self) -> float:
        """When the window began, as Unix time."""
        return self.window.start

    @property
    def seconds(self) -> float:
        """How long the window was."""
        return self.window.seconds


def result_of(totals: Totals, scenario: str, load: Load, *, streams: bool, words: bool = False) -> DriveResult:
    """The figures of these totals. `words`: what streams say was to be checked."""
    figures = _figures(totals.whole)
    per_read = totals.tokens / totals.token_reads if totals.token_reads else None
    done, latency = totals.whole.done / totals.seconds, figures["latency"]
    return DriveResult(
        scenario=scenario,
        load=load,
        warmup=totals.warmup,
        window=Span(start=totals.started_at, seconds=totals.seconds),
        requests=_requests(totals),
        throughput=done,
        goodput=totals.whole.good / totals.seconds,
        latency_ms=latency,
        latency_intended_ms=figures["latency_intended"],
        ttfb_ms=figures["ttfb"],
        ttft_ms=figures["ttft"] if streams else None,
        itl_ms=figures["itl"] if streams else None,
        longest_gap_ms=figures["longest_gap"] if streams else None,
        streams=_streams(totals) if streams else None,
        tokens=totals.tokens,
        events_per_read=per_read,
        itl_reliable=None if per_read is None else per_read <= MAX_EVENTS_PER_READ,
        worst_stream=totals.worst_stream,
        received=totals.received,
        groups={name: _group(tally, totals.seconds) for name, tally in totals.groups.items()},
        in_flight=InFlight(
            mean=totals.whole.busy / totals.seconds,
            max=totals.most_in_flight,
            littles_law=done * latency.mean / 1e3,
        ),
        body_checks=totals.body_checks,
        error_samples=totals.failures,
        generator=judge(totals, bodies=words or not streams),
        timeline=totals.timeline,
        histograms=_histograms(totals),
    )


def _requests(totals: Totals) -> Requests:
    return Requests(
        count=totals.whole.count,
        errors=totals.whole.errors,
        dropped=totals.dropped,
        offered=totals.offered,
        late=totals.late,
    )


def judge(totals: Totals, *, bodies: bool = False) -> Generator:
    """Whether this round can be trusted, and every reason why not.

    A reason has no figure of this round in it, so that rounds refused for the same reason say the same; the figures
    stand beside it in the result.
    """
    lag = quantiles(totals.worst_hub_lag or totals.hub_lag).p99
    sent = 1 - totals.dropped / totals.offered if totals.offered else 1.0
    reasons = {
        f"{BUSY}{_on(totals, busy)}": totals.cpu_percent > MAX_CPU,
        f"{LATE}{_on(totals, late)}": lag > MAX_HUB_LAG,
        "no request fell into the window": not totals.whole.count,
        FAILED: totals.whole.errors > 0,
        TRUNCATED: totals.truncated_streams > 0,
        "no body was checked": bodies and totals.whole.done > 0 and not totals.body_checks,
        WRONG_BODIES: any(reason.startswith("body: ") for reason in totals.failures),
        f"less than {MIN_SENT:.0%} of the offered load was sent": sent < MIN_SENT,
    }
    found = (*totals.faults, *(reason for reason, holds in reasons.items() if holds))
    return Generator(
        cpu_percent=totals.cpu_percent, hub_lag_p99_ms=lag, valid=not found, reasons=found, workers=totals.workers
    )


def _on(totals: Totals, starved: Callable[[Sent], bool]) -> str:
    """Which of the load hosts; nothing where one machine sends the load."""
    found = sorted({sent.host for sent in totals.workers if starved(sent)})
    return f" on {members(found)}" if found else ""


def busy(sent: Sent) -> bool:
    """Whether this process of a load host had too little CPU left."""
    return sent.cpu_percent > MAX_CPU


def late(sent: Sent) -> bool:
    """Whether this process of a load host looked at its sockets too late."""
    return sent.hub_lag_p99_ms > MAX_HUB_LAG


def _figures(tally: Tally) -> dict[str, Quantiles]:
    empty = quantiles(merged(()))
    names = (*LATENCIES, *STREAM_FIGURES)
    return {name: quantiles(tally.histograms[name]) if name in tally.histograms else empty for name in names}


def _group(tally: Tally, seconds: float) -> Group:
    figures = _figures(tally)
    return Group(
        count=tally.count,
        errors=tally.errors,
        throughput=tally.done / seconds,
        latency_ms=figures["latency"],
        latency_intended_ms=figures["latency_intended"],
    )


def _streams(totals: Totals) -> Streams:
    return Streams(completed=totals.completed_streams, truncated=totals.truncated_streams)


def _histograms(totals: Totals) -> dict[str, str]:
    """Every distribution by name; a group's as `group/name`."""
    groups = {f"{group}/{n}": h for group, tally in totals.groups.items() for n, h in tally.histograms.items()}
    return {**totals.whole.histograms, **groups, "hub_lag": totals.hub_lag}
