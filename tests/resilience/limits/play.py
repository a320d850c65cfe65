"""Plays one attack against one server: quiet first, then attacked, then after it, each looked at in the same way.

Rule: the quiet figures are of the same server some seconds before, so a noisy machine shows in both. What cannot be
opened, or stops the server's answers, is no error but a result. Neighbours: `attacks`, `herd`, `look`, `judge`.
"""

import time
from dataclasses import dataclass

from loadtests.descriptors import most_connections
from loadtests.measure import MIB, Meter, Sample
from tests.conformance.fixtures import Launched
from tests.resilience.limits.attacks import Attack
from tests.resilience.limits.herd import Herd
from tests.resilience.limits.look import Looking, footing, healthy, recovery, turn
from tests.resilience.limits.measured import Footing, Row

QUIET = 1.2
SETTLED = 0.5
ARRIVALS = 1000.0
"""Clients a second that a server takes at least, where all come at once."""
PATIENCE = 8.0
"""Seconds that health may take after each step of opening; gthread keeps a thread 5 s for a client that is silent."""
OPENING = 30.0
"""Seconds that opening may take in all."""
RECOVERY = 15.0
SPARE = 10
"""Descriptors that each process may have more than before: a pool's connections to the store, made on first use."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of it is played: the share of the clients, and of the seconds before and while they are held."""

    clients: float = 1.0
    hold: float = 1.0


WHOLE = Sizes()


def play(attack: Attack, launched: Launched, sizes: Sizes = WHOLE) -> Row:
    """The row of this attack."""
    subject, server = launched.subject, launched.process
    wanted = max(min(round(attack.clients * sizes.clients), most_connections()), 1)  # each is a file of ours, too
    hold = attack.hold * sizes.hold
    before = footing(server)
    with Looking(server) as quiet:
        time.sleep(QUIET * sizes.hold)
    herd = Herd(server, attack.opening(subject), attack.act, buffer=attack.buffer, reply=attack.reply)
    with herd:
        stopped = _open(herd, attack, launched, wanted)
        reached = herd.opened
        time.sleep(SETTLED + wanted / ARRIVALS * (not attack.step))  # what their arrival costs is another matter
        with Meter(server.processes) as meter, Looking(server) as attacked:
            time.sleep(hold)
        during, answered = footing(server), turn(subject, server)
    recovered = recovery(subject, server, RECOVERY)
    return Row(
        target=subject.name,
        attack=attack.name,
        wanted=wanted,
        reached=reached,
        closed=len(herd.closed_at),
        hold=hold,
        quiet=quiet.health,
        attacked=attacked.health,
        before=before,
        during=during.model_copy(update={"rss_mib": peak(meter.samples)}),
        after=_back(launched, before),
        slope=round(slope(meter.samples), 3),
        turn=answered,
        recovered=recovered,
        stopped=stopped,
    )


def _open(herd: Herd, attack: Attack, launched: Launched, wanted: int) -> str:
    """Open them, a step at a time; gives why it stopped early, or ""."""
    step, deadline = attack.step or wanted, time.monotonic() + OPENING
    while (opened := herd.opened) < wanted:
        more = min(step, wanted - opened)
        if herd.grow(more, deadline - time.monotonic()) < more:
            return "more were not taken"
        if attack.step and not healthy(launched.process, PATIENCE):
            return f"with them there was no health for {PATIENCE:g} s"
    return ""


def peak(samples: tuple[Sample, ...]) -> float:
    """The most RSS of the tree, MiB."""
    return round(max(sample.rss_bytes for sample in samples) / MIB, 1)


def slope(samples: tuple[Sample, ...]) -> float:
    """MiB/s that the second half of the samples grows by: the least squares' straight line through them."""
    points = [(sample.at, sample.rss_bytes / MIB) for sample in samples[len(samples) // 2 :]]
    middle, level = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((at - middle) ** 2 for at, _ in points)
    return sum((at - middle) * (rss - level) for at, rss in points) / spread if spread else 0.0


def _back(launched: Launched, before: Footing) -> Footing:
    """What it stands on when its descriptors are those of before, or after some seconds."""
    deadline, most = time.monotonic() + RECOVERY, before.descriptors + SPARE * before.processes
    while (now := footing(launched.process)).descriptors > most and time.monotonic() < deadline:
        time.sleep(SETTLED)
    return now
