"""Where the search of a run begins, from what its rounds have shown.

Rule: pure, and never more than a guess: a search that begins at the wrong place takes more probes and finds the same.
Without good rounds there is no guess, and it begins at the plan's first load. Neighbours: compare.course asks,
analyse.figures reads the rounds, `steps` has the stride that goes with a start like this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from types import MappingProxyType
from typing import Final

from loadtests.analyse import figures
from loadtests.knee.steps import LEAST
from loadtests.levels import Level
from loadtests.plan import PlannedKnee
from loadtests.records import Driven
from loadtests.results import Run

# of what all the CPU that it may use would do: where p99 leaves an objective, on the machines that were tried
_ANSWERED: Final = 0.8  # requests/s, of those that a closed loop got
_STREAMED: Final = 0.9  # streams, of those that fit by the CPU that so many took


def near(run: Run, planned: PlannedKnee, target: str) -> float | None:
    """A load near this target's knee by the rounds of the run; None where they show none."""
    scenario = next((s for s in run.plan.scenarios if s.name == planned.scenario), None)
    closed = [level for level in scenario.on(target).levels if level.users is not None] if scenario else []
    if not closed or planned.scenario not in _GUESSES:
        return None
    level = figures.primary_level(closed)
    cores = min(run.plan.target(target).workers, len(run.environment.pinning.server) or run.environment.cores)
    drives = _drives(run, planned.scenario, target, level)
    guesses = [guess for driven in drives if (guess := _GUESSES[planned.scenario](driven, cores))]
    return min(max(LEAST, float(round(median(guesses)))), planned.most) if guesses else None


def _drives(run: Run, scenario: str, target: str, level: Level) -> list[Driven]:
    mine = [done for done in run.rounds if (done.scenario, done.target) == (scenario, target) and done.good]
    return [driven for done in mine if (driven := figures.drive_at(done, level))]


def _streams(driven: Driven, cores: int) -> float | None:
    """As many streams as fit into the cores, if each takes the CPU that these took."""
    used = figures.window_use(driven)
    if used is None or not used.cpu_seconds:
        return None
    return _STREAMED * (driven.level.users or 0) * cores * used.seconds / used.cpu_seconds


# a drive of the closed loop with the most users, the cores that the server may use -> a load near the knee
_GUESSES: Final[Mapping[str, Callable[[Driven, int], float | None]]] = MappingProxyType(
    {
        "chat": lambda driven, _: _ANSWERED * driven.result.throughput,
        # users beyond those whose calls are in flight wait for the server
        "async": lambda driven, _: figures.held(driven.result),
        "stream": _streams,
    }
)
