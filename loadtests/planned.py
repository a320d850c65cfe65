"""A plan as it is stored: targets, scenarios with their loads, rounds in order, and when it may stop.

Rule: frozen values and what follows from them alone; nothing is decided here. Neighbours: `plan` makes one of a user's
wishes, results stores it, everybody else reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from loadtests.levels import LONG, Frozen, Level, Mode, Model, PlannedKnee
from loadtests.schema_version import SCHEMA_VERSION
from loadtests.targets import Regime

SERVER_SECONDS = 0.7  # start, readiness, the look at it, and its end
BARE_SECONDS = 0.5  # the same of a floor, which imports no framework
MODEL_SECONDS: Final[dict[Model, float]] = {"scripted": 0.0, "upstream": 1.5}  # the same of the model server, its SDK
TAIL_SECONDS = {"async": 0.2, "stream": 1.5, LONG: 4.7}  # the answers that are under way when the window closes
KNEE_SHARE: Final = 0.4  # of the minutes of load, where knees are searched for: three scenarios of the five
SPARE_BLOCKS: Final = 1  # more than a verdict needs: a cell may have a round refused


class PlannedTarget(Frozen):
    """The facts of a target that a reader of the results needs; the command keeps its placeholders.

    `deployment` is its name in the targets file: the noise floor's target is the baseline's deployment by another name.
    `floor` is the target that is its floor, None where that is not played; `bare`: it is itself one.
    """

    name: str
    deployment: str
    title: str
    framework: str
    server: str
    workers: int
    slots: int | None
    command: tuple[str, ...]
    floor: str | None = None
    bare: bool = False
    regimes: tuple[Regime, ...] = ()


class OwnLoad(Frozen):
    """The levels of one target, where they are not the scenario's: it is a floor, or has no room for so many streams.
    None: it takes no part.

    A floor's first is what the scenario's first is held against, and so on.
    """

    target: str
    levels: tuple[Level, ...]


class PlannedScenario(Frozen):
    """A scenario's load: its levels are driven one after the other against the same server.

    `own`: the floors, and whoever else is loaded otherwise or not at all.
    """

    name: str
    levels: tuple[Level, ...]
    own: tuple[OwnLoad, ...] = ()

    def cost(self, *, bare: bool) -> float:
        """Seconds that one round of it takes at most, a model server's own time not counted."""
        tails = TAIL_SECONDS.get(self.name, 0) * len(self.levels)
        return (BARE_SECONDS if bare else SERVER_SECONDS) + tails + sum(level.cost for level in self.levels)

    def on(self, target: str) -> PlannedScenario:
        """The same as it is played on that target: a floor has levels of its own."""
        own = next((load.levels for load in self.own if load.target == target), self.levels)
        return self.model_copy(update={"levels": own})

    def held_against(self, level: Level, target: str) -> Level | None:
        """The target's own level in the place of that one."""
        own = self.on(target).levels
        if level in own:
            return level
        return own[self.levels.index(level)] if len(own) == len(self.levels) else None


class PlannedRound(Frozen):
    """One fresh server under one scenario. `number` starts at 1 and is the order of play."""

    number: int
    block: int
    scenario: str
    target: str


class Stop(Frozen):
    """When a run has enough: each primary ratio's 95% interval spans at most `width` (0.05 is 5% from its lower to its
    upper end), not asked before `at_least` blocks; or `minutes` of load are over. None is not asked."""

    width: float | None = None
    minutes: float | None = None
    at_least: int = 5


class Plan(Frozen):
    """The whole comparison, in order. A cell with fewer than `minimum_good` good rounds has no verdict.

    `model`: what answers behind the servers. `mode` says how it ends (full: when it has enough), `aim` what it is for
    where that is not the usual comparison; together they are `which` of the four runs it is.

    `noise` is the target that is the baseline again; None where A against A is not played. `rounds` are the most that
    are played; `stop` may end them sooner.
    """

    schema_version: int = SCHEMA_VERSION
    mode: Literal["quick", "full"]
    seed: int
    baseline: str
    noise: str | None
    minimum_good: int
    targets: tuple[PlannedTarget, ...]
    scenarios: tuple[PlannedScenario, ...]
    rounds: tuple[PlannedRound, ...]
    stop: Stop = Stop()
    knees: tuple[PlannedKnee, ...] = ()
    keep_rows: bool = False
    model: Model = "scripted"
    aim: Literal["", "limits", "matrix"] = ""

    @property
    def which(self) -> Mode:
        """The option that asks for such a run."""
        return self.aim or self.mode

    def scenario(self, name: str) -> PlannedScenario:
        """The planned scenario of that name."""
        return next(scenario for scenario in self.scenarios if scenario.name == name)

    def target(self, name: str) -> PlannedTarget:
        """The planned target of that name."""
        return next(target for target in self.targets if target.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios' names."""
        return tuple(scenario.name for scenario in self.scenarios)

    @property
    def compared(self) -> tuple[PlannedTarget, ...]:
        """The targets that are compared: all but the noise floor's and the floors."""
        return tuple(target for target in self.targets if target.name != self.noise and not target.bare)

    @property
    def floors(self) -> tuple[PlannedTarget, ...]:
        """The bare apps among the targets."""
        return tuple(target for target in self.targets if target.bare)

    def players(self, scenario: str) -> tuple[str, ...]:
        """The targets that a block of that scenario holds."""
        return players(self.targets, self.scenario(scenario))

    def cost(self, scenario: str, target: str) -> float:
        """Seconds that one round of that scenario takes at most."""
        return self.scenario(scenario).on(target).cost(bare=self.target(target).bare) + MODEL_SECONDS[self.model]

    @property
    def block_seconds(self) -> float:
        """How long one block of all scenarios takes at most."""
        return sum(self.cost(name, target) for name in self.names for target in self.players(name))

    @property
    def load_seconds(self) -> float | None:
        """The seconds that `stop.minutes` leave for the rounds. The knees have their share, once there is time for the
        blocks that a verdict needs. None: no limit."""
        if self.stop.minutes is None:
            return None
        everything = 60 * self.stop.minutes
        least = (self.minimum_good + SPARE_BLOCKS) * self.block_seconds
        return min(everything, max(everything * (1 - KNEE_SHARE), least)) if self.knees else everything

    @property
    def seconds(self) -> float:
        """How long the rounds will take at most, in seconds of wall clock."""
        played = sum(self.cost(planned.scenario, planned.target) for planned in self.rounds)
        return played if self.load_seconds is None else min(played, self.load_seconds)


def players(targets: Sequence[PlannedTarget], scenario: PlannedScenario) -> tuple[str, ...]:
    """Those of the targets that a block of that scenario holds."""
    return tuple(target.name for target in targets if scenario.on(target.name).levels)
