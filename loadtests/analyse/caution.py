"""Where a number should not be trusted, and what a run of this size cannot tell, in plain sentences.

Rule: a warning names what, how much and what to do; it never removes a figure (refusing rounds is judge's work).
Neighbours: analyse puts them beside the figures they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loadtests.analyse.verdict import Panel, Validity
from loadtests.drive.result import MAX_CPU, MAX_EVENTS_PER_READ
from loadtests.results import Round, Run

BUSY_GENERATOR = 45.0  # per cent of a core; see drive.result.MAX_CPU for the limit
WIDE = 0.25  # of the median, from lowest to highest round


def warnings_of(run: Run, scenario: str, panels: tuple[Panel, ...], validity: tuple[Validity, ...]) -> tuple[str, ...]:
    """Every warning for one scenario."""
    rounds = tuple(done for done in run.rounds if done.scenario == scenario)
    return (
        *_too_few(run, validity),
        *_wide(panels),
        *(warning for rule in _RULES for warning in rule(rounds)),
    )


def limits_of(run: Run) -> tuple[str, ...]:
    """What this run cannot tell, whatever came out."""
    blocks = max(planned.block for planned in run.plan.rounds)
    seconds = [level.seconds for scenario in run.plan.scenarios for level in scenario.levels]
    limits = [
        f"{blocks} rounds of {min(seconds):g} to {max(seconds):g} s a cell give no probability. “Clearly” means "
        "only that the ranges over the rounds do not overlap; a few per cent cannot be told from noise here.",
        "The load is a closed loop: users wait for an answer before they ask again, so a slow server is asked less "
        "often, and latency at a fixed rate of arrivals is not shown.",
        "p99 of a short round rests on few requests; its spread over the rounds is the better guide.",
        "Warm-up is a fixed time here, not detected from the data.",
        f"Isolation: {run.environment.pinning.note}.",
        "Server and generator are on one machine over loopback: no network, no TLS, no proxy.",
    ]
    if run.plan.mode == "quick":
        limits.append("parity compare --full plays more and longer rounds, and more levels of load.")
    return tuple(limits)


def _too_few(run: Run, validity: tuple[Validity, ...]) -> Iterator[str]:
    for item in validity:
        if item.good < run.plan.minimum_good:
            yield (
                f"{item.target}: {item.good} good of {run.plan.minimum_good} rounds needed, so it has no verdict "
                "here; see the reasons under Validity and run again."
            )


def _wide(panels: tuple[Panel, ...]) -> Iterator[str]:
    """Cells whose rounds differ by more than a quarter, said once a target."""
    charted = [panel for panel in panels if panel.chart and panel.better != "neither"]
    for target in dict.fromkeys(cell.target for panel in charted for cell in panel.cells):
        wide = [
            panel.title + (f" ({panel.users} users)" if len({p.users for p in panels}) > 1 else "")
            for panel in charted
            if (value := panel.cell(target).value) and value.high - value.low > WIDE * value.median
        ]
        if wide:
            yield f"{target}: rounds differ by more than {WIDE:.0%} of their median in {', '.join(wide)}."


def _events_per_read(rounds: tuple[Round, ...]) -> Iterator[str]:
    worst = max((d.result.events_per_read or 0 for done in rounds for d in done.drives), default=0)
    if worst > MAX_EVENTS_PER_READ:
        yield (
            f"Up to {worst:.2f} events came in one read (over {MAX_EVENTS_PER_READ:g}): the gaps between tokens are "
            "unreliable."
        )


def _generator(rounds: tuple[Round, ...]) -> Iterator[str]:
    worst = max((d.result.generator.cpu_percent for done in rounds if done.good for d in done.drives), default=0)
    if worst > BUSY_GENERATOR:
        yield (
            f"The generator used up to {worst:.0f}% of its core (over {MAX_CPU:.0f}% a round is refused): fast "
            "targets may be faster than they look."
        )


def _unsampled(rounds: tuple[Round, ...]) -> Iterator[str]:
    missing = sum(not d.samples for done in rounds if done.good for d in done.drives)
    if missing:
        yield f"The server's CPU and memory were not sampled in {missing} drives."


_RULES: tuple[Callable[[tuple[Round, ...]], Iterator[str]], ...] = (_events_per_read, _generator, _unsampled)
