"""The matrix in the report: a picture for each group of deployments, and a sheet for each scenario of a group.

Rule: nothing is worked out; the analysed groups are laid out, and what the workers share is said in words. A deployment
has one colour and shape, with however many workers: no two of a group are alike, and names tell groups apart.
Neighbours: analyse.matrix has the groups, intervals draws, templates/matrix.html.j2 and summary.md.j2 lay out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from loadtests.analyse.verdict import MatrixGroup, Panel, Section, Verdict
from loadtests.matrix import ADVICE, Advice
from loadtests.plan import Plan, PlannedTarget
from loadtests.report import views as charts
from loadtests.report.intervals import Picture, of_panels


@dataclass(frozen=True)
class Sheet:
    """One scenario of a group: `targets` have a figure of it; `absent` have none, as (why, their names)."""

    scenario: str
    level: str
    panels: tuple[Panel, ...]
    targets: tuple[PlannedTarget, ...]
    absent: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def again(self) -> bool:
        """Whether the baseline was played against itself."""
        return any(panel.noise for panel in self.panels)


@dataclass(frozen=True)
class GroupView:
    """A group with its picture (None where there is no ratio), sheets, and what there is to say of cores and noise."""

    group: MatrixGroup
    picture: Picture | None
    sheets: tuple[Sheet, ...]
    cores: str
    noise: str
    advice: tuple[Advice, ...]


@dataclass(frozen=True)
class Kind:
    """A deployment with however many workers, as the legend shows it."""

    name: str
    shape: int
    words: str


def shapes(plan: Plan) -> Mapping[str, int]:
    """The colour and shape of each target: its place among the plan's, or in a matrix its kind's among the kinds."""
    names = {target.name: _kind(target) if plan.aim == "matrix" else target.name for target in plan.compared}
    places = {name: place for place, name in enumerate(dict.fromkeys(names.values()))}
    return {name: places[kind] for name, kind in names.items()}


def legend(plan: Plan, shapes: Mapping[str, int]) -> tuple[Kind, ...]:
    """Each kind of the matrix once, with the numbers of workers that it was played with; none where it is no matrix."""
    kinds: dict[str, list[PlannedTarget]] = {}
    for target in plan.compared if plan.aim == "matrix" else ():
        kinds.setdefault(_kind(target), []).append(target)
    return tuple(Kind(name, shapes[of[0].name], f"{of[0].server}, {_workers(of)}") for name, of in kinds.items())


def views(plan: Plan, verdict: Verdict, shapes: Mapping[str, int]) -> tuple[GroupView, ...]:
    """A view for each group; none where the run is no matrix."""
    return tuple(_views(plan, verdict, shapes))


def spectra(section: Section, groups: Sequence[MatrixGroup], shapes: Mapping[str, int]) -> Iterator[charts.Chart]:
    """The section's percentiles as charts: in a matrix one for each group, as kinds look alike across groups."""
    if not groups:
        yield from charts.spectra(section, shapes)
    for group in groups:
        mine = tuple(line for line in section.spectra if line.target in group.targets)
        for chart in charts.spectra(section.model_copy(update={"spectra": mine}), shapes):
            yield replace(chart, title=f"{chart.title}. {group.title}")


def _kind(target: PlannedTarget) -> str:
    """Its entry's name, without the number of its workers."""
    return target.name.removesuffix(f"-{target.workers}")


def _workers(targets: Sequence[PlannedTarget]) -> str:
    *most, last = map(str, sorted(target.workers for target in targets))
    return f"{', '.join(most)} and {last} workers" if most else f"{last} worker{'' if last == '1' else 's'}"


def _views(plan: Plan, verdict: Verdict, shapes: Mapping[str, int]) -> Iterator[GroupView]:
    for group in verdict.matrix:
        targets = tuple(plan.target(name) for name in group.targets)
        drawn = [panel for panel in group.panels if panel.primary]
        yield GroupView(
            group=group,
            picture=of_panels(drawn, shapes),
            sheets=tuple(_sheets(group, targets)),
            cores=cores(group, targets),
            noise=noise(plan, group),
            advice=tuple(ADVICE.values()) if group.regime == "best" else (),
        )


def _sheets(group: MatrixGroup, targets: Sequence[PlannedTarget]) -> Iterator[Sheet]:
    for scenario in dict.fromkeys(panel.scenario for panel in group.panels):
        panels = tuple(panel for panel in group.panels if panel.scenario == scenario)
        absent: dict[str, tuple[str, ...]] = {}
        for target in targets:
            cells = [panel.cell(target.name) for panel in panels]
            whys = {cell.why for cell in cells}
            if len(whys) == 1 and not any(cell.value for cell in cells):
                absent[cells[0].why] = (*absent.get(cells[0].why, ()), target.name)
        gone = {name for names in absent.values() for name in names}
        shown = tuple(target for target in targets if target.name not in gone)
        yield Sheet(scenario, panels[0].level.label, panels, shown, tuple(absent.items()))


def noise(plan: Plan, group: MatrixGroup) -> str:
    """Whether this group's baseline was played against itself, which is not the noise of any other group."""
    if plan.noise is None:
        return "Nothing was played against itself, so the noise is not known."
    if group.baseline == plan.baseline:
        return "It was played against itself as well: what comes out then is noise."
    return f"Only {plan.baseline} was played against itself, so the noise of this group is not known."


def cores(group: MatrixGroup, targets: Sequence[PlannedTarget]) -> str:
    """What the servers were given, and what more workers than cores mean."""
    if not group.cores:
        return "Servers were not pinned: they shared all cores with the load generator."
    count = len(group.cores)
    given = f"{count} core{'' if count == 1 else 's'} of this machine, number {', '.join(map(str, group.cores))}"
    most = max(target.workers for target in targets)
    if most <= count:
        return f"Each server had {given}, a core for each worker."
    return (
        f"Each server had {given}. Up to {most} workers shared {'it' if count == 1 else 'them'}: more workers than "
        "cores can hold more at once and not compute more; what they gain with a core each is not measured here."
    )
