"""The main job: plan, verify, calibrate, load, judge, report.

Rule: no load without a pass, none before the generator's own ceiling was sought, and none in front of a model server
where a target says something else there; whatever ends the load, what finished is kept and reported. Exit codes: 0
done, 1 a target does not keep the contract, says something else, or every round was refused, 2 a mistake or a place
that cannot be written (as a UserError), 130 stopped by Ctrl-C; with conditions also 1 when one holds and 3 when one
could not be judged.
Neighbours: plan decides what is played, course plays it, report tells what came out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from loadtests import floors, matrix, relied, report, results
from loadtests.analyse import units
from loadtests.compare.course import Course, Tools, Why
from loadtests.compare.progress import Watch
from loadtests.descriptors import open_files
from loadtests.diff import ci
from loadtests.errors import UserError
from loadtests.fairness.model import Fairness
from loadtests.hosts import Hosts
from loadtests.hosts.load import spread
from loadtests.levels import LONG
from loadtests.measure import environment, handwork
from loadtests.parts import Parts
from loadtests.pinning import kept_to
from loadtests.plan import Mode, Model, Plan, at_ceiling, make_plan
from loadtests.records import Ceiling, Relied
from loadtests.report import terminal
from loadtests.results import Run
from loadtests.signals import INTERRUPTED, heard_once
from loadtests.slo import left_out
from loadtests.targets import DEFAULT_TARGETS, Target, load_targets, pick

__all__ = ["INTERRUPTED", "CompareOptions", "Parts", "compare"]


@dataclass(frozen=True)
class CompareOptions:
    """What `parity compare` is asked for. No targets: the usual three, or the matrix's; no `only`: every scenario.

    `floors`: whether bare apps are played beside the targets. `model`: what answers behind the servers.
    `hosts`: these send the load.
    `width` is in per cent. It, `minutes` and `slo` are of `--full`; None: its own.
    """

    targets: tuple[str, ...] = ()
    mode: Mode = "quick"
    only: tuple[str, ...] = ()
    targets_file: Path | None = None
    results: Path = Path("results")
    seed: int = 1
    width: float | None = None
    minutes: float | None = None
    slo: str | None = None
    rows: bool = False
    fail_if: tuple[str, ...] = ()
    markdown: Path | None = None
    model: Model = "scripted"
    floors: bool = True
    hosts: Hosts | None = None


def compare(options: CompareOptions, console: Console, parts: Parts | None = None) -> int:
    """Run the whole comparison and return the exit code."""
    parts = parts or Parts()
    if options.hosts is not None:
        parts = spread(parts, options.hosts)
        console.print(options.hosts.told, highlight=False, markup=False, soft_wrap=True)
    known = load_targets(options.targets_file)
    targets = _targets(options, known)
    bare = floors.of(targets, known) if options.floors else ()
    plan = _planned(options, targets, bare)
    conditions = ci.asked(options.fail_if, plan)
    outcomes = parts.verify(targets, console)
    if not relied.all_passed(targets, outcomes, console) or not _say_the_same(parts, targets, bare, plan, console):
        return 1
    fair = parts.fair(targets, plan, console)
    ceiling = parts.calibrate(console)
    if ceiling is not None:
        plan = at_ceiling(plan, ceiling.events_per_second)
    run = _begin(options, plan, relied.rows(targets, outcomes), ceiling, fair)
    relied.show(run.gate, outcomes, console)
    console.print(_announced(run), highlight=False, soft_wrap=True)
    for line in left_out(plan.knees, options.slo):
        console.print(line, highlight=False, soft_wrap=True)
    with heard_once() as stopped:  # the first Ctrl-C has what finished reported; more would only disturb that
        with Watch(plan, console) as watch, kept_to(run.environment.pinning.generator):
            tools = Tools(parts.bench, parts.search, stopped=stopped)
            course = Course(run, {target.name: target for target in (*targets, *bare)}, tools, watch)
            why, failure = _load(course)
        code = _finish(course, why, failure, console)
    return code or ci.tell(course.run.folder, conditions, options.markdown, console)


def _say_the_same(
    parts: Parts, targets: Sequence[Target], bare: Sequence[Target], plan: Plan, console: Console
) -> bool:
    """Whether a target does so with either model, and each floor with its twins; asked where it is about to count."""
    if plan.model == "upstream" and not parts.same(targets, plan.names, parts.bench, console):
        return False
    return not plan.floors or parts.prove(targets, bare, plan.names, console)


def _targets(options: CompareOptions, known: Mapping[str, Target]) -> tuple[Target, ...]:
    """Who is compared: those that are named, else the usual three, or the matrix for these cores."""
    if options.mode == "matrix":
        cores = matrix.server_cores(environment.choose_cores(options.model), len(environment.available_cores()))
        return matrix.played(known, cores, options.targets)
    return pick(known, options.targets or DEFAULT_TARGETS)


def _planned(options: CompareOptions, targets: Sequence[Target], bare: Sequence[Target]) -> Plan:
    return make_plan(
        targets,
        mode=options.mode,
        only=options.only,
        seed=options.seed,
        width=None if options.width is None else options.width / 100,
        minutes=options.minutes,
        slo=options.slo,
        rows=options.rows,
        model=options.model,
        floors=bare,
    )


def _load(course: Course) -> tuple[Why, UserError | None]:
    """The rounds and the searches; why they ended, and the failure where it was one."""
    files = open_files() if LONG in course.run.plan.names else nullcontext()
    try:
        with files:
            why = course.rounds()
            course.knees()
    except KeyboardInterrupt:
        return "interrupted", None
    except UserError as error:  # a disk that is full, in the middle
        return "failed", error
    except OSError as error:  # the same, met by a server's log or the generator's own files
        return "failed", UserError(f"the load cannot go on: {error}; make room or choose another place with --out")
    return why, None


def _finish(course: Course, why: Why, failure: UserError | None, console: Console) -> int:
    """Report what finished, whatever ended it; a failure is raised again when that is done."""
    run = course.run
    if not run.rounds:
        if failure:
            raise failure
        console.print("stopped before a round had finished: there is nothing to report", highlight=False)
        return INTERRUPTED
    try:
        run = results.end(run, course.ending(why))
        terminal.show(console, run.plan, report.write(run))
        report.said(run, console)
    except UserError as error:
        raise UserError(f"{failure or error}; {_kept(run)}") from error
    except KeyboardInterrupt:
        console.print(f"stopped before the report was whole; {_kept(run)}", highlight=False, soft_wrap=True)
        return INTERRUPTED
    if failure:
        raise failure
    return INTERRUPTED if why == "interrupted" else int(not any(done.good for done in run.rounds))


def _kept(run: Run) -> str:
    return f"{len(run.rounds)} rounds are kept; `parity report {run.folder}` makes their report"


def _begin(
    options: CompareOptions, plan: Plan, gate: tuple[Relied, ...], ceiling: Ceiling | None, fair: Fairness | None
) -> Run:
    moment = datetime.now(UTC)
    name = "-".join([options.mode, *([] if plan.model == "scripted" else [plan.model]), *sorted(options.only)])
    taken, counted = environment.take(moment, plan.model), handwork.count()
    return results.start(options.results, name, moment, plan, taken, counted, gate, ceiling, fair)


def _announced(run: Run) -> str:
    """What will be played, how long at most, and when it ends sooner."""
    plan = run.plan
    loads = f"{', '.join(plan.names)} on {', '.join(t.name for t in plan.compared)}"
    loads += ", in front of an OpenAI-compatible model server" if plan.model == "upstream" else ""
    beside = [f"with {plan.baseline} twice in each block, for the noise"] if plan.noise else []
    beside += [f"and {', '.join(floor.name for floor in plan.floors)} as floors"] if plan.floors else []
    again = " ".join(beside) or "each against its floor"
    if plan.stop.minutes is None:
        amount = f"{len(plan.rounds)} rounds: {loads}, {again}; about {units.duration(plan.seconds)}"
    else:
        amount = f"Rounds until each interval is narrower than {plan.stop.width or 0:.0%}: {loads}, {again}; "
        amount += f"at most {units.duration(plan.seconds)}"
        if plan.knees:
            knees = f"{', '.join(k.scenario for k in plan.knees)} to find the knee"
            amount += f", and what is left of {plan.stop.minutes:g} minutes for {knees}"
    return f"{amount}. {run.environment.pinning.note.capitalize()}."
