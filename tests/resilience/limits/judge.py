"""What of the measurements breaks a promise, a sentence each.

Rule: the promises are those of the contract and of the issue: memory that does not grow with time, health within 100
ms (or twice what it took unattacked, where that is more) or a clean refusal, everything back when the attack is over.
Where an attack holds as many requests as a server can, no health can be had: that is shown, not judged.
Neighbours: `measured`, `page`.
"""

from collections.abc import Iterable, Iterator, Mapping

from loadtests.targets import Target
from tests.resilience.limits.attacks import ATTACKS
from tests.resilience.limits.floods import SILENCE
from tests.resilience.limits.measured import Ending, Flood, Limits, Row, Streams
from tests.resilience.limits.play import SPARE

HEALTH_MS = 100.0
QUIETS = 2.0
"""How many times the quiet p99 the attacked one may be where that is over the limit: a busy machine."""
GROWN_MIB = 8.0
"""What a server may still grow by in the second half of an attack: less than any attack holds."""
GROWN_SHARE = 0.05
READER_MIB, OTHER_MIB = 1.0, 0.1
"""MiB that a slow reader, and any other client, may hold of the server's own memory, beside `BASE_MIB` of all."""
BASE_MIB = 32.0
FLOOD_MIB = 16.0
FLOOD_SECONDS = 10.0
EXIT = 2.0
"""Seconds after the grace in which the process has gone."""
SLACK = 0.5
"""Seconds that this takes to see, on a machine that does nothing else."""
SPARE_THREADS = 8


def broken(measured: Limits, targets: Mapping[str, Target]) -> Iterator[str]:
    """The sentences."""
    for row in measured.rows:
        yield from _named(row.target, row.attack, of_row(row, targets[row.target]))
        yield from _named(row.target, row.attack, in_time(row, targets[row.target]))
    for flood in measured.floods:
        yield from _named(flood.target, flood.flood, of_flood(flood))
    for streams in measured.streams:
        yield from _named(streams.target, "MAX_STREAMS", of_streams(streams))
    for ending in measured.endings:
        yield from _named(ending.target, "stuck readers", of_ending(ending))


def _named(target: str, what: str, sentences: Iterable[str]) -> Iterator[str]:
    return (f"{target}, {what}: {sentence}" for sentence in sentences)


def full(row: Row, target: Target) -> bool:
    """Whether the attack held all that the server can hold, so that nobody else could be served."""
    return target.slots is not None and row.reached >= target.slots


def in_time(row: Row, target: Target) -> Iterator[str]:
    """Whether health took longer than promised: for a machine that does nothing else."""
    p99, usual = row.attacked.p99_ms, row.quiet.p99_ms or 0.0
    if p99 is None or full(row, target):
        return
    if row.attacked.unanswered:
        yield f"{row.attacked.unanswered} of {row.attacked.looks} health checks had no answer in time"
    elif p99 > max(HEALTH_MS, QUIETS * usual):
        yield f"health took {p99:g} ms at p99, {usual:g} ms without the attack"


def of_row(row: Row, target: Target) -> Iterator[str]:
    """What a held attack broke."""
    if not full(row, target):
        if row.attacked.unanswered == row.attacked.looks:
            yield f"none of {row.attacked.looks} health checks had an answer"
        if row.turn is None:
            yield "a plain turn had no answer"
        if target.slots is None and row.reached < row.wanted:
            yield f"only {row.reached} of {row.wanted} were taken: {row.stopped}"
    yield from grown(row)
    yield from lasting(row, target)


def grown(row: Row) -> Iterator[str]:
    """Memory that grows with time, or with what is not read."""
    reads = bool(ATTACKS[row.attack].buffer)
    if reads and row.slope * row.hold / 2 > max(GROWN_MIB, GROWN_SHARE * row.during.rss_mib):
        yield f"memory still grew by {row.slope:g} MiB/s"
    held, most = row.during.rss_mib - row.before.rss_mib, BASE_MIB + row.reached * (READER_MIB if reads else OTHER_MIB)
    if held > most:
        yield f"{row.reached} clients held {held:.0f} MiB, over {most:.0f}"


def lasting(row: Row, target: Target) -> Iterator[str]:
    """What stayed when the attack was over."""
    if row.recovered is None:
        yield "health and a turn were not answered again"
    if row.after.descriptors > row.before.descriptors + SPARE * row.before.processes:
        yield f"{row.after.descriptors} descriptors are open, {row.before.descriptors} were before"
    pool = target.slots if "gthread" in target.server else 0
    if row.after.threads > row.before.threads + SPARE_THREADS * target.workers + (pool or 0):
        yield f"{row.after.threads} threads are there, {row.before.threads} were before"
    if row.after.processes != row.before.processes:
        yield f"{row.after.processes} processes are there, {row.before.processes} were before"


def of_flood(flood: Flood) -> Iterator[str]:
    """What a head that is too much broke."""
    if flood.answer == SILENCE or not (flood.answer == "closed" or flood.answer.startswith("4")):
        yield f"{flood.sent_bytes:,} bytes were taken, and the answer was {flood.answer}"
    if flood.grown_mib > FLOOD_MIB:
        yield f"memory grew by {flood.grown_mib:g} MiB"
    if flood.seconds > FLOOD_SECONDS:
        yield f"it took {flood.seconds:g} s"
    if not flood.healthy:
        yield "there was no health afterwards"


def of_streams(streams: Streams) -> Iterator[str]:
    """Who was let in, and who was told what."""
    most = streams.limit * streams.workers
    if not (streams.limit <= streams.admitted <= most):
        yield f"{streams.admitted} streams were admitted with {streams.limit} for each of {streams.workers} processes"
    if streams.other or streams.admitted + streams.refused != streams.clients:
        yield f"some were not refused with 503 and Retry-After: {', '.join(streams.other)}"
    if streams.turn is None or not streams.healthy:
        yield "a plain turn or health had no answer"
    if streams.again < streams.limit:
        yield f"only {streams.again} places came back in {streams.again_after:g} s"


def of_ending(ending: Ending) -> Iterator[str]:
    """Whether SIGTERM ended it in time."""
    if ending.gone > ending.grace + EXIT + SLACK:
        yield f"SIGTERM took {ending.gone:g} s, with a grace of {ending.grace:g} s"
