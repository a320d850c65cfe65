"""Where a number should not be trusted, and what a run of this size cannot tell, in plain sentences.

Rule: a warning names what, how much and what to do; it never removes a figure (refusing rounds is judge's work).
Neighbours: analyse puts them beside the figures they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loadtests.analyse import units
from loadtests.analyse.verdict import Knees, Panel, Section, Validity
from loadtests.drive.result import MAX_CPU, MAX_EVENTS_PER_READ
from loadtests.results import Round, Run

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


def limits_of(run: Run, sections: tuple[Section, ...]) -> tuple[str, ...]:
    """What this run cannot tell, whatever came out."""
    limits = [
        *_unresolved(sections),
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


def _unresolved(sections: tuple[Section, ...]) -> Iterator[str]:
    """The differences that were too small for this many rounds."""
    primary = [panel for section in sections for panel in section.panels if panel.primary]
    told = [f"{units.share(p.resolves)} in {p.title} ({p.scenario})" for p in primary if p.resolves is not None]
    if told:
        yield (
            f"Differences under these could not be told from none by this run: {', '.join(told)}; larger ones would "
            "be found in at least four of five such runs."
        )
    if silent := [panel.scenario for panel in primary if panel.resolves is None]:
        yield f"Too few rounds for any verdict by its figures in {', '.join(silent)}."


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
        if knee.limit == "unfinished":
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


def _unequal(rounds: tuple[Round, ...]) -> Iterator[str]:
    """Targets that answer some connections again and again while others wait, which a median hides."""
    found: dict[str, list[tuple[float, float]]] = {}
    for done in rounds:
        for driven in done.drives if done.good else ():
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
    drives = [(done, d) for done in rounds if done.good for d in done.drives if d.result.warmup.limit > 0]
    wild = [(done, d) for done, d in drives if not d.result.warmup.settled]
    if wild:
        where = ", ".join(dict.fromkeys(f"{done.target} at {driven.level.label}" for done, driven in wild))
        yield (
            f"{len(wild)} of {len(drives)} drives had not settled when the longest warm-up was over ({where}): their "
            "figures hold some of the start."
        )


_RULES: tuple[Callable[[tuple[Round, ...]], Iterator[str]], ...] = (
    _events_per_read,
    _generator,
    _unequal,
    _unsampled,
    _unsettled,
)
