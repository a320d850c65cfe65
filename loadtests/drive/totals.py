"""What a load did, as a value: counts and encoded histograms that leave the process and merge exactly.

Rule: frozen, and every field adds up over processes (or takes the worst of them, where its line says so),
so the totals of several Locust workers are those of one process that had done it all. Neighbours:
`recorder` makes them, `result` turns them into figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict

from loadtests.drive.histogram import merged, quantiles


class Frozen(BaseModel):
    """A value between stages: never changed, and a field that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tally(Frozen):
    """Counts of one group. `done` and `good` ended well in the window; `busy` is request-seconds in it."""

    count: int = 0
    errors: int = 0
    done: int = 0
    good: int = 0
    busy: float = 0.0
    histograms: dict[str, str] = {}


class FailureSample(Frozen):
    """How often one reason was met, and what the first one looked like."""

    count: int
    example: str


class Second(Frozen):
    """One second of the window: requests that ended well in it, and failures."""

    requests: int = 0
    errors: int = 0


class Warmup(Frozen):
    """What came before the window and does not count, in seconds; `limit` is the longest it might have taken.

    `settled`: it ended because throughput and latency had stopped changing, not because it had reached its limit.
    """

    seconds: float = 0.0
    settled: bool = False
    limit: float = 0.0


class WorstStream(Frozen):
    """The stream with the longest gap: when each of its tokens came, in ms after its request was sent."""

    longest_gap_ms: float
    tokens_ms: tuple[float, ...]


class Received(Frozen):
    """What the clients got of the model in all, warm-up and tail among it: whole turns, and what they held.

    `calls` of the model: one a turn, and one more where tools were called. `tokens` are events of streams: a reply in
    one piece shows none. `characters` are those of the text.
    """

    turns: int = 0
    calls: int = 0
    tool_calls: int = 0
    tokens: int = 0
    characters: int = 0

    def plus(self, other: Received) -> Received:
        """Both together."""
        return Received(**{name: getattr(self, name) + getattr(other, name) for name in Received.model_fields})


class Sent(Frozen):
    """What one process of a load host did, and its health: where there are several hosts, each must be fit.

    `clock_error_ms`: by how much its window may lie beside the others'.
    """

    host: str
    requests: int
    errors: int
    cpu_percent: float
    hub_lag_p99_ms: float
    clock_error_ms: float


class Totals(Frozen):
    """All that one process (or several, merged) did in the window. `faults`: what broke in the generator itself."""

    seconds: float
    whole: Tally
    groups: dict[str, Tally] = {}
    offered: int = 0
    dropped: int = 0
    late: int = 0
    completed_streams: int = 0
    truncated_streams: int = 0
    tokens: int = 0
    token_reads: int = 0
    body_checks: int = 0
    most_in_flight: int = 0
    failures: dict[str, FailureSample] = {}
    timeline: tuple[Second, ...] = ()
    cpu_percent: float = 0.0  # of the busiest process
    hub_lag: str
    worst_hub_lag: str = ""  # of the process with the highest p99, where there were several
    started_at: float  # Unix time
    warmup: Warmup = Warmup()
    worst_stream: WorstStream | None = None
    received: Received = Received()
    faults: tuple[str, ...] = ()
    workers: tuple[Sent, ...] = ()  # of load hosts; on one machine there are none


def merge(parts: Sequence[Totals]) -> Totals:
    """The totals of all these processes together."""
    return Totals(
        started_at=min(part.started_at for part in parts),
        seconds=max(part.seconds for part in parts),
        whole=_tallies(part.whole for part in parts),
        groups={
            name: _tallies(part.groups[name] for part in parts if name in part.groups)
            for name in dict.fromkeys(name for part in parts for name in part.groups)
        },
        offered=sum(part.offered for part in parts),
        dropped=sum(part.dropped for part in parts),
        late=sum(part.late for part in parts),
        completed_streams=sum(part.completed_streams for part in parts),
        truncated_streams=sum(part.truncated_streams for part in parts),
        tokens=sum(part.tokens for part in parts),
        token_reads=sum(part.token_reads for part in parts),
        body_checks=sum(part.body_checks for part in parts),
        most_in_flight=sum(part.most_in_flight for part in parts),
        failures=_failures(part.failures for part in parts),
        timeline=_timeline(part.timeline for part in parts),
        cpu_percent=max(part.cpu_percent for part in parts),
        hub_lag=merged(part.hub_lag for part in parts),
        worst_hub_lag=max((part.hub_lag for part in parts), key=lambda lag: quantiles(lag).p99),
        warmup=_warmup(tuple(part.warmup for part in parts)),
        worst_stream=_worst(part.worst_stream for part in parts),
        received=reduce(Received.plus, (part.received for part in parts)),
        faults=tuple(dict.fromkeys(fault for part in parts for fault in part.faults)),
        workers=tuple(sent for part in parts for sent in part.workers),
    )


def sent_by(host: str, clock_error: float, part: Totals) -> Totals:
    """The same with its host's name, on what it did and on what broke there; `clock_error` in seconds."""
    sent = Sent(
        host=host,
        requests=part.whole.count,
        errors=part.whole.errors,
        cpu_percent=part.cpu_percent,
        hub_lag_p99_ms=quantiles(part.hub_lag).p99,
        clock_error_ms=round(1e3 * clock_error, 3),
    )
    faults = tuple(f"{fault} on {host}" for fault in part.faults)
    return part.model_copy(update={"workers": (sent,), "faults": faults})


def _warmup(parts: Sequence[Warmup]) -> Warmup:
    """The window opens for all processes at once; it is settled when it was for each of them."""
    return Warmup(
        seconds=max(part.seconds for part in parts),
        settled=all(part.settled for part in parts),
        limit=max(part.limit for part in parts),
    )


def _worst(parts: Iterable[WorstStream | None]) -> WorstStream | None:
    streams = (part for part in parts if part is not None)
    return max(streams, key=lambda stream: stream.longest_gap_ms, default=None)


def _tallies(tallies: Iterable[Tally]) -> Tally:
    parts = tuple(tallies)
    names = dict.fromkeys(name for part in parts for name in part.histograms)
    return Tally(
        count=sum(part.count for part in parts),
        errors=sum(part.errors for part in parts),
        done=sum(part.done for part in parts),
        good=sum(part.good for part in parts),
        busy=sum(part.busy for part in parts),
        histograms={name: merged(p.histograms[name] for p in parts if name in p.histograms) for name in names},
    )


def _failures(parts: Iterable[Mapping[str, FailureSample]]) -> dict[str, FailureSample]:
    found: dict[str, FailureSample] = {}
    for part in parts:
        for reason, sample in part.items():
            first = found.get(reason, FailureSample(count=0, example=sample.example))
            found[reason] = FailureSample(count=first.count + sample.count, example=first.example)
    return found


def _timeline(lines: Iterable[Sequence[Second]]) -> tuple[Second, ...]:
    return tuple(
        Second(requests=sum(s.requests for s in column), errors=sum(s.errors for s in column))
        for column in zip_longest(*lines, fillvalue=Second())
    )
