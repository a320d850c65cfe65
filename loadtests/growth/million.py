"""The page's last section: a million open streams, on paper.

Rule: the arithmetic is written out with the numbers of the stored measurement. Neighbours: `paper` works it out, `page`
puts it at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.growth import paper
from loadtests.growth.model import Measured
from loadtests.growth.paper import (
    BEGUN,
    FULL,
    HOST_CORES,
    HOST_GIB,
    HOST_MEMORY,
    MOST_FILES,
    PACES,
    PORTS,
    STREAMS,
    Laws,
    Need,
)
from loadtests.growth.valid import PACE as STREAMING
from loadtests.targets import Target, load_targets, pick

UNKNOWN = """\
What this cannot know:

- A million was never open here, nor a tenth of it: every line is drawn on as a straight one far beyond its last point.
- One core of this machine is not one of another's, and a worker with a core to itself has its caches to itself; 32 on
  one host share memory bandwidth and the kernel's locks.
- The kernel's share is not in it: its memory for a socket (some KiB each, more with data waiting), its interrupts for
  network cards. Here everything went over the loopback.
- No TLS, no proxy in front: either may cost as much as the application.
- Clients here read at once. Slow ones hold memory in buffers on both sides.
- The model behind the streams: here it is a script that costs nearly nothing and never fails.
- Streams come and go, and after a fault all come back at once: what is reserved for that is not in the {full:.0%}.
"""
WAYS = """\
- *{begun}* is what was measured over open streams: where the core was that busy, between two points of that table.
  Streams there last about 1.5 s, and each begins as a request that reads and writes its session in SQLite. ± is half
  the distance of the rounds.
- *held open* is the law over the pace, for {steady} streams of which none begins or ends in the window, with sessions
  in memory: what the events alone cost. ± is the law's interval.

Short answers need the first, long ones come near the second.
"""


def lines(measured: Measured) -> Iterator[str]:
    """The section; a sentence where the laws are missing."""
    yield f"## On paper: {STREAMS:,} open streams\n"
    yield (
        f"A worker is given {FULL:.0%} of a core, or as many streams as it has places; a host is assumed to have "
        f"{HOST_CORES} cores and {HOST_GIB} GiB, {HOST_MEMORY:.0%} of it for the servers. Memory is by the law over "
        "open streams. Cores are told in two ways, which differ for a reason:\n"
    )
    yield WAYS.format(begun=BEGUN, steady=measured.size.steady)
    for target in pick(load_targets(), measured.size.targets):
        yield f"### {target.title} (`{target.name}`)\n"
        laws = paper.laws_of(measured, target.name)
        if laws is None:
            yield "Too few valid points, or points that follow no law.\n"
        else:
            yield from _told(measured, target, laws)
    yield (
        f"Descriptors: one for each stream; a process may have {MOST_FILES:,}, so no worker comes near. Ports: the "
        f"servers listen on few, but a proxy in front opens a connection for each stream, and has {PORTS:,} ports "
        f"towards one address and port: {STREAMS:,} / {PORTS:,} = at least {paper.pairs_of_addresses()} pairs of "
        "its address and a server's address and port.\n"
    )
    yield UNKNOWN.format(full=FULL)


def _told(measured: Measured, target: Target, laws: Laws) -> Iterator[str]:
    found = tuple(paper.needs(measured, target, laws))
    rows = (
        ("streams in a worker", [f"{need.streams_each:,} (limited by {need.limit})" for need in found]),
        ("workers", [f"{need.workers:,}" for need in found]),
        ("cores busy", [f"{need.cores:,.0f} ±{need.cores_half:,.0f}" for need in found]),
        ("memory, GiB", [f"{need.gib:,.0f} ±{need.gib_half:,.0f}" for need in found]),
        ("descriptors", [f"{need.descriptors:,}" for need in found]),
        ("hosts", [f"{need.hosts:,}" for need in found]),
    )
    yield f"| | {' | '.join(need.way for need in found)} |"
    yield f"|:--|{'--:|' * len(found)}"
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    begun, *held = found
    busy = laws.busy
    (low, low_cores), (high, high_cores) = busy.below, busy.above
    yield _arithmetic(
        begun,
        laws,
        f"{low:g} streams took {low_cores:.4f} cores and {high:g} took {high_cores:.4f} (means of the rounds), so "
        f"{busy.streams:,.1f} take {FULL:g}",
    )
    for pace, need in zip(PACES, held, strict=True):
        cores = laws.pace.at(pace)
        yield _arithmetic(need, laws, f"by the law {cores:.4f} cores for {measured.size.steady} streams")
    more = begun.each - held[0].each
    yield (
        f"- The two at {STREAMING:g} events/s: {1e6 * begun.each:,.0f} - {1e6 * held[0].each:,.0f} = {1e6 * more:,.0f} "
        f"us a second of each stream, {more / begun.each:.0%} of all, for beginning, ending and a session in SQLite.\n"
    )


def _arithmetic(need: Need, laws: Laws, source: str) -> str:
    base, each, _ = paper.memory_of(laws.memory)
    fitting = "" if need.limit == "its core" else f"; it has {need.limit.removeprefix('its ')}"
    return (
        f"- {need.way}: {source} = {1e6 * need.each:,.1f} us a second for each; x {STREAMS:,} = {need.cores:,.0f} "
        f"cores. {FULL:g} of a core / {1e6 * need.each:,.1f} us: {int(FULL / need.each + paper.TINY):,} streams"
        f"{fitting}; {STREAMS:,} / {need.streams_each:,} = {need.workers:,} workers. {1024 * each:,.1f} KiB for each "
        f"stream and {base:,.1f} MiB for each worker = {need.gib:,.0f} GiB."
    )
