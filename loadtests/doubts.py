"""What speaks against a drive besides its own record: skipped work, shared cores, a ceiling near, a slow model server.

Rule: pure, each a sentence with what was seen and the limit. A round with any of them is refused; a probe of a knee
search cannot tell. Neighbours: `compare.judge` and `knee.probe` ask; `drive.result` has what the generator says of
itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from loadtests.drive.result import DriveResult
from loadtests.measure import Sample, use
from loadtests.measure.environment import Cores
from loadtests.measure.placing import Placed
from loadtests.records import Ceiling
from loadtests.scenarios import own_time

NEAR: Final = 0.9  # of the ceiling: from here on the generator is not known to keep its figures true
FULL: Final = 0.85  # of a core: from here on one asks for it six times as long as one has it (1 / (1 - 0.85), M/M/1)
EARLY: Final = 0.9  # of the model's own time: no server that does the work can answer half of all requests sooner


def skipped(result: DriveResult, settings: Mapping[str, str]) -> Iterator[str]:
    """A server that answers before its model can have: half of all answers came too soon.

    Gaps say nothing: the model's schedule is absolute, so a server that was late catches up in bursts.
    """
    times = (own_time(settings, "TTFT"), own_time(settings, "ITL"))
    first, gap = (1e3 * seconds for _, seconds in times)
    tokens = len(result.worst_stream.tokens_ms) if result.worst_stream else 0
    whole = first + gap * max(0, tokens - 1)
    answers = [("answers", result.latency_ms, whole)]
    if result.ttft_ms is not None:
        answers = [("first tokens", result.ttft_ms, first), ("streams", result.latency_ms, whole)]
    told = " and ".join(f"{name}={settings[name]}" for name, _ in times if name in settings)
    for what, measured, least in answers:
        if measured.count and measured.p50 < EARLY * least:
            yield (
                f"the server did not keep {told} under load: half of its {what} were there "
                f"within {measured.p50:.0f} ms, and the model alone takes {least:.0f} ms"
            )


def shared(placed: Placed, cores: Cores) -> Iterator[str]:
    """A side that may run on the other's cores; nothing where nothing could be pinned."""
    sides = (
        ("the server", placed.server, "the generator's", cores.generator),
        ("the generator", placed.generator, "the server's", cores.server),
        ("the model server", placed.upstream, "the server's", cores.server),
    )
    for who, allowed, whose, theirs in sides:
        for core in sorted(set(allowed) & set(theirs)):
            yield f"{who} may run on core {core}, {whose}"


def near(result: DriveResult, ceiling: Ceiling | None) -> Iterator[str]:
    """A rate that the generator is not known to drive with true figures."""
    if ceiling is None:
        return
    rates = (
        ("events/s", result.tokens / result.seconds, ceiling.events_per_second),
        ("requests/s", result.requests.count / result.seconds, ceiling.requests_per_second),
    )
    for unit, rate, most in rates:
        if rate >= NEAR * most:
            yield (
                f"{rate:,.0f} {unit} are {rate / most:.0%} of the generator's ceiling ({most:,.0f} {unit}), "
                f"from {NEAR:.0%} on its figures are not trusted"
            )


def outpaced(result: DriveResult, upstream: tuple[Sample, ...], cores: Cores) -> Iterator[str]:
    """A model server that was the bottleneck: with two cores it has the generator's, and what both took counts."""
    share = of_its_core(result, upstream, cores)
    if share is not None and share >= FULL:
        who = "model server and generator" if together(cores) else "the model server"
        yield f"the model was the bottleneck: {who} took {share:.0%} of a core, and from {FULL:.0%} on one waits"


def of_its_core(result: DriveResult, upstream: tuple[Sample, ...], cores: Cores) -> float | None:
    """The share of the model server's core that was taken in the window, by whoever runs there; None: not seen."""
    cost = use(upstream, result.started_at, result.started_at + result.seconds)
    if cost is None:
        return None
    return cost.cores + (result.generator.cpu_percent / 100 if together(cores) else 0)


def together(cores: Cores) -> bool:
    """Whether model server and generator share a core."""
    return bool(cores.upstream) and cores.upstream == cores.generator
