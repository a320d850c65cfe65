"""The line of badges on top of a report: may these numbers be believed, and where is that shown?

Rule: a badge is read from what was recorded, says its figure and its limit in words, and links to its evidence; colour
only repeats the word. Neighbours: results and verdict are read, html shows the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from loadtests import proof
from loadtests.analyse import units
from loadtests.analyse.verdict import Verdict
from loadtests.doubts import FULL, NEAR, of_its_core, together
from loadtests.drive.result import MAX_CPU
from loadtests.records import Driven
from loadtests.report import fairness
from loadtests.results import Run

State = Literal["good", "care", "bad"]
BUSY = 0.75  # of a limit, from which it is said with care
NARROW = 0.10  # a noise floor whose interval is wider hides what most would call a difference
SIGNS = {"good": "✓", "care": "!", "bad": "✗"}


@dataclass(frozen=True)
class Badge:
    """One thing that makes numbers worth believing."""

    state: State
    what: str
    words: str
    link: str

    @property
    def sign(self) -> str:
        """Its state without colour."""
        return SIGNS[self.state]


def badges(run: Run, verdict: Verdict) -> tuple[Badge, ...]:
    """In the order of asking: is it the same service, did the rounds count, was it the server that was measured?"""
    drives = [driven for done in run.rounds for driven in done.timed]
    return (
        _conformance(run),
        *_fairness(run),
        _rounds(run, verdict),
        *_model(run),
        _generator(drives),
        _ceiling(run, drives),
        _warmups(drives),
        _noise(verdict),
    )


def _conformance(run: Run) -> Badge:
    passed, asked = len({item.target for item in run.gate}), len(run.plan.compared)
    if not run.gate:
        return Badge("care", "Same contract", "no pass of the suite is recorded", "environment")
    state: State = "good" if passed >= asked else "care"
    return Badge(state, "Same contract", f"{passed} of {asked} targets passed the suite", "gate")


def _fairness(run: Run) -> Iterator[Badge]:
    found = fairness.words(run)
    if found is not None:
        yield Badge(found[0], "Fairness", found[1], "fairness")


def _rounds(run: Run, verdict: Verdict) -> Badge:
    done, planned, refused = verdict.rounds_done, verdict.rounds_planned, verdict.rounds_refused
    empty = any(not item.good for section in verdict.sections for item in section.validity)
    left_out = sum(len(done.left_out) for done in run.rounds)
    state: State = "bad" if empty else "good" if not refused and not left_out and verdict.complete else "care"
    of = f"{planned}" if done == planned else f"{done} played"
    notes = (
        f", {refused} refused" if refused else "",
        f", without {left_out} of their loads" if left_out else "",
        "" if done == planned else f", {planned} planned",
    )
    return Badge(state, "Rounds", f"{done - refused} of {of} count{''.join(notes)}", "validity")


def _model(run: Run) -> Iterator[Badge]:
    """Where a model server stood behind: whether its work was received, and whether it had room."""
    if run.plan.model == "scripted":
        return
    good = [done for done in run.rounds if done.good]
    sent = sum(done.upstream.after.completed - done.upstream.before.completed for done in good if done.upstream)
    came = sum(proof.received(done.drives).calls for done in good)
    words = f"{came:,} answers of the model received, {sent:,} sent"
    yield Badge("good" if came == sent else "bad", "Same work", words, "validity")
    cores = run.environment.pinning
    shares = [of_its_core(d.result, d.upstream, cores) for done in good for d in done.drives]
    most = max((share for share in shares if share is not None), default=None)
    if most is None:
        yield Badge("care", "Model server", "its CPU was not recorded", "validity")
        return
    with_whom = " with the generator" if together(cores) else ""
    state: State = "good" if most < BUSY * FULL else "care" if most < FULL else "bad"
    late = max((done.upstream.added.p99_ms for done in good if done.upstream and done.upstream.added), default=0.0)
    words = f"at most {most:.0%} of its core{with_whom}, limit {FULL:.0%}; it added {late:.1f} ms at p99 at most"
    yield Badge(state, "Model server", words, "validity")


def _generator(drives: list[Driven]) -> Badge:
    if not drives:
        return Badge("bad", "Generator", "no good round", "validity")
    most = max(driven.result.generator.cpu_percent for driven in drives)
    state: State = "good" if most < BUSY * MAX_CPU else "care"
    return Badge(state, "Generator", f"at most {most:.0f}% of its core, limit {MAX_CPU:.0f}%", "validity")


def _ceiling(run: Run, drives: list[Driven]) -> Badge:
    if run.ceiling is None:
        return Badge("care", "Ceiling", "the generator was not calibrated", "validity")
    most = max((used(run, driven) for driven in drives), default=0.0)
    state: State = "good" if most < BUSY else "care" if most < NEAR else "bad"
    return Badge(state, "Ceiling", f"driven to {most:.0%} of what the generator can", "validity")


def used(run: Run, driven: Driven) -> float:
    """How near a drive came to what the generator can, as a share; 0 where that is not known."""
    if run.ceiling is None:
        return 0.0
    result = driven.result
    events = result.tokens / result.seconds / run.ceiling.events_per_second
    return max(events, result.throughput / run.ceiling.requests_per_second)


def _warmups(drives: list[Driven]) -> Badge:
    known = [driven.result.warmup for driven in drives if driven.result.warmup.limit > 0]
    if not known:
        return Badge("care", "Warm-up", "not recorded", "validity")
    settled = sum(warmup.settled for warmup in known)
    state: State = "good" if settled == len(known) else "care"
    return Badge(state, "Warm-up", f"{settled} of {len(known)} had settled", "validity")


def floors(verdict: Verdict) -> Iterator[tuple[float, float]]:
    """The ends of A against A's intervals, over the primary figures."""
    for section in verdict.sections:
        for panel in section.panels:
            if panel.primary and panel.noise:
                yield panel.noise.low, panel.noise.high


def _noise(verdict: Verdict) -> Badge:
    found = list(floors(verdict))
    if not found:
        return Badge("care", "Noise", "A against A is not known", "validity")
    low, high = min(low for low, _ in found), max(high for _, high in found)
    narrow = high / low - 1 <= NARROW
    state: State = "good" if narrow and all(a <= 1 <= b for a, b in found) else "care"
    return Badge(state, "Noise", f"A against A: {low:.2f} to {high:.2f}{units.TIMES}", "validity")
