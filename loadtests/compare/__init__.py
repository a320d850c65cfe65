"""The main job: plan, verify, play the rounds, judge, report.

Rule: no load without a pass; each round is on disk before the next begins, so whatever ends the run, what finished
is kept and reported. Exit codes: 0 done, 1 a target does not keep the contract or every round was refused,
130 stopped by Ctrl-C.
Neighbours: plan decides what is played, play plays a round, progress shows it, report tells what came out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from loadtests import report, results
from loadtests.analyse import units
from loadtests.compare import gate
from loadtests.compare.play import Bench, Seat, play
from loadtests.compare.progress import Watch
from loadtests.measure import environment, handwork
from loadtests.plan import Mode, Plan, make_plan
from loadtests.report import terminal
from loadtests.results import Relied, Run
from loadtests.targets import DEFAULT_TARGETS, Target, load_targets, pick
from loadtests.verify import VerifyOutcome, ensure_verified

INTERRUPTED = 130


@dataclass(frozen=True)
class CompareOptions:
    """What `parity compare` is asked for. No targets: the usual three; no `only`: every scenario."""

    targets: tuple[str, ...] = ()
    mode: Mode = "quick"
    only: tuple[str, ...] = ()
    targets_file: Path | None = None
    results: Path = Path("results")
    seed: int = 1


Verify = Callable[[Sequence[Target], Console], Mapping[str, VerifyOutcome]]


@dataclass(frozen=True)
class Parts:
    """What a comparison is made with; tests give their own."""

    verify: Verify = ensure_verified
    bench: Bench = field(default_factory=Bench)


def compare(options: CompareOptions, console: Console, parts: Parts | None = None) -> int:
    """Run the whole comparison and return the exit code."""
    parts = parts or Parts()
    targets = pick(load_targets(options.targets_file), options.targets or DEFAULT_TARGETS)
    plan = make_plan(targets, mode=options.mode, only=options.only, seed=options.seed)
    outcomes = parts.verify(targets, console)
    if not _all_passed(targets, outcomes, console):
        return 1
    run = _begin(options, plan, gate.relied(targets, outcomes))
    gate.show(run.gate, outcomes, console)
    console.print(
        f"{len(plan.rounds)} rounds: {', '.join(s.name for s in plan.scenarios)} on "
        f"{', '.join(t.name for t in targets)}; about {units.duration(plan.seconds)}. "
        f"{run.environment.pinning.note.capitalize()}.",
        highlight=False,
    )
    run, interrupted = _play_all(run, targets, parts.bench, console)
    if not run.rounds:
        console.print("stopped before a round had finished: there is nothing to report", highlight=False)
        return INTERRUPTED
    terminal.show(console, plan, report.write(run))
    report.said(run, console)
    return INTERRUPTED if interrupted else int(not any(done.good for done in run.rounds))


def _all_passed(targets: Sequence[Target], outcomes: Mapping[str, VerifyOutcome], console: Console) -> bool:
    """Whether every target keeps the contract; says which does not, and where to look."""
    failed = [target.name for target in targets if not outcomes[target.name].ok]
    for name in failed:
        console.print(
            f"[red]{name} does not keep the contract[/red]: {_short(outcomes[name])}; "
            f"no load without a pass. Look closer: {gate.page(outcomes[name])}",
            highlight=False,
            soft_wrap=True,
        )
    return not failed


def _short(outcome: VerifyOutcome) -> str:
    wrong = outcome.count.wrong
    return f"{wrong} cases ended wrong" if wrong else "no case applied, so nothing was shown"


def _begin(options: CompareOptions, plan: Plan, relied: tuple[Relied, ...]) -> Run:
    moment = datetime.now(UTC)
    name = "-".join([options.mode, *sorted(options.only)])
    return results.start(options.results, name, moment, plan, environment.take(moment), handwork.count(), relied)


def _play_all(run: Run, targets: Sequence[Target], bench: Bench, console: Console) -> tuple[Run, bool]:
    """The rounds in order; on Ctrl-C those that finished, and True."""
    by_name = {target.name: target for target in targets}
    cores = run.environment.pinning
    with Watch(run.plan, console) as watch, _beside(cores.generator):
        try:
            for planned in run.plan.rounds:
                watch.begins(planned)
                log = run.folder / "logs" / f"{planned.number:03d}-{planned.target}.log"
                scenario = run.plan.scenario(planned.scenario)
                done = play(planned, scenario, by_name[planned.target], Seat(cores, log), bench)
                run = results.add(run, done)
                watch.finished(done)
        except KeyboardInterrupt:
            return run, True
    return run, False


class _beside:  # noqa: N801 - reads as a word in the one `with` that uses it
    """This process keeps to the generator's core meanwhile, so that the server has its own to itself."""

    def __init__(self, cores: tuple[int, ...]) -> None:
        self._cores = cores
        self._before: set[int] = set()

    def __enter__(self) -> None:
        if self._cores:
            self._before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, self._cores)

    def __exit__(self, *_: object) -> None:
        if self._before:
            os.sched_setaffinity(0, self._before)
