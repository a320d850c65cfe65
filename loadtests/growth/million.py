"""The page's last section: a million open streams, on paper.

Rule: the arithmetic is written out with the numbers of the stored measurement. Neighbours: `paper` works it out, `page`
puts it at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.growth import paper
from loadtests.growth.model import Measured
from loadtests.growth.paper import FULL, HOST_CORES, HOST_GIB, HOST_MEMORY, MOST_FILES, PORTS, STREAMS, Laws, Need
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


def lines(measured: Measured) -> Iterator[str]:
    """The section; a sentence where the laws are missing."""
    yield f"## On paper: {STREAMS:,} open streams\n"
    yield (
        f"From the law over the pace (cores for {measured.size.steady} streams) and that over open streams (memory). "
        f"A worker is given {FULL:.0%} of a core, or as many streams as it has places; a host is assumed to have "
        f"{HOST_CORES} cores and {HOST_GIB} GiB, {HOST_MEMORY:.0%} of it for the servers.\n"
    )
    for target in pick(load_targets(), measured.size.targets):
        yield f"### {target.title} (`{target.name}`)\n"
        laws = paper.laws_of(measured, target.name)
        if laws is None:
            yield "Too few valid points for its laws.\n"
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
    yield f"| | {' | '.join(f'at {need.pace:g} events/s' for need in found)} |"
    yield f"|:--|{'--:|' * len(found)}"
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    for need in found:
        yield _arithmetic(measured, laws, need)
    yield ""


def _arithmetic(measured: Measured, laws: Laws, need: Need) -> str:
    steady = measured.size.steady
    cores, (base, each, _) = laws.pace.at(need.pace), paper.memory_of(laws.memory)
    return (
        f"- {need.pace:g} events/s: {cores:.4f} cores for {steady} streams = {1e6 * cores / steady:,.1f} us a second "
        f"for each; x {STREAMS:,} = {need.cores:,.0f} cores. {FULL:g} of a core / {1e6 * cores / steady:,.1f} us: "
        f"{int(FULL * steady / cores):,} streams; {STREAMS:,} / {need.streams_each:,} = {need.workers:,} workers. "
        f"{1024 * each:,.1f} KiB for each stream and {base:,.1f} MiB for each worker = {need.gib:,.0f} GiB."
    )
