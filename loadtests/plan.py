"""What a comparison will do, decided and frozen before the first request.

Rule: everything that shapes a figure is here (scenarios, levels of load, rounds, their order, the seed of that
order, when it may stop), so the plan is stored with the results and nothing is decided while the load runs. A block
holds each target once per scenario, and the baseline twice: A against A, whose ratio is the noise floor. Its order is
random; every second block is the one before it mirrored (A B C, C B A), so a machine that drifts drifts for all
targets alike. A floor (a bare app that does the same bytes) is played among the targets, and compared with nobody but
those whose floor it is.
Neighbours: `planned` is the plan itself, scenarios names what is asked, targets how it is deployed; compare plays it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Final

from loadtests.errors import UserError
from loadtests.levels import (
    FLOORS,
    LEVELS,
    LONG,
    SCENARIOS,
    UPSTREAM,
    WAITING,
    Frozen,
    Level,
    Mode,
    Model,
    PlannedKnee,
    at_most,
    for_floor,
)
from loadtests.planned import (
    OwnLoad,
    Plan,
    PlannedRound,
    PlannedScenario,
    PlannedTarget,
    Stop,
    players,
)
from loadtests.slo import planned
from loadtests.targets import Target

__all__ = [
    "SCENARIOS",
    "Frozen",
    "Level",
    "Mode",
    "Model",
    "Plan",
    "PlannedKnee",
    "PlannedRound",
    "PlannedScenario",
    "PlannedTarget",
    "Stop",
    "at_ceiling",
    "make_plan",
]


@dataclass(frozen=True)
class _Mode:
    """`blocks`: the most that are played. `minimum`: the good rounds that a cell needs for a verdict. `noise`: whether
    A against A is played."""

    blocks: int
    minimum: int
    stop: Stop
    noise: bool = True


_MODES: Final[dict[Mode, _Mode]] = {
    "quick": _Mode(blocks=4, minimum=3, stop=Stop()),
    "full": _Mode(blocks=40, minimum=5, stop=Stop(width=0.05, minutes=45, at_least=5)),
    # a floor is what each ratio is to; three pairs are the fewest that have an interval, and one round may be refused
    "limits": _Mode(blocks=4, minimum=3, stop=Stop(), noise=False),
    "matrix": _Mode(blocks=4, minimum=3, stop=Stop()),
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
    floors: Sequence[Target] = (),
) -> Plan:
    """The plan for these targets. The baseline of every ratio is the first FastAPI target, else the first.

    `width` (a share: 0.05 is 5%), `minutes` and `slo` are of `--full`; None: its own. `floors` are played where the
    model built in answers: a bare app asks none. Raises `UserError`.
    """
    chosen, baseline = _MODES[mode], _baseline(targets)
    again = f"{baseline.name}-again" if chosen.noise else None
    planned = _planned(targets, baseline, again, floors if model == "scripted" else ())
    scenarios = _scenarios(mode, model, only, planned)
    return _affordable(
        Plan(
            mode="full" if mode == "full" else "quick",
            aim=mode if mode in ("limits", "matrix") else "",
            seed=seed,
            baseline=baseline.name,
            noise=again,
            minimum_good=chosen.minimum,
            targets=planned,
            scenarios=scenarios,
            rounds=_order(planned, scenarios, chosen.blocks, seed),
            stop=_stop(mode, width, minutes),
            knees=_knees(mode, tuple(scenario.name for scenario in scenarios), slo),
            keep_rows=rows,
            model=model,
        )
    )


def _planned(
    targets: Sequence[Target], baseline: Target, again: str | None, floors: Sequence[Target]
) -> tuple[PlannedTarget, ...]:
    """All that are played: the targets, the baseline by its other name, and the floors."""
    if any(target.name == again for target in targets):
        raise UserError(f"{again!r} is the name that the kit gives to its noise floor; rename that target")
    known = frozenset((floor.name, floor.workers) for floor in floors)
    return (
        *(_facts(target, target.name, known) for target in targets),
        *([_facts(baseline, again, known)] if again else []),
        *(_facts(floor, floor.name, known, bare=True) for floor in floors),
    )


def at_ceiling(plan: Plan, events: float) -> Plan:
    """The plan with the streams of `--limits` set to what the generator can (`calibrate`'s events/s)."""
    scenarios = (
        scenario.model_copy(update={"levels": at_most(events)}) if scenario.name == LONG else scenario
        for scenario in plan.scenarios
    )
    return plan.model_copy(update={"scenarios": tuple(_shared_out(one, plan.targets, plan.which) for one in scenarios)})


def _scenarios(
    mode: Mode, model: Model, only: Iterable[str], targets: Sequence[PlannedTarget]
) -> tuple[PlannedScenario, ...]:
    if model == "upstream" and mode in ("limits", "matrix"):
        raise UserError(f"--{mode} is about the servers alone; leave out --model upstream, or --{mode}")
    levels = {**LEVELS[mode], **(UPSTREAM[mode] if model == "upstream" else {})}
    return tuple(
        _shared_out(PlannedScenario(name=name, levels=levels[name]), targets, mode)
        for name in _wanted(only, tuple(LEVELS[mode]))
    )


def _shared_out(scenario: PlannedScenario, targets: Sequence[PlannedTarget], mode: Mode) -> PlannedScenario:
    """The scenario with the loads of those that have their own: floors, and who has no room for so many streams."""
    own: list[OwnLoad] = []
    for target in targets:
        levels = scenario.levels
        if target.bare:
            here = scenario.name in FLOORS[mode]
            levels = for_floor(scenario.name, levels) if here else ()
        room = target.slots or inf
        levels = tuple(level for level in levels if _waiting(scenario.name, level, mode) <= room)
        if target.bare or levels != scenario.levels:
            own.append(OwnLoad(target=target.name, levels=levels))
    return scenario.model_copy(update={"own": tuple(own)})


def _waiting(scenario: str, level: Level, mode: Mode) -> int:
    """How many requests wait at the same time, where who has no room for them is left out: it would measure a queue."""
    return level.users or 0 if mode == "matrix" and scenario in WAITING else level.streams or 0


def _affordable(plan: Plan) -> Plan:
    """The plan, or a `UserError` where its minutes are over before a verdict can be."""
    needed = ceil(plan.minimum_good * plan.block_seconds / 60)
    if plan.stop.minutes is not None and plan.stop.minutes < needed:
        raise UserError(
            f"--minutes {plan.stop.minutes:g} is over before there can be a verdict: each needs {plan.minimum_good} "
            f"blocks of up to {plan.block_seconds:.0f} s; give at least {needed}, or fewer scenarios with --only"
        )
    return plan


def _stop(mode: Mode, width: float | None, minutes: float | None) -> Stop:
    given = {name: value for name, value in (("width", width), ("minutes", minutes)) if value is not None}
    if given and mode != "full":
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


def _wanted(only: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    chosen = frozenset(only)
    if unknown := sorted(chosen - set(known)):
        raise UserError(f"there is no scenario {unknown[0]!r} in such a run; choose from {', '.join(known)}")
    return tuple(name for name in known if not chosen or name in chosen)


def _baseline(targets: Sequence[Target]) -> Target:
    if not targets:
        raise UserError("no target to compare; name at least one from loadtests/targets.toml")
    if len({target.name for target in targets}) < len(targets):
        raise UserError("the same target is named twice; name each one once")
    return next((t for t in targets if t.framework == "fastapi"), targets[0])


def _facts(target: Target, name: str, floors: Collection[tuple[str, int]] = (), *, bare: bool = False) -> PlannedTarget:
    return PlannedTarget(
        name=name,
        deployment=target.name,
        title=target.title,
        framework=target.framework,
        server=target.server,
        workers=target.workers,
        slots=target.slots,
        command=tuple(target.command),
        floor=target.floor if (target.floor, target.workers) in floors else None,
        bare=bare,
        regimes=target.regimes,
    )


def _order(
    targets: tuple[PlannedTarget, ...], scenarios: tuple[PlannedScenario, ...], blocks: int, seed: int
) -> tuple[PlannedRound, ...]:
    """Block after block, so that a run cut short has every scenario about equally often."""
    chance = random.Random(seed)  # noqa: S311 - an order to be repeated, not a secret
    orders: dict[str, Sequence[str]] = {}
    rounds: list[PlannedRound] = []
    for block in range(1, blocks + 1):
        for scenario in scenarios:
            names = players(targets, scenario)
            mirrored = block % 2 == 0
            orders[scenario.name] = orders[scenario.name][::-1] if mirrored else chance.sample(names, len(names))
            rounds += [
                PlannedRound(number=len(rounds) + offset, block=block, scenario=scenario.name, target=target)
                for offset, target in enumerate(orders[scenario.name], start=1)
            ]
    return tuple(rounds)
