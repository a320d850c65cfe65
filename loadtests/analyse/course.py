"""How the run went, in words: what was driven, how warm-up ended, why no more rounds were played.

Rule: every sentence is made of the plan and of what was recorded; it judges nothing. Neighbours: `caution` warns,
`analyse` puts both beside the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadtests.analyse import units
from loadtests.plan import Level, Plan, PlannedScenario
from loadtests.records import Ending, Round
from loadtests.results import Run


def driven(plan: Plan, scenario: PlannedScenario, rounds: Sequence[Round]) -> str:
    """The loads of a scenario, and how many rounds each target had."""
    closed = [level for level in scenario.levels if level.users is not None]
    opened = [level for level in scenario.levels if level.users is None]
    loops = [f"{name}: {', then '.join(map(_load, levels))}." for name, levels in _loops(closed, opened) if levels]
    blocks = len({done.block for done in rounds})
    planned = max((r.block for r in plan.rounds if r.scenario == scenario.name), default=0)
    many = f"{blocks}" if blocks == planned else f"{blocks} of {'at most ' if _stops(plan) else ''}{planned}"
    again = ", and the baseline twice" if plan.noise else ""
    return f"{' '.join(loops)} {many} rounds for each target{again}, interleaved in random blocks."


def _loops(closed: list[Level], opened: list[Level]) -> tuple[tuple[str, list[Level]], ...]:
    kinds = ", ".join(dict.fromkeys(level.arrivals for level in opened))
    return ("Closed loop", closed), (f"Open loop ({kinds} arrivals)", opened)


def _load(level: Level) -> str:
    return f"{level.label} for {level.seconds:g} s"


def _stops(plan: Plan) -> bool:
    return plan.stop.width is not None or plan.stop.minutes is not None


def warmup(rounds: Sequence[Round]) -> str:
    """How long the drives of good rounds warmed up, and how many of them settled."""
    every = (drive.result.warmup for done in rounds for drive in done.timed)
    found = [one for one in every if one.limit > 0]
    if not found:
        return ""
    shortest, longest = min(one.seconds for one in found), max(one.seconds for one in found)
    span = f"{shortest:.1f} s" if f"{shortest:.1f}" == f"{longest:.1f}" else f"{shortest:.1f} to {longest:.1f} s"
    settled = sum(one.settled for one in found)
    many = f"all {settled}" if settled == len(found) else f"{settled} of {len(found)}"
    return (
        f"Warm-up: the first {span} of each drive do not count; it ended when throughput and latency had settled, "
        f"in {many} drives."
    )


_ENDED: Mapping[str, str] = {
    "as planned": "All planned rounds were played.",
    "narrow enough": "It ended when every interval that decides was narrower than {width}, after {blocks}.",
    "out of time": "It ended when its {minutes} were over, after {blocks}.",
    "interrupted": "It was interrupted after {blocks}; what had finished is shown.",
    "failed": "It broke off after {blocks}; what had finished is shown.",
}
WHOLE = frozenset({"as planned", "narrow enough", "out of time"})
"""Endings that are the plan's own."""


def whole(run: Run) -> bool:
    """Whether the run came to an end that its plan has."""
    return run.ending.why in WHOLE if run.ending else len(run.rounds) == len(run.plan.rounds)


def ended(run: Run) -> str:
    """Why no more rounds were played."""
    if run.ending is None:
        killed = f"It was cut off after {len(run.rounds)} of {len(run.plan.rounds)} rounds; nothing recorded says why."
        return _ENDED["as planned"] if whole(run) else killed
    stop = run.plan.stop
    text = _ENDED[run.ending.why].format(
        width=units.share(stop.width or 0), minutes=units.duration(60 * (stop.minutes or 0)), blocks=_blocks(run.ending)
    )
    return f"{text} {run.ending.note}".strip()


def _blocks(ending: Ending) -> str:
    counts = sorted(set(ending.blocks.values())) or [0]
    if len(counts) > 1:
        return f"{counts[0]} to {counts[-1]} blocks of a scenario"
    return f"{counts[0]} block{'' if counts[0] == 1 else 's'} of each scenario"
