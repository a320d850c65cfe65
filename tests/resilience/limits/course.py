"""The whole measurement: every target, every attack, one server at a time, with the watch on idle ones beside it.

Rule: two servers for each target, one for what the scripted model is enough for and one with the endless model of slow
readers; an attack's server is the next one's, so what an attack leaves behind shows. Neighbours: `play`, `streams`,
`floods`, `holds`, `ending` (the work), `judge` (what of it breaks a promise).
"""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.descriptors import open_files
from loadtests.targets import Target, load_services
from tests.conformance.fixtures import started
from tests.resilience import part
from tests.resilience.limits import ending, endless, floods, holds, judge, streams
from tests.resilience.limits.attacks import READERS, on
from tests.resilience.limits.look import turn
from tests.resilience.limits.measured import Ending, Flood, Limits, Row, Streams
from tests.resilience.limits.play import WHOLE, Sizes, play
from tests.resilience.part import Tell


@dataclass(slots=True)
class Found:
    """What is measured so far."""

    rows: list[Row] = field(default_factory=list)
    floods: list[Flood] = field(default_factory=list)
    unbounded: list[Flood] = field(default_factory=list)
    streams: list[Streams] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)


def measure(tell: Tell) -> Limits:
    """All targets; about nine minutes."""
    began, targets, found = time.monotonic(), load_services(), Found()
    with (
        tempfile.TemporaryDirectory(prefix="parity-limits-") as name,
        open_files(),
        holds.watching(targets, Path(name)) as watch,
    ):
        for target in targets.values():
            tell(f"{target.name}, {time.monotonic() - began:.0f} s")
            one(target, Path(name), found)
        found.unbounded += floods.unbounded(targets, Path(name))
        held = watch.holds()
    measured = Limits(
        taken=part.now(),
        machine=part.machine(),
        broken=(),
        rows=tuple(found.rows),
        floods=tuple(found.floods),
        unbounded=tuple(found.unbounded),
        streams=tuple(found.streams),
        holds=held,
        endings=tuple(found.endings),
        seconds=round(time.monotonic() - began),
    )
    return measured.model_copy(update={"broken": tuple(judge.broken(measured, targets))})


def one(target: Target, folder: Path, found: Found, sizes: Sizes = WHOLE) -> None:
    """One target."""
    with started(target, streams.SETTINGS, folder / f"{target.name}.log") as launched:
        turn(launched.subject, launched.process)  # what is made on first use is there before anything is counted
        if streams.applies(target):
            found.streams.append(streams.play(launched))
        found.floods += [floods.play(name, launched) for name in floods.FLOODS]
        found.rows += [play(attack, launched, sizes) for attack in on(target)]
    with started(target, endless.SETTINGS, folder / f"{target.name}-endless.log") as launched:
        turn(launched.subject, launched.process)
        found.rows.append(play(READERS, launched, sizes))
        found.endings.append(ending.play(launched))
