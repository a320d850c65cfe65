"""The matrix in the report: a table and a picture for each group of deployments that may be compared.

Rule: nothing is worked out; the analysed groups are laid out, and what the workers share is said in words.
Neighbours: analyse.matrix has the groups, intervals draws, templates/matrix.html.j2 lays out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from loadtests.analyse.verdict import MatrixGroup, Verdict
from loadtests.matrix import ADVICE, Advice
from loadtests.plan import Plan, PlannedTarget
from loadtests.report.intervals import Picture, of_panels


@dataclass(frozen=True)
class GroupView:
    """A group with its picture (None where there is no ratio), its targets' facts and a sentence on its cores."""

    group: MatrixGroup
    picture: Picture | None
    targets: tuple[PlannedTarget, ...]
    cores: str
    advice: tuple[Advice, ...]


def views(plan: Plan, verdict: Verdict, shapes: Mapping[str, int]) -> tuple[GroupView, ...]:
    """A view for each group; none where the run is no matrix."""
    return tuple(_views(plan, verdict, shapes))


def _views(plan: Plan, verdict: Verdict, shapes: Mapping[str, int]) -> Iterator[GroupView]:
    for group in verdict.matrix:
        targets = tuple(plan.target(name) for name in group.targets)
        drawn = [panel for panel in group.panels if panel.primary]
        advice = tuple(ADVICE.values()) if group.regime == "best" else ()
        yield GroupView(group, of_panels(drawn, shapes), targets, cores(group, targets), advice)


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
