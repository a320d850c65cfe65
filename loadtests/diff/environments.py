"""What is not the same in two runs: the machine, the software, and how the run was set up.

Rule: every recorded fact is held against its twin, and which kind it is decides what may be trusted: two machines
make absolute figures incomparable, two sources on one machine are what a comparison is for. Unknown is a difference.
Neighbours: measure.environment and calibrate record, changes works out both kinds of ratio, show prints the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from loadtests.diff.model import Basis, Difference, Kind
from loadtests.measure.environment import Cores, Environment
from loadtests.plan import Model, PlannedScenario, PlannedTarget
from loadtests.records import Ceiling
from loadtests.results import Run

APART: Final = 0.1
"""By how much, as a share, two calibrations of one machine may differ: how often they are alike is in its own page."""
NONE: Final = "none"
_MODELS: Final[Mapping[Model, str]] = MappingProxyType(
    {"scripted": "built into the servers", "upstream": "an OpenAI-compatible server"}
)


def differences(a: Run, b: Run) -> tuple[Difference, ...]:
    """All of them, the machine's first."""
    facts = tuple(
        Difference(kind=kind, what=what, a=first, b=second)
        for kind, what, read in _FACTS
        if (first := read(a.environment)) != (second := read(b.environment))
    )
    found = (*facts, *_ceilings(a.ceiling, b.ceiling), *_packages(a, b), *_uncommitted(a, b), *_set_up(a, b))
    order: tuple[Kind, ...] = ("machine", "software", "set-up")
    return tuple(sorted(found, key=lambda difference: order.index(difference.kind)))


def basis(a: Run, b: Run, found: Iterable[Difference]) -> tuple[Basis, str]:
    """Which change is to be trusted, and why, in sentences."""
    chosen, why = _basis(a, b, found)
    if a.plan.model == b.plan.model:
        return chosen, why
    return chosen, (
        f"The model differs ({_MODELS[a.plan.model]}, then {_MODELS[b.plan.model]}): a change is that of the model's "
        f"work as much as of the servers'. {why}"
    )


def _basis(a: Run, b: Run, found: Iterable[Difference]) -> tuple[Basis, str]:
    if not any(difference.kind == "machine" for difference in found):
        return "absolute", (
            "Both runs were made on the same machine, as far as is recorded, so the figures themselves are compared. "
            "The intervals hold the noise within each run, not what a machine drifts between two: where all targets "
            "moved alike, look at the ratio of ratios."
        )
    if a.plan.baseline != b.plan.baseline:
        return "neither", (
            "The machines differ, and the baselines too, so there is no ratio that a faster machine cancels out of: "
            "these figures say nothing of the software."
        )
    return "relative", (
        f"The machines differ, so the figures themselves cannot be compared. What can is how each target stands to "
        f"{a.plan.baseline} in its own run: the ratio of ratios. It cannot show what changed for all targets alike."
    )


def _cores(cores: Cores) -> str:
    """The note says no more than the cores where they are pinned, but that a model server runs there too."""
    named = " and ".join(", ".join(map(str, each)) or NONE for each in (cores.server, cores.generator))
    return named if cores.server else f"{named} ({cores.note})"


_FACTS: Final[tuple[tuple[Kind, str, Callable[[Environment], str]], ...]] = (
    ("machine", "processor", lambda e: e.cpu),
    ("machine", "cores", lambda e: str(e.cores)),
    ("machine", "memory", lambda e: f"{e.memory_gib:.0f} GiB"),
    ("machine", "kernel", lambda e: e.kernel),
    ("machine", "container", lambda e: e.container),
    ("machine", "cores of server and generator", lambda e: _cores(e.pinning)),
    ("software", "Python", lambda e: e.python),
    ("software", "commit", lambda e: e.commit),
    ("software", "lock file", lambda e: e.lock_sha256),
)


def _ceilings(a: Ceiling | None, b: Ceiling | None) -> Iterator[Difference]:
    """The generator drives the same on the same machine, so its ceiling tells a machine that only looks the same."""
    if a is None or b is None:
        if a is not b:
            said = ["no calibration" if each is None else "calibrated" for each in (a, b)]
            yield Difference(kind="set-up", what="calibration", a=said[0], b=said[1])
        return
    pairs = (
        ("events/s", a.events_per_second, b.events_per_second),
        ("requests/s", a.requests_per_second, b.requests_per_second),
    )
    for unit, first, second in pairs:
        if abs(second - first) > APART * max(first, second):
            said = [f"{value:,.0f} {unit}" for value in (first, second)]
            yield Difference(kind="machine", what="calibration", a=said[0], b=said[1])


def _packages(a: Run, b: Run) -> Iterator[Difference]:
    first, second = ({p.name: p.version for p in run.environment.packages} for run in (a, b))
    for name in sorted(first.keys() | second.keys()):
        old, new = first.get(name, NONE), second.get(name, NONE)
        if old != new:
            yield Difference(kind="software", what=name, a=old, b=new)


def _uncommitted(a: Run, b: Run) -> Iterator[Difference]:
    """Two runs of one commit with changes that nobody can name may be of two sources."""
    if a.environment.dirty or b.environment.dirty:
        said = ["has changes that are not committed" if run.environment.dirty else "as committed" for run in (a, b)]
        yield Difference(kind="software", what="source", a=said[0], b=said[1])


def _set_up(a: Run, b: Run) -> Iterator[Difference]:
    """What was asked of the two runs, where both have it; what only one has is left out and said elsewhere."""
    asked = [("baseline", a.plan.baseline, b.plan.baseline), ("mode", a.plan.which, b.plan.which)]
    asked += [("model", _MODELS[a.plan.model], _MODELS[b.plan.model])]
    asked += [
        (f"command of {name}", _command(a.plan.target(name)), _command(b.plan.target(name)))
        for name in _both(a.plan.targets, b.plan.targets)
    ]
    scenarios = _both(a.plan.scenarios, b.plan.scenarios)
    asked += [(f"load of {name}", _load(a.plan.scenario(name)), _load(b.plan.scenario(name))) for name in scenarios]
    asked += [(f"server's settings in {name}", _settings(a, name), _settings(b, name)) for name in scenarios]
    for what, first, second in asked:
        if first != second:
            yield Difference(kind="set-up", what=what, a=first, b=second)


def _both(a: Iterable[PlannedTarget | PlannedScenario], b: Iterable[PlannedTarget | PlannedScenario]) -> list[str]:
    there = {each.name for each in b}
    return [each.name for each in a if each.name in there]


def _command(target: PlannedTarget) -> str:
    return f"{' '.join(target.command)} (workers: {target.workers})"


def _load(scenario: PlannedScenario) -> str:
    return ", ".join(f"{level.label} for {level.seconds:g} s" for level in scenario.levels)


def _settings(run: Run, scenario: str) -> str:
    return ", ".join(next((done.settings for done in run.rounds if done.scenario == scenario), ())) or "no round"
