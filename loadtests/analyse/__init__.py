"""From raw rounds to a verdict: medians with their spread, ratios paired by block, and warnings.

Rule: pure. The unit is the round; a refused round is shown and not counted; a cell with too few good rounds has no
value. Nothing is the best of anything. With a handful of rounds no probability is claimed: two targets differ when
their ranges do not overlap, and else there is no clear difference.
Neighbours: figures says what is read from a round, claims judges the five rows, report shows the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import median

from loadtests.analyse import claims
from loadtests.analyse.caution import limits_of, warnings_of
from loadtests.analyse.figure_table import FIGURES, WORDS
from loadtests.analyse.figures import Figure
from loadtests.analyse.verdict import Cell, Panel, Ratio, Refusal, Section, Spread, Validity, Verdict, Word
from loadtests.plan import Level, Plan, PlannedScenario
from loadtests.results import Round, Run


def analyse(run: Run) -> Verdict:
    """Everything that the stored rounds say."""
    sections = tuple(_section(run, scenario) for scenario in run.plan.scenarios)
    rows = claims.judge(run.plan, sections, run.handwork)
    return Verdict(
        answer=claims.answer(run.plan, sections, rows),
        baseline=run.plan.baseline,
        complete=len(run.rounds) == len(run.plan.rounds),
        rounds_done=len(run.rounds),
        rounds_planned=len(run.plan.rounds),
        rounds_refused=sum(not done.good for done in run.rounds),
        rows=rows,
        sections=sections,
        handwork=run.handwork,
        limits=limits_of(run),
    )


def _section(run: Run, scenario: PlannedScenario) -> Section:
    rounds = tuple(done for done in run.rounds if done.scenario == scenario.name)
    words = WORDS[scenario.name]
    panels = tuple(panel for figure in FIGURES[scenario.name] for panel in _panels(run.plan, scenario, figure, rounds))
    validity = tuple(_validity(run.plan, scenario, target.name, rounds) for target in run.plan.targets)
    return Section(
        scenario=scenario.name,
        title=words.title,
        asked=words.asked,
        driven=_driven(run.plan, scenario),
        settings=rounds[0].settings if rounds else (),
        panels=panels,
        validity=validity,
        warnings=warnings_of(run, scenario.name, panels, validity),
    )


def _panels(plan: Plan, scenario: PlannedScenario, figure: Figure, rounds: tuple[Round, ...]) -> Iterator[Panel]:
    """A panel for each level of load."""
    for level in scenario.levels:
        values = {t.name: _values(figure, level, t.name, rounds) for t in plan.targets}
        base = values[plan.baseline]
        yield Panel(
            scenario=scenario.name,
            key=figure.key,
            title=figure.title,
            unit=figure.unit,
            decimals=figure.decimals,
            better=figure.better,
            explain=figure.explain,
            users=level.users,
            chart=figure.chart,
            curve=figure.curve,
            ideal=figure.ideal(level) if figure.ideal else None,
            cells=tuple(_cell(plan, t.name, values[t.name], base, rounds) for t in plan.targets),
        )


def _values(figure: Figure, level: Level, target: str, rounds: tuple[Round, ...]) -> Mapping[int, float]:
    """Block -> the figure, over the target's good rounds that have it."""
    found: dict[int, float] = {}
    for done in rounds:
        if done.target != target or not done.good:
            continue
        value = figure.read(done, level)
        if value is not None:
            found[done.block] = value
    return found


def _cell(
    plan: Plan,
    target: str,
    values: Mapping[int, float],
    base: Mapping[int, float],
    rounds: tuple[Round, ...],
) -> Cell:
    if len(values) < plan.minimum_good:
        return Cell(target=target, value=None, ratio=None, why=_why(plan, target, values, rounds))
    enough = target != plan.baseline and len(base) >= plan.minimum_good
    return Cell(target=target, value=_spread(values), ratio=paired(values, base) if enough else None)


def _why(plan: Plan, target: str, values: Mapping[int, float], rounds: tuple[Round, ...]) -> str:
    mine = [done for done in rounds if done.target == target]
    refused = sum(not done.good for done in mine)
    if sum(done.good for done in mine) >= plan.minimum_good:
        return "not recorded"
    tail = f", {refused} refused" if refused else ""
    return f"no verdict: {len(values)} good of {plan.minimum_good} needed{tail}"


def _spread(values: Mapping[int, float]) -> Spread:
    ordered = tuple(value for _, value in sorted(values.items()))
    return Spread(median=median(ordered), low=min(ordered), high=max(ordered), values=ordered)


def paired(values: Mapping[int, float], base: Mapping[int, float]) -> Ratio | None:
    """Ratios within the blocks that hold both; None when no block does, or the baseline is zero."""
    blocks = sorted(block for block in values.keys() & base.keys() if base[block] > 0)
    if not blocks:
        return None
    ratios = [values[block] / base[block] for block in blocks]
    return Ratio(median=median(ratios), low=min(ratios), high=max(ratios), blocks=len(blocks), word=word(values, base))


def word(values: Mapping[int, float], base: Mapping[int, float]) -> Word:
    """Compare two ranges: one wholly above the other, or not."""
    if min(values.values()) > max(base.values()):
        return "clearly higher"
    if max(values.values()) < min(base.values()):
        return "clearly lower"
    return "no clear difference"


def _validity(plan: Plan, scenario: PlannedScenario, target: str, rounds: tuple[Round, ...]) -> Validity:
    mine = [done for done in rounds if done.target == target]
    return Validity(
        target=target,
        planned=sum(r.scenario == scenario.name and r.target == target for r in plan.rounds),
        good=sum(done.good for done in mine),
        refused=_refusals(done for done in mine if not done.good),
    )


def _refusals(refused: Iterable[Round]) -> tuple[Refusal, ...]:
    """Rounds with the same reasons together, so that one cause is read once."""
    by_reason: dict[tuple[str, ...], list[int]] = {}
    for done in refused:
        by_reason.setdefault(done.reasons, []).append(done.number)
    return tuple(Refusal(rounds=tuple(numbers), reasons=reasons) for reasons, numbers in by_reason.items())


def _driven(plan: Plan, scenario: PlannedScenario) -> str:
    blocks = max((planned.block for planned in plan.rounds), default=0)
    loads = ", then ".join(
        f"{level.users} users for {level.seconds:g} s after {level.warmup:g} s of warm-up" for level in scenario.levels
    )
    return f"Closed loop: {loads}. {blocks} rounds for each target, interleaved in random blocks."
