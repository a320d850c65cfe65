"""Where a number should not be trusted, and what a run of this size cannot tell, in plain sentences.

Rule: a warning names what, how much and what to do; it never removes a figure (refusing rounds is judge's work).
Neighbours: analyse puts them beside the figures they are about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from loadtests.analyse import marks, units
from loadtests.analyse.knee_values import Knees
from loadtests.analyse.verdict import MatrixGroup, Panel, Section, Validity
from loadtests.drive.result import MAX_CPU, MAX_EVENTS_PER_READ
from loadtests.levels import Level
from loadtests.records import Round
from loadtests.results import Run

BUSY_GENERATOR = 45.0  # per cent of a core; see drive.result.MAX_CPU for the limit
WIDE = 0.25  # of the median, from lowest to highest round
UNEQUAL = 25.0  # times the median latency, at p99 of a closed loop


def warnings_of(
    run: Run, rounds: tuple[Round, ...], panels: tuple[Panel, ...], validity: tuple[Validity, ...], knees: Knees | None
) -> tuple[str, ...]:
    """Every warning for one scenario."""
    return (
        *_too_few(run, validity),
        *_unfair(panels),
        *_wide(panels),
        *_unfinished(knees),
        *(warning for rule in _RULES for warning in rule(rounds)),
    )


def limits_of(run: Run, sections: tuple[Section, ...], groups: tuple[MatrixGroup, ...] = ()) -> tuple[str, ...]:
    """What this run cannot tell, whatever came out; `groups` are those of a matrix."""
    limits = [
        *_unresolved(sections, groups),
        *_loops(run),
        f"Isolation: {run.environment.pinning.note}.",
        "Server and generator are on one machine, and it is one machine: over loopback, with no network, no TLS and no "
        "proxy; another processor may set the targets apart by another factor.",
    ]
    if run.plan.model == "upstream":
        limits.append(
            "The model server has known words and a known pace, so that what was received can be held against what was "
            "sent; a real model is farther away, slower, and not on a core of this machine."
        )
    if run.ceiling is None:
        limits.append(
            "Not calibrated: how much the generator itself can drive on this machine was not measured; "
            "`parity calibrate` does."
        )
    if run.plan.which == "quick":
        limits.append(
            "A quick run: few and short rounds, so p99 rests on few requests; "
            "parity compare --full plays more and longer rounds, and more levels of load."
        )
    return tuple(limits)


def _unresolved(sections: tuple[Section, ...], groups: tuple[MatrixGroup, ...]) -> Iterator[str]:
    """From which differences on so many rounds find them: in a matrix group by group, as its ratios are judged."""
    everywhere = tuple(panel for section in sections for panel in section.panels)
    for of, panels in [(f" ({group.title})", group.panels) for group in groups] or [("", everywhere)]:
        primary = [panel for panel in panels if panel.primary]
        told = [f"{units.share(p.resolves)} in {p.title} ({p.scenario})" for p in primary if p.resolves is not None]
        if told:
            yield (
                f"The smallest differences that four of five such runs find{of}: {', '.join(told)}. Smaller ones are "
                "found less often, so “no clear difference” does not say that there is none."
            )
        if silent := [panel.scenario for panel in primary if panel.resolves is None]:
            yield f"Too few rounds for any verdict by its figures in {', '.join(silent)}{of}."


def _loops(run: Run) -> Iterator[str]:
    closed = [s.name for s in run.plan.scenarios if all(level.users is not None for level in s.levels)]
    if closed:
        yield (
            f"The load of {', '.join(closed)} is a closed loop: users wait for an answer before they ask again, so a "
            "slow server is asked less often, and latency at a fixed rate of arrivals is not shown."
        )


def _too_few(run: Run, validity: tuple[Validity, ...]) -> Iterator[str]:
    for item in validity:
        if item.good < run.plan.minimum_good:
            none = "there is no noise floor" if item.target == run.plan.noise else "it has no verdict"
            none = "nothing is held against it" if run.plan.target(item.target).bare else none
            yield (
                f"{item.target}: {item.good} good of {run.plan.minimum_good} rounds needed, so {none} "
                "here; see the reasons under Validity and run again."
            )


def _unfair(panels: tuple[Panel, ...]) -> Iterator[str]:
    """A against A that differs: what decides should not."""
    for panel in panels:
        noise = panel.noise
        if panel.primary and noise and noise.word != "equivalent" and not noise.low <= 1 <= noise.high:
            yield (
                f"{panel.title}: the baseline against itself came to {units.ratio(noise)} ({units.ratio_span(noise)}), "
                "where 1 was due. One run in 20 shows that by chance; else the machine was not the same for both, and "
                "differences of that size here are its own. Run again with nothing else running."
            )


def _unfinished(knees: Knees | None) -> Iterator[str]:
    for knee in knees.cells if knees else ():
        if knee.short:
            yield f"{knee.target}: the search for the most it holds had too little time to be sure: {knee.short}."
        elif knee.limit == "unfinished":
            yield f"{knee.target}: the search for the most it holds was not finished; what it had found is shown."


def _wide(panels: tuple[Panel, ...]) -> Iterator[str]:
    """Cells whose rounds differ by more than a quarter, said once a target."""
    charted = [panel for panel in panels if panel.chart and panel.better != "neither"]
    for target in dict.fromkeys(cell.target for panel in charted for cell in panel.cells):
        wide = [
            panel.title + (f" ({panel.level.label})" if len({p.level for p in panels}) > 1 else "")
            for panel in charted
            if (value := panel.cell(target).value) and value.high - value.low > WIDE * value.median
        ]
        if wide:
            yield f"{target}: rounds differ by more than {WIDE:.0%} of their median in {', '.join(wide)}."


def _events_per_read(rounds: tuple[Round, ...]) -> Iterator[str]:
    """Whose gaps between tokens are not known, once a target."""
    for target, levels in _asked(rounds).items():
        found = [(worst, level.label) for level in levels if (worst := marks.merged(rounds, target, level))]
        if found:
            yield (
                f"{target}: up to {max(found)[0]:.2f} events came in one read (over {MAX_EVENTS_PER_READ:g}) at "
                f"{', '.join(label for _, label in found)}: its gaps between tokens are unreliable, so they are "
                "compared with nothing."
            )


def _behind(rounds: tuple[Round, ...]) -> Iterator[str]:
    """Whose queue grew while an open loop was measured: its times are of the window, and of no load."""
    for target, levels in _asked(rounds).items():
        for level in levels:
            if found := marks.behind(rounds, target, level):
                yield (
                    f"{target} does not keep up with {level.label}: it ended {found.words} that were offered. Its "
                    "queue grew through the window, so its latencies and first tokens depend on how long that was."
                )


def _asked(rounds: tuple[Round, ...]) -> Mapping[str, tuple[Level, ...]]:
    """Each target by name, with the loads that it was given."""
    return {
        target: tuple(dict.fromkeys(d.level for done in rounds if done.target == target for d in done.drives))
        for target in sorted({done.target for done in rounds})
    }


def _generator(rounds: tuple[Round, ...]) -> Iterator[str]:
    worst = max((d.result.generator.cpu_percent for done in rounds for d in done.timed), default=0)
    if worst > BUSY_GENERATOR:
        yield (
            f"The generator used up to {worst:.0f}% of its core (over {MAX_CPU:.0f}% a round is refused): fast "
            "targets may be faster than they look."
        )


def _left_out(rounds: tuple[Round, ...]) -> Iterator[str]:
    """Loads that the generator did not keep up with, of rounds whose other loads count."""
    found: dict[str, list[tuple[Level, tuple[str, ...]]]] = {}
    for done in rounds:
        for driven in done.left_out:
            found.setdefault(done.target, []).append((driven.level, driven.result.generator.reasons))
    for target, drives in sorted(found.items()):
        loads = Counter(level.label for level, _ in drives)
        where = ", ".join(f"{label} in {units.counted(many, 'round')}" for label, many in loads.items())
        reasons = "; ".join(dict.fromkeys(reason for _, every in drives for reason in every))
        yield f"{target}: left out, while the other loads of the same rounds count: {where}; {reasons}."


def _unequal(rounds: tuple[Round, ...]) -> Iterator[str]:
    """Targets that answer some connections again and again while others wait, which a median hides."""
    found: dict[str, list[tuple[float, float]]] = {}
    for done in rounds:
        for driven in done.timed:
            latency = driven.result.latency_ms
            if (driven.level.users or 0) > 1 and latency.p99 > UNEQUAL * latency.p50:
                found.setdefault(done.target, []).append((latency.p50, latency.p99))
    for target, seen in sorted(found.items()):
        half, last = sorted(seen)[len(seen) // 2]
        yield (
            f"{target} shared itself out unequally: in a round where half of the answers took up to {half:.1f} ms, one "
            f"in 100 took over {last:.0f} ms. Some connections were served again and again while others waited, so "
            "its p50 is not what a user sees; throughput and the open loop are."
        )


def _unsampled(rounds: tuple[Round, ...]) -> Iterator[str]:
    missing = sum(not d.samples for done in rounds if done.good for d in done.drives)
    if missing:
        yield f"The server's CPU and memory were not sampled in {missing} drives."


def _unsettled(rounds: tuple[Round, ...]) -> Iterator[str]:
    """Drives that were measured although they had not settled."""
    drives = [(done, d) for done in rounds for d in done.timed if d.result.warmup.limit > 0]
    wild = [(done, d) for done, d in drives if not d.result.warmup.settled]
    if wild:
        where = ", ".join(dict.fromkeys(f"{done.target} at {driven.level.label}" for done, driven in wild))
        yield (
            f"{len(wild)} of {len(drives)} drives had not settled when the longest warm-up was over ({where}): their "
            "figures hold some of the start."
        )


_RULES: tuple[Callable[[tuple[Round, ...]], Iterator[str]], ...] = (
    _events_per_read,
    _behind,
    _generator,
    _left_out,
    _unequal,
    _unsampled,
    _unsettled,
)
