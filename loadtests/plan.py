"""What a comparison will do, decided and frozen before the first request.

Rule: everything that shapes a figure is here (scenarios, levels of load, rounds, their order, the seed of that
order), so the plan is stored with the results and nothing is decided while the load runs. A block holds each
target once per scenario, in random order; every second block is the one before it mirrored (A B C, C B A), so a
machine that drifts drifts for all targets alike.
Neighbours: scenarios names what is asked, targets how it is deployed; compare plays the plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from loadtests.errors import UserError
from loadtests.targets import Target

SCHEMA_VERSION = 1
SCENARIOS = ("chat", "async", "validation", "docs", "stream")
Mode = Literal["quick", "full"]

SERVER_SECONDS = 1.2  # start, readiness, the look at it, and its end
DRIVE_SECONDS = 1.0  # a generator process: interpreter, Locust, its JSON
TAIL_SECONDS = {"async": 0.2, "stream": 1.5}  # the answers that are under way when the window closes


class Frozen(BaseModel):
    """What is stored is never changed; unknown fields are refused, so a typo is not silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(Frozen):
    """One drive: so many closed-loop users for `seconds`, after `warmup` seconds that do not count."""

    users: int
    seconds: float
    warmup: float

    @property
    def cost(self) -> float:
        """Seconds of wall clock it takes, the generator's own start among them."""
        return self.warmup + self.seconds + DRIVE_SECONDS


class PlannedTarget(Frozen):
    """The facts of a target that a reader of the results needs; the command keeps its placeholders."""

    name: str
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
        """Seconds that one round of it takes."""
        tails = TAIL_SECONDS.get(self.name, 0) * len(self.levels)
        return SERVER_SECONDS + tails + sum(level.cost for level in self.levels)


class PlannedRound(Frozen):
    """One fresh server under one scenario. `number` starts at 1 and is the order of play."""

    number: int
    block: int
    scenario: str
    target: str


class Plan(Frozen):
    """The whole comparison, in order. A cell with fewer than `minimum_good` good rounds has no verdict."""

    schema_version: int = SCHEMA_VERSION
    mode: Mode
    seed: int
    baseline: str
    minimum_good: int
    targets: tuple[PlannedTarget, ...]
    scenarios: tuple[PlannedScenario, ...]
    rounds: tuple[PlannedRound, ...]

    def scenario(self, name: str) -> PlannedScenario:
        """The planned scenario of that name."""
        return next(scenario for scenario in self.scenarios if scenario.name == name)

    @property
    def seconds(self) -> float:
        """How long the rounds will take, in seconds of wall clock."""
        return sum(self.scenario(planned.scenario).cost for planned in self.rounds)


_QUICK: Mapping[str, tuple[Level, ...]] = {
    "chat": (Level(users=16, seconds=2.0, warmup=0.5),),
    # 160 and 640 answers a second if nobody waits for the server: less than one core answers, so waiting is measured
    "async": (Level(users=32, seconds=0.8, warmup=0.3), Level(users=128, seconds=1.2, warmup=0.5)),
    "validation": (Level(users=16, seconds=1.5, warmup=0.4),),
    "docs": (Level(users=8, seconds=0.8, warmup=0.3),),
    # a stream takes 1.5 s: each user begins at least one in the window, at its own moment
    "stream": (Level(users=32, seconds=1.5, warmup=0.5),),
}
_FULL: Mapping[str, tuple[Level, ...]] = {
    "chat": (Level(users=16, seconds=10, warmup=2), Level(users=64, seconds=10, warmup=2)),
    "async": tuple(Level(users=users, seconds=6, warmup=1.5) for users in (16, 32, 64, 128, 256, 512)),
    "validation": (Level(users=16, seconds=8, warmup=2),),
    "docs": (Level(users=8, seconds=5, warmup=1),),
    "stream": (Level(users=32, seconds=10, warmup=2), Level(users=256, seconds=10, warmup=3)),
}
_MODES: Mapping[Mode, tuple[Mapping[str, tuple[Level, ...]], int, int]] = {
    "quick": (_QUICK, 3, 2),  # levels, blocks, good rounds a cell needs
    "full": (_FULL, 8, 5),
}


def make_plan(targets: Sequence[Target], *, mode: Mode = "quick", only: Iterable[str] = (), seed: int = 1) -> Plan:
    """The plan for these targets. The baseline of every ratio is the first FastAPI target, else the first."""
    levels, blocks, minimum = _MODES[mode]
    scenarios = tuple(PlannedScenario(name=name, levels=levels[name]) for name in _wanted(only))
    names = tuple(target.name for target in targets)
    return Plan(
        mode=mode,
        seed=seed,
        baseline=_baseline(targets),
        minimum_good=minimum,
        targets=tuple(_facts(target) for target in targets),
        scenarios=scenarios,
        rounds=_order(names, tuple(s.name for s in scenarios), blocks, seed),
    )


def _wanted(only: Iterable[str]) -> tuple[str, ...]:
    chosen = frozenset(only)
    if unknown := sorted(chosen - set(SCENARIOS)):
        raise UserError(f"there is no scenario {unknown[0]!r}; choose from {', '.join(SCENARIOS)}")
    return tuple(name for name in SCENARIOS if not chosen or name in chosen)


def _baseline(targets: Sequence[Target]) -> str:
    if not targets:
        raise UserError("no target to compare; name at least one from loadtests/targets.toml")
    if len({target.name for target in targets}) < len(targets):
        raise UserError("the same target is named twice; name each one once")
    return next((t.name for t in targets if t.framework == "fastapi"), targets[0].name)


def _facts(target: Target) -> PlannedTarget:
    return PlannedTarget(
        name=target.name,
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
