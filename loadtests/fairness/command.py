"""Says what the fairness check finds: `parity fairness [TARGET...]`, and a comparison before it loads.

Rule: everything is printed, grave things first; nothing found is said too, with what was looked at. Exit code 1 when a
finding is grave, 0 otherwise. Neighbours: the package checks, `cli.serving` has the options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from loadtests import fairness, matrix
from loadtests.fairness.model import Fairness, Finding
from loadtests.files import store
from loadtests.measure.environment import available_cores, choose_cores
from loadtests.plan import Mode, Plan, make_plan
from loadtests.targets import DEFAULT_TARGETS, Target, load_targets, pick


@dataclass(frozen=True)
class FairnessOptions:
    """What `parity fairness` is asked for. `mode`: the run whose load the targets must have room for."""

    targets: tuple[str, ...] = ()
    mode: Mode = "quick"
    targets_file: Path | None = None
    json: Path | None = None


def run(options: FairnessOptions, console: Console) -> int:
    """Look at these targets (none: the usual three, or the matrix's), say what is found, return the exit code."""
    known = load_targets(options.targets_file)
    targets = (
        matrix.played(known, matrix.server_cores(choose_cores(), len(available_cores())), options.targets)
        if options.mode == "matrix"
        else pick(known, options.targets or DEFAULT_TARGETS)
    )
    found = told(targets, make_plan(targets, mode=options.mode), console)
    if options.json:
        store(options.json, found, "--json")
    return int(bool(found.grave))


def told(targets: Sequence[Target], plan: Plan, console: Console) -> Fairness:
    """Look, and say what is found."""
    with console.status("fairness check"):
        found = fairness.checked(targets, plan, choose_cores(plan.model))
    names = ", ".join(target.name for target in targets)
    if not found.findings:
        seen = "server, options, workers, cores, Python, Pydantic, log, keep-alive, room for the streams, settings"
        console.print(f"[green]fairness[/green]: nothing found ({names}; {seen})", highlight=False, soft_wrap=True)
    for finding in found.findings:
        _say(finding, console)
    return found


def _say(finding: Finding, console: Console) -> None:
    mark = "[red]grave[/red]" if finding.grave else "[yellow]note[/yellow]"
    console.print(f"fairness, {mark}: ", end="", highlight=False)
    who = f"{finding.target}: " if finding.target else ""
    text = f"{who}{finding.what} {finding.effect} Cure: {finding.cure}."
    console.print(text, highlight=False, markup=False, soft_wrap=True)
