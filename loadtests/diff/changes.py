"""Each figure of two runs: what it was, what it is, and by how much it changed, in both senses.

Rule: pure. What a run says of itself is analyse's word (medians, ratios to its baseline); here only run is held against
run, round by round and unpaired, for no block is in both. Families for Holm's correction are those of one run
(ratios.family_of); a figure that is neither good nor bad is in none and has no word.
Neighbours: welch has the statistics, environments says which of the two changes to trust, show lays the lines out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.analyse import units
from loadtests.analyse.ratios import Family, family_of
from loadtests.analyse.statistics import FEWEST, holm, judged
from loadtests.analyse.verdict import Cell, Panel, Section, Verdict
from loadtests.diff.model import Change, Line
from loadtests.diff.welch import Welch, welch
from loadtests.plan import Plan

Values = tuple[float, ...]
_OTHERWISE: Final = "the runs have different baselines"


@dataclass(frozen=True)
class Told:
    """A plan and what came of it."""

    plan: Plan
    verdict: Verdict


@dataclass(frozen=True)
class _Sample:
    """What one change is worked out from, in both runs; where there is nothing to work it out from, `why`."""

    a: Values = ()
    b: Values = ()
    why: str = ""

    @property
    def wrong(self) -> str:
        """Why there is no change to be had; "" where there is one."""
        if self.why:
            return self.why
        few = [(name, len(values)) for name, values in (("A", self.a), ("B", self.b)) if len(values) < FEWEST]
        if few:
            return " and ".join(f"{name} has {units.lacking(count, 'round', FEWEST)}" for name, count in few)
        return "" if min(*self.a, *self.b) > 0 else "it is 0 in some round, and 0 has no ratio"


@dataclass(frozen=True)
class _Pair:
    """A cell of both runs, and the two samples of it. `panel` is B's, and primary where it is so in either."""

    panel: Panel
    a: Cell
    b: Cell
    absolute: _Sample
    relative: _Sample


def lines(a: Told, b: Told) -> tuple[Line, ...]:
    """Every figure that both runs have, in B's order."""
    pairs = tuple(_pairs(a, b))
    families = [family_of(pair.panel) for pair in pairs]
    absolute = _changes(families, [pair.absolute for pair in pairs])
    relative = _changes(families, [pair.relative for pair in pairs])
    return tuple(_line(*each) for each in zip(pairs, absolute, relative, strict=True))


def left_out(a: Told, b: Told) -> tuple[str, ...]:
    """What only one of the runs has, as sentences without their end."""
    first, second = _has(a.plan), _has(b.plan)
    return (
        *(f"{what}: only in A" for what in sorted(first - second)),
        *(f"{what}: only in B" for what in sorted(second - first)),
    )


def _has(plan: Plan) -> set[str]:
    loads = {f"{scenario.name} at {level.label}" for scenario in plan.scenarios for level in scenario.levels}
    return loads | {f"target {target.name}" for target in plan.compared}


def _pairs(a: Told, b: Told) -> Iterator[_Pair]:
    baselines = a.plan.baseline, b.plan.baseline
    targets = [target.name for target in b.plan.compared if target.name in {t.name for t in a.plan.compared}]
    for section in b.verdict.sections:
        for panel in section.panels:
            if (before := _counterpart(a.verdict.section(section.scenario), panel)) is not None:
                yield from (_pair(before, panel, target, baselines) for target in targets)


def _counterpart(section: Section | None, panel: Panel) -> Panel | None:
    """The same figure at the same load, however long it was driven."""
    found = section.panels if section else ()
    return next((p for p in found if (p.key, p.level.label) == (panel.key, panel.level.label)), None)


def _pair(before: Panel, panel: Panel, target: str, baselines: tuple[str, str]) -> _Pair:
    a, b = before.cell(target), panel.cell(target)
    return _Pair(
        panel=panel.model_copy(update={"primary": before.primary or panel.primary}),
        a=a,
        b=b,
        absolute=_absolute(a, b),
        relative=_relative(a, b, baselines),
    )


def _absolute(a: Cell, b: Cell) -> _Sample:
    """The rounds' figures."""
    if a.value is None or b.value is None:
        return _Sample(why=_missing(a, b))
    return _Sample(a.value.values, b.value.values)


def _relative(a: Cell, b: Cell, baselines: tuple[str, str]) -> _Sample:
    """The blocks' ratios to the run's own baseline."""
    if len(set(baselines)) > 1:
        return _Sample(why=_OTHERWISE)
    if b.target in baselines:
        return _Sample(why="the baseline itself")
    if a.ratio is None or b.ratio is None:
        return _Sample(why=_missing(a, b))
    return _Sample(a.ratio.values, b.ratio.values)


def _missing(a: Cell, b: Cell) -> str:
    whys = [f"{name}: {cell.why}" for name, cell in (("A", a), ("B", b)) if cell.why]
    return "; ".join(whys) or "no block has it together with the baseline"


def _changes(families: Sequence[Family | None], samples: Sequence[_Sample]) -> Iterator[Change | None]:
    """A change for each sample that has one, corrected within its family."""
    found = {n: done for n, s in enumerate(samples) if not s.wrong and (done := welch(s.a, s.b))}
    adjusted = {n: done.estimate.p for n, done in found.items() if families[n]}
    for family in set(families) - {None}:
        # a count has no noise, so it is no test and raises nobody's bar
        tests = [n for n, done in found.items() if families[n] == family and done.freedom]
        adjusted |= zip(tests, holm([found[n].estimate.p for n in tests]), strict=True)
    for n in range(len(samples)):
        yield _change(found[n], adjusted.get(n)) if n in found else None


def _change(done: Welch, adjusted: float | None) -> Change:
    """Worded by its adjusted p; without one, a figure that is neither good nor bad."""
    found = done.estimate
    return Change(
        value=found.ratio,
        low=found.low,
        high=found.high,
        freedom=done.freedom,
        p=found.p,
        adjusted=adjusted,
        word=None if adjusted is None else judged(found, adjusted),
    )


def _line(pair: _Pair, absolute: Change | None, relative: Change | None) -> Line:
    panel = pair.panel
    return Line(
        scenario=panel.scenario,
        key=panel.key,
        title=panel.title,
        unit=panel.unit,
        decimals=panel.decimals,
        better=panel.better,
        level=panel.level,
        target=pair.b.target,
        primary=panel.primary,
        chart=panel.chart,
        a=pair.a.value,
        b=pair.b.value,
        absolute=absolute,
        why_not_absolute=pair.absolute.wrong,
        relative=relative,
        why_not_relative=pair.relative.wrong,
    )
