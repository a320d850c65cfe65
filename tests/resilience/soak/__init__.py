"""Half an hour of mixed load with faults, on each of the usual deployments, all at the same time.

Rule: zero broken promises, and flat after the warm-up. Neighbours: `watch` (plays it), `page`, `plot`.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests.targets import DEFAULT_TARGETS, load_targets, pick
from tests.resilience.part import Part, Tell, machine, now
from tests.resilience.soak.model import Soak, Soaked
from tests.resilience.soak.page import page
from tests.resilience.soak.plot import plot
from tests.resilience.soak.watch import Course, soak

MINUTES = 30.0
EVERY = 10.0  # seconds between looks


def measure(tell: Tell, minutes: float = MINUTES, every: float = EVERY) -> Soaked:
    """Play all of them at once; a soak is no measurement of speed."""
    taken, targets = now(), pick(load_targets(), DEFAULT_TARGETS)
    tell(f"{minutes:g} min of {', '.join(target.name for target in targets)}, at the same time")
    with TemporaryDirectory(prefix="parity-soak-") as name, ThreadPoolExecutor(len(targets)) as pool:
        course = Course(60 * minutes, every, Path(name), seed=1, stopped=threading.Event())
        try:
            soaks = tuple(pool.map(partial(soak, course=course), targets))
        finally:  # Ctrl-C: the pool waits for them
            course.stopped.set()
    return Soaked(taken=taken, machine=machine(), broken=tuple(_broken(soaks)), soaks=soaks)


def _broken(soaks: tuple[Soak, ...]) -> list[str]:
    grown = [
        f"{one.target}: {growth.name} grew from {growth.first:g} to {growth.last:g}"
        for one in soaks
        for growth in one.growths()
        if not growth.flat
    ]
    return [sentence for one in soaks for sentence in one.broken] + grown


def drawn(soaked: Soaked) -> dict[str, str]:
    """The plot that the page shows."""
    return {"soak.svg": plot(soaked.soaks)}


PART = Part("soak", "half an hour of mixed load with faults", MINUTES + 1, Soaked, measure, page, drawn)
