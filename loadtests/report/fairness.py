"""The fairness check in the report: a badge for its head, and words for what was looked at.

Rule: read from what was stored; a run of before there was such a check has neither. Neighbours: fairness has the
findings, trust the other badges, templates/fairness.html.j2 lays out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from loadtests.analyse import units
from loadtests.fairness.model import Look
from loadtests.results import Run


def words(run: Run) -> tuple[Literal["good", "care", "bad"], str] | None:
    """The badge's state and words; None where the run was not looked at."""
    if run.fairness is None:
        return None
    grave, others = len(run.fairness.grave), len(run.fairness.findings) - len(run.fairness.grave)
    if not run.fairness.findings:
        return "good", f"{len(run.fairness.looks)} deployments looked at as they run, nothing found"
    parts = ([f"{grave} grave"] if grave else []) + ([f"{others} to know of"] if others else [])
    return "bad" if grave else "care", f"{' and '.join(parts)}: read before the figures"


def facts(look: Look) -> Iterator[tuple[str, str]]:
    """Pairs of a term and what was seen."""
    yield "Server", look.says or "does not say"
    yield "Workers", str(look.workers)
    yield "Cores", ", ".join(map(str, look.cores)) or "not known"
    yield "Python", look.python.version if look.python else "not known"
    yield "Pydantic", (look.python.pydantic if look.python else None) or units.DASH
    yield "Compiled parts", units.DASH if look.native is None else ", ".join(look.native) or "none"
    yield "Log lines a request", f"{look.lines:g}"
    kept = f"open after {look.watched:g} s" if look.kept is None else f"closed after {look.kept:g} s"
    yield "Idle connection", kept
    yield "Streams at once", f"{look.held} of {look.asked} began" if look.asked else "none were asked for"
