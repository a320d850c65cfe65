"""The words of a report that depend on which frameworks were compared.

Rule: the kit's question is about FastAPI and Flask; a run without both of them asks about those that it has.
Neighbours: html and markdown put them at the top.
"""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.analyse.verdict import Section
from loadtests.plan import Level, Plan

KNOWN: Mapping[str, str] = {"fastapi": "FastAPI", "flask": "Flask"}
NUMBERS: Mapping[int, str] = {1: "One server", 2: "Two servers", 3: "Three servers"}


def question(plan: Plan) -> str:
    """What the run can answer, without its question mark."""
    frameworks = _frameworks(plan)
    asked = tuple(KNOWN) if set(KNOWN) <= set(frameworks) else frameworks
    return " or ".join(KNOWN.get(framework, framework) for framework in asked)


def servers(plan: Plan) -> str:
    """How many applications, however they are deployed."""
    count = len(_frameworks(plan))
    return NUMBERS.get(count, f"{count} servers")


def main_levels(section: Section) -> tuple[Level, ...]:
    """The levels of load that are open to view: the primary one (else the most users), and every open loop."""
    primary = [panel.level for panel in section.panels if panel.primary]
    closed = [level for level in section.levels if level.users is not None][-1:]
    opened = [level for level in section.levels if level.users is None]
    return tuple(dict.fromkeys((*(primary or closed), *opened)))


def _frameworks(plan: Plan) -> tuple[str, ...]:
    """In the plan's order, each once."""
    return tuple(dict.fromkeys(target.framework for target in plan.compared))
