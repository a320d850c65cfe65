"""From raw rounds to a verdict: medians with their spread, ratios paired by block, and warnings.

Rule: pure. The unit is the round; a refused round is shown and not counted; a cell with too few good rounds has no
value. Nothing is the best of anything. All panels of the run are made before any ratio gets its word, because the
words are corrected for being many.
Neighbours: figures says what is read from a round, ratios compares, claims judges the five rows, report shows it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from loadtests.analyse import claims, course, floors, knees, limits, marks, matrix, ratios, spectra, worst
from loadtests.analyse.caution import limits_of, warnings_of
from loadtests.analyse.figure_table import FIGURES, WORDS
from loadtests.analyse.figures import Figure, over_blocks, primary_level
from loadtests.analyse.verdict import Cell, Panel, Refusal, Section, Spread, Validity, Verdict
from loadtests.plan import Level, Plan, PlannedScenario, PlannedTarget
from loadtests.records import Round
from loadtests.results import Run

NO_ROOM = "not driven: it has fewer slots than that is streams"
QUEUED = "not known: users wait for its slots"


def analyse(run: Run) -> Verdict:
    """Everything that the stored rounds say."""
    panels = ratios.corrected([panel for scenario in run.plan.scenarios for panel in _panels(run, scenario)])
    sections = tuple(_section(run, scenario, panels) for scenario in run.plan.scenarios)
    against, groups = floors.of(run), matrix.of(run)
    rows = () if run.plan.aim else claims.judge(run.plan, sections, run.handwork)
    held = limits.of(run, sections, against) if run.plan.aim == "limits" else ()
    answers = {"limits": lambda: limits.answer(held), "matrix": lambda: matrix.answer(groups)}
    return Verdict(
        answer=answers.get(run.plan.aim, lambda: claims.answer(run.plan, sections, rows))(),
        baseline=run.plan.baseline,
        complete=course.whole(run),
        ended=course.ended(run),
        rounds_done=len(run.rounds),
        rounds_planned=len(run.plan.rounds),
        rounds_refused=sum(not done.good for done in run.rounds),
        rows=rows,
        sections=sections,
        handwork=run.handwork,
        limits=limits_of(run, sections, groups),
        floors=against,
        held=held,
        matrix=groups,
    )


def _section(run: Run, scenario: PlannedScenario, panels: tuple[Panel, ...]) -> Section:
    rounds = _of(run, scenario)
    words = WORDS[scenario.name]
    mine = tuple(panel for panel in panels if panel.scenario == scenario.name)
    players = run.plan.players(scenario.name)
    validity = tuple(_validity(run.plan, scenario, target, rounds) for target in players)
    found = knees.of(run, scenario.name)
    return Section(
        scenario=scenario.name,
        title=words.title,
        asked=words.asked,
        driven=course.driven(run.plan, scenario, rounds),
        settings=rounds[0].settings if rounds else (),
        panels=mine,
        spectra=spectra.of(run, scenario.name),
        worst_streams=worst.of(run, scenario.name),
        knees=found,
        validity=validity,
        warmup=course.warmup(rounds),
        warnings=warnings_of(run, rounds, mine, validity, found),
    )


def _of(run: Run, scenario: PlannedScenario) -> tuple[Round, ...]:
    return tuple(done for done in run.rounds if done.scenario == scenario.name)


def _panels(run: Run, scenario: PlannedScenario) -> Iterator[Panel]:
    """Every figure at every level of load at which it means something."""
    rounds = _of(run, scenario)
    for figure in FIGURES[scenario.name]:
        for level in scenario.levels:
            if figure.at(level):
                yield _panel(run.plan, scenario, figure, level, rounds)


def _panel(plan: Plan, scenario: PlannedScenario, figure: Figure, level: Level, rounds: tuple[Round, ...]) -> Panel:
    values = {t.name: over_blocks(figure, level, t.name, rounds) for t in plan.targets if not t.bare}
    first = plan.baseline
    base, again = values[first], values.get(plan.noise or "", {})
    unsure = {name: marks.unreliable(figure.key, rounds, name, level) for name in values}
    return Panel(
        scenario=scenario.name,
        **figure.facts,
        level=level,
        chart=figure.chart,
        curve=figure.curve,
        primary=figure.primary and level == primary_level(scenario.levels),
        ideal=figure.ideal(level) if figure.ideal else None,
        noise=None if unsure[first] or unsure.get(plan.noise or "") else ratios.against_itself(again, base),
        cells=tuple(
            Cell(target=t.name, value=None, ratio=None, why=why)
            if (why := _crowded(scenario, figure, level, t))
            else _marked(_cell(plan, scenario, level, t.name, (values[t.name], base), rounds), unsure, first)
            for t in plan.compared
        ),
    )


def _marked(cell: Cell, unsure: Mapping[str, str], baseline: str) -> Cell:
    """The cell with its mark; one that has a mark, or whose baseline has, is compared with nothing."""
    mark = unsure[cell.target] if cell.value else ""
    return cell.model_copy(update={"mark": mark, "ratio": None}) if mark or unsure[baseline] else cell


def _crowded(scenario: PlannedScenario, figure: Figure, level: Level, target: PlannedTarget) -> str:
    """Why there is no figure where more streams are asked for than the target has room for; "" where there is."""
    if level.streams is not None and level not in scenario.on(target.name).levels:
        return NO_ROOM
    queued = target.slots is not None and target.slots < (level.users or 0)
    return QUEUED if queued and figure.key == "mib_stream" else ""


def _cell(
    plan: Plan,
    scenario: PlannedScenario,
    level: Level,
    target: str,
    found: tuple[Mapping[int, float], Mapping[int, float]],
    rounds: tuple[Round, ...],
) -> Cell:
    """`found`: the target's values and the baseline's."""
    values, base = found
    mine = tuple(done for done in rounds if done.target == target)
    if len(values) < plan.minimum_good:
        absent = not mine and target not in plan.players(scenario.name)
        why = matrix.ABSENT if absent else _why(len(values), plan.minimum_good, level, mine)
        return Cell(target=target, value=None, ratio=None, why=why)
    ratio = None if target == plan.baseline else ratios.paired(values, base)
    enough = ratio is not None and ratio.blocks >= plan.minimum_good
    return Cell(target=target, value=_spread(values), ratio=ratio if enough else None)


def _why(many: int, fewest: int, level: Level, mine: Sequence[Round]) -> str:
    """Why so many values of a target are too few; `mine` are its rounds."""
    refused = sum(not done.good for done in mine)
    left_out = sum(driven.level == level for done in mine for driven in done.left_out)
    if len(mine) - refused - left_out >= fewest:
        return "not recorded"
    tails = ((refused, "refused"), (left_out, "left out"))
    return ", ".join((f"no verdict: {many} good of {fewest} needed", *(f"{n} {word}" for n, word in tails if n)))


def _spread(values: Mapping[int, float]) -> Spread:
    return Spread.of(tuple(value for _, value in sorted(values.items())))


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
