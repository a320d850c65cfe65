"""What a test looks for in a verdict, and ways to bend a made-up run.

Rule: what is not there fails the test that asked. Neighbours: `made_up` makes the runs.
"""

from __future__ import annotations

from loadtests.analyse.verdict import Panel, Ratio, Section, Verdict
from loadtests.plan import Plan
from loadtests.records import Round
from tests.unit.loadtests import made_up


def section(verdict: Verdict, scenario: str) -> Section:
    """The section, which must be there."""
    found = verdict.section(scenario)
    assert found is not None
    return found


def panel_of(verdict: Verdict, scenario: str, key: str) -> Panel:
    """The panel, which must be there."""
    found = section(verdict, scenario).panel(key)
    assert found is not None
    return found


def ratio_of(panel: Panel, target: str) -> Ratio:
    """The ratio, which must be there."""
    found = panel.cell(target).ratio
    assert found is not None
    return found


def changed(plan: Plan, target: str, **totals: object) -> made_up.Bend:
    """That target's rounds with other totals."""

    def bend(done: Round) -> Round:
        planned = next(p for p in plan.rounds if p.number == done.number)
        return made_up.a_round(plan, planned, **totals) if done.target == target else done

    return bend


def refuse(scenario: str, target: str, blocks: int) -> made_up.Bend:
    """Refuse this cell's rounds in the first so many blocks."""

    def bend(done: Round) -> Round:
        hit = (done.scenario, done.target) == (scenario, target) and done.block <= blocks
        return done.model_copy(update={"reasons": ("the generator's CPU was at 71%, over 60%",)}) if hit else done

    return bend
