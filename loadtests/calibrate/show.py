"""A calibration as tables in the terminal: every step with its load, its cost, and how far it was from the record.

Rule: a step that does not count says why. Neighbours: `step` has the figures, the package's own module calls this.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtests.calibrate.step import COMPARED, UNITS, WORDS, Pair, Step


def show(steps: Sequence[Step], console: Console) -> None:
    """Print a table for each scenario, and below it why steps did not count."""
    console.print(
        "Load on a server that writes down when it really sent; ms off its record at p50, p99:", soft_wrap=True
    )
    for scenario, group in groupby(steps, key=lambda step: step.scenario):
        played = tuple(group)
        console.print(_table(scenario, played))
        for step in played:
            if not step.good:
                console.print(f"  {step.users} users: {escape(why(step))}", soft_wrap=True)


def _table(scenario: str, steps: Sequence[Step]) -> Table:
    names, unit = COMPARED[scenario], UNITS[scenario]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("users", unit, "CPU %", "hub lag p99", *(f"{WORDS[name]} off" for name in names), "a core"):
        table.add_column(column, justify="right")
    table.add_column("figures")
    for step in steps:
        cells = (
            str(step.users),
            f"{step.per_second:,.0f}",
            f"{step.cpu_percent:.0f}",
            f"{step.hub_lag_p99_ms:.1f} ms",
            *(_off(step.figures[name]) for name in names),
            f"{step.per_core:,.0f}",
            word(step),
        )
        table.add_row(*cells)
    return table


def word(step: Step) -> str:
    """The verdict: `good`, `refused` by the generator's own gates, or `untrue` by the record."""
    if step.refused:
        return "refused"
    return "untrue" if step.untrue else "good"


def off(step: Step) -> str:
    """How far each figure is from the record's: `TTFT +0.3, +0.8  ITL +0.0, +0.1`."""
    return "  ".join(f"{WORDS[name]} {_off(pair)}" for name, pair in step.figures.items())


def _off(pair: Pair) -> str:
    return f"{pair.p50_off:+.1f}, {pair.p99_off:+.1f}"


def why(step: Step) -> str:
    """Every reason why the step does not count."""
    return "; ".join((*step.refused, *step.untrue))
