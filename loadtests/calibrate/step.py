"""One step: a round of load against the peer, and the generator's figures held to the peer's own record.

Rule: `refused` is what the generator's gates say, `untrue` what the record says against its figures; a step is good
when both are empty. Only the public fields of a drive's result are read, so that any version of the generator can be
held to the same record. Neighbours: `running` has the peer, `climb` chooses the loads, `show` has the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from loadtests.calibrate.record import Record
from loadtests.calibrate.running import KEY, RunningPeer
from loadtests.calibrate.schedule import Framing
from loadtests.drive import DriveResult, DriveSpec, drive
from loadtests.drive.histogram import Quantiles, quantiles
from loadtests.drive.totals import Frozen

TRUE_P50: Final = 1.0  # ms between the generator's figure and the record's
TRUE_P99: Final = 2.0
TRUE_COUNT: Final = 0.01  # of the events (requests) in the window, which the two cut out of their own clocks
TRUE_PER_READ: Final = 0.05
BUSY: Final = 85.0  # percent of a core at which the peer is what limits the load
WARMUP: Final = 2.0  # at most
COMPARED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"stream": ("ttft", "itl"), "chat": ("latency",)})
UNITS: Final[Mapping[str, str]] = MappingProxyType({"stream": "events/s", "chat": "requests/s"})
WORDS: Final[Mapping[str, str]] = MappingProxyType({"ttft": "TTFT", "itl": "ITL", "latency": "latency"})


class Pair(Frozen):
    """One distribution in ms: as the generator saw it, and as the peer recorded it."""

    p50: float
    p99: float
    recorded_p50: float
    recorded_p99: float

    @classmethod
    def of(cls, seen: Quantiles, recorded: Quantiles) -> Pair:
        """The two beside each other."""
        return cls(p50=seen.p50, p99=seen.p99, recorded_p50=recorded.p50, recorded_p99=recorded.p99)

    @property
    def p50_off(self) -> float:
        """How far the generator's median is above the record's, in ms."""
        return self.p50 - self.recorded_p50

    @property
    def p99_off(self) -> float:
        """The same of the 99th percentile."""
        return self.p99 - self.recorded_p99


class Step(Frozen):
    """What came of one load. `seen` and `recorded` count token events for streams, else requests."""

    scenario: str
    framing: str
    users: int
    seconds: float
    per_second: float
    cpu_percent: float
    hub_lag_p99_ms: float
    events_per_read: float | None
    itl_reliable: bool | None
    seen: int
    recorded: int
    figures: dict[str, Pair]
    peer_cpu_percent: float
    peer_late_p99_ms: float
    refused: tuple[str, ...]
    untrue: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the figures were valid, and true."""
        return not self.refused and not self.untrue

    @property
    def peer_busy(self) -> bool:
        """Whether the peer was what limited the load."""
        return self.peer_cpu_percent >= BUSY

    @property
    def per_core(self) -> float:
        """Events/s (requests/s) for each core that the generator used."""
        return self.per_second / self.cpu_percent * 100 if self.cpu_percent else 0.0


def play(
    running: RunningPeer, scenario: str, framing: Framing, *, users: int, seconds: float, cores: Sequence[int] = ()
) -> Step:
    """Drive the peer with so many users for so long, the generator on these cores (none: any), and judge it."""
    spec = DriveSpec(
        scenario=scenario,
        url=running.url,
        key=KEY,
        users=users,
        seconds=seconds,
        warmup=WARMUP,
        cpus=frozenset(cores) or None,
        timeout=10.0,
    )
    result = drive(spec)
    return step_of(result, running.record(result.window.start, result.window.seconds), framing, users)


def step_of(result: DriveResult, record: Record, framing: Framing, users: int) -> Step:
    """The generator's figures beside the record's."""
    streams = result.scenario == "stream"
    seen, recorded = (result.tokens, record.tokens) if streams else (result.requests.count, record.requests)
    figures = {
        name: Pair.of(getattr(result, f"{name}_ms"), quantiles(getattr(record, name)))
        for name in COMPARED[result.scenario]
    }
    per_read = result.events_per_read
    return Step(
        scenario=result.scenario,
        framing=framing.name,
        users=users,
        seconds=result.seconds,
        per_second=result.tokens / result.seconds if streams else result.throughput,
        cpu_percent=result.generator.cpu_percent,
        hub_lag_p99_ms=result.generator.hub_lag_p99_ms,
        events_per_read=per_read,
        itl_reliable=result.itl_reliable,
        seen=seen,
        recorded=recorded,
        figures=figures,
        peer_cpu_percent=record.cpu_percent,
        peer_late_p99_ms=quantiles(record.late).p99,
        refused=result.generator.reasons,
        untrue=(
            *(line for name, pair in figures.items() for line in _off(WORDS[name], pair)),
            *_counts(seen, recorded, result.scenario),
            *(_reads(per_read, result.itl_reliable, framing.per_write) if streams else ()),
        ),
    )


def _off(name: str, pair: Pair) -> Iterator[str]:
    for at, off, limit in (("p50", pair.p50_off, TRUE_P50), ("p99", pair.p99_off, TRUE_P99)):
        if abs(off) > limit:
            yield f"{name} {at} is {off:+.1f} ms off the server's record, over {limit:.0f} ms"


def _counts(seen: int, recorded: int, scenario: str) -> Iterator[str]:
    if not recorded or abs(seen - recorded) > max(TRUE_COUNT * recorded, 1):
        yield f"{seen} {UNITS[scenario].partition('/')[0]} counted where the server's record has {recorded}"


def _reads(per_read: float | None, reliable: bool | None, per_write: int) -> Iterator[str]:
    if per_read is None or abs(per_read - per_write) > TRUE_PER_READ * per_write:
        yield f"{per_read or 0:.2f} events a read where the server wrote {per_write} at a time"
    if per_write > 1 and reliable:
        yield f"ITL is called reliable though the server wrote {per_write} events at a time"
