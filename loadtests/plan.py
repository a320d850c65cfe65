"""What a comparison will do, decided and frozen before the first request.

Rule: everything that shapes a figure is here (scenarios, levels of load, rounds, their order, the seed of that
order, when it may stop), so the plan is stored with the results and nothing is decided while the load runs. A block
holds each target once per scenario, and the baseline twice: A against A, whose ratio is the noise floor. Its order is
random; every second block is the one before it mirrored (A B C, C B A), so a machine that drifts drifts for all
targets alike.
Neighbours: scenarios names what is asked, targets how it is deployed; compare plays the plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from loadtests.errors import UserError
from loadtests.levels import LEVELS, SCENARIOS, UPSTREAM, Frozen, Level, Mode, Model, PlannedKnee
from loadtests.slo import planned
from loadtests.targets import Target

__all__ = ["SCENARIOS", "SCHEMA_VERSION", "Frozen", "Level", "Mode", "Model", "Plan", "PlannedKnee", "make_plan"]

SCHEMA_VERSION = 2

SERVER_SECONDS = 0.7  # start, readiness, the look at it, and its end
MODEL_SECONDS: Final[dict[Model, float]] = {"scripted": 0.0, "upstream": 1.5}  # the same of the model server, its SDK
TAIL_SECONDS = {"async": 0.2, "stream": 1.5}  # the answers that are under way when the window closes
KNEE_SHARE: Final = 0.4  # of the minutes of load, where knees are searched for: three scenarios of the five


class PlannedTarget(Frozen):
    """The facts of a target that a reader of the results needs; the command keeps its placeholders.

    `deployment` is its name in the targets file: the noise floor's target is the baseline's deployment by another name.
    """

    name: str
    deployment: str
    title: str
    framework: str
    server: str
    workers: int
    slots: int | None
    command: tuple[str, ...]


class PlannedScenario(Frozen):
    """A scenario's load: its levels are driven one after the other against the same server."""

    name: str
    levels: tuple[Level, ...]

    @property
    def cost(self) -> float:
        """Seconds that one round of it takes, a model server's own time not counted."""
        tails = TAIL_SECONDS.get(self.name, 0) * len(self.levels)
        return SERVER_SECONDS + tails + sum(level.cost for level in self.levels)


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

    `model`: what answers behind the servers.

    `noise` is the target that is the baseline again; None where A against A is not played. `rounds` are the most that
    are played; `stop` may end them sooner.
    """

    schema_version: int = SCHEMA_VERSION
    mode: Mode
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
        """The targets that are compared: all but the noise floor's."""
        return tuple(target for target in self.targets if target.name != self.noise)

    def cost(self, scenario: str) -> float:
        """Seconds that one round of that scenario takes at most."""
        return self.scenario(scenario).cost + MODEL_SECONDS[self.model]

    @property
    def block_seconds(self) -> float:
        """How long one block of all scenarios takes at most."""
        return sum(self.cost(scenario.name) for scenario in self.scenarios) * len(self.targets)

    @property
    def load_seconds(self) -> float | None:
        """The seconds that `stop.minutes` leave for the rounds: the knees have their share. None: no limit."""
        share = 1 - KNEE_SHARE if self.knees else 1
        return None if self.stop.minutes is None else 60 * self.stop.minutes * share

    @property
    def seconds(self) -> float:
        """How long the rounds will take at most, in seconds of wall clock."""
        played = sum(self.cost(planned.scenario) for planned in self.rounds)
        return played if self.load_seconds is None else min(played, self.load_seconds)


@dataclass(frozen=True)
class _Mode:
    """`blocks`: the most that are played. `minimum`: the good rounds that a cell needs for a verdict."""

    blocks: int
    minimum: int
    stop: Stop


_MODES: Final[dict[Mode, _Mode]] = {
    "quick": _Mode(blocks=4, minimum=3, stop=Stop()),
    "full": _Mode(blocks=40, minimum=5, stop=Stop(width=0.05, minutes=45, at_least=5)),
}


def make_plan(  # noqa: PLR0913 - one for each option
    targets: Sequence[Target],
    *,
    mode: Mode = "quick",
    only: Iterable[str] = (),
    seed: int = 1,
    width: float | None = None,
    minutes: float | None = None,
    slo: str | None = None,
    rows: bool = False,
    model: Model = "scripted",
) -> Plan:
    """The plan for these targets. The baseline of every ratio is the first FastAPI target, else the first.

    `width` (a share: 0.05 is 5%), `minutes` and `slo` are of `--full`; None: its own. Raises `UserError`.
    """
    chosen, baseline = _MODES[mode], _baseline(targets)
    levels = {**LEVELS[mode], **(UPSTREAM[mode] if model == "upstream" else {})}
    scenarios = tuple(PlannedScenario(name=name, levels=levels[name]) for name in _wanted(only))
    names = tuple(scenario.name for scenario in scenarios)
    again = f"{baseline.name}-again"
    if any(target.name == again for target in targets):
        raise UserError(f"{again!r} is the name that the kit gives to its noise floor; rename that target")
    return _affordable(
        Plan(
            mode=mode,
            seed=seed,
            baseline=baseline.name,
            noise=again,
            minimum_good=chosen.minimum,
            targets=(*(_facts(target, target.name) for target in targets), _facts(baseline, again)),
            scenarios=scenarios,
            rounds=_order((*(target.name for target in targets), again), names, chosen.blocks, seed),
            stop=_stop(mode, width, minutes),
            knees=_knees(mode, names, slo),
            keep_rows=rows,
            model=model,
        )
    )


def _affordable(plan: Plan) -> Plan:
    """The plan, or a `UserError` where its minutes are over before one block."""
    if plan.load_seconds is not None and plan.load_seconds < plan.block_seconds:
        needed = (plan.stop.minutes or 0) * plan.block_seconds / plan.load_seconds
        raise UserError(
            f"--minutes {plan.stop.minutes:g} is over before every target was loaded once; "
            f"give at least {ceil(needed)}, or fewer scenarios with --only"
        )
    return plan


def _stop(mode: Mode, width: float | None, minutes: float | None) -> Stop:
    given = {name: value for name, value in (("width", width), ("minutes", minutes)) if value is not None}
    if given and mode == "quick":
        raise UserError(f"--{min(given)} is for a run that goes on until it has enough; add --full")
    if width is not None and not 0 < width < 1:
        raise UserError(f"--width {100 * width:g} must be a percentage between 0 and 100, such as --width 5")
    if minutes is not None and not 0 < minutes < 24 * 60:
        raise UserError(f"--minutes {minutes:g} must be more than 0 and less than a day, such as --minutes 45")
    return _MODES[mode].stop.model_copy(update=given)


def _knees(mode: Mode, scenarios: tuple[str, ...], slo: str | None) -> tuple[PlannedKnee, ...]:
    if mode == "full":
        if not (knees := planned(scenarios, slo)) and slo is not None:
            raise UserError("--slo is for the knee, which is searched in chat, async or stream; add one with --only")
        return knees
    if slo is not None:
        raise UserError("--slo is what the search for the knee holds the targets to; add --full")
    return ()


def _wanted(only: Iterable[str]) -> tuple[str, ...]:
    chosen = frozenset(only)
    if unknown := sorted(chosen - set(SCENARIOS)):
        raise UserError(f"there is no scenario {unknown[0]!r}; choose from {', '.join(SCENARIOS)}")
    return tuple(name for name in SCENARIOS if not chosen or name in chosen)


def _baseline(targets: Sequence[Target]) -> Target:
    if not targets:
        raise UserError("no target to compare; name at least one from loadtests/targets.toml")
    if len({target.name for target in targets}) < len(targets):
        raise UserError("the same target is named twice; name each one once")
    return next((t for t in targets if t.framework == "fastapi"), targets[0])


def _facts(target: Target, name: str) -> PlannedTarget:
    return PlannedTarget(
        name=name,
        deployment=target.name,
        title=target.title,
        framework=target.framework,
        server=target.server,
        workers=target.workers,
        slots=target.slots,
        command=tuple(target.command),
    )


def _order(targets: tuple[str, ...], scenarios: tuple[str, ...], blocks: int, seed: int) -> tuple[PlannedRound, ...]:
    """Block after block, so that a run cut short has every scenario about equally often."""
    chance = random.Random(seed)  # noqa: S311 - an order to be repeated, not a secret
    orders: dict[str, list[str]] = {}
    rounds: list[PlannedRound] = []
    for block in range(1, blocks + 1):
        for scenario in scenarios:
            mirrored = block % 2 == 0
            orders[scenario] = orders[scenario][::-1] if mirrored else chance.sample(targets, len(targets))
            rounds += [
                PlannedRound(number=len(rounds) + offset, block=block, scenario=scenario, target=target)
                for offset, target in enumerate(orders[scenario], start=1)
            ]
    return tuple(rounds)
