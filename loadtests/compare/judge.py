"""Whether a round counts, and every sentence that speaks against it.

Rule: pure, and nothing stops at the first reason. What the generator knows of itself and of its answers (CPU, hub
lag, errors, truncation, offered load, bodies) comes with its result; here what was seen around it is added: a server
that skips the work it was told to do, cores that were shared, a generator near its ceiling, a model server that was the
bottleneck or has sent something else than was received. A warm-up that did not settle is recorded and no reason: its
drive is judged by what it measured. Where the generator did not keep up with some of a round's loads, those are left
out and the others count; with all of them, the round is refused. A floor may outrun it at any: that speaks against its
times, and not against its answers and its CPU-seconds, which are counts.
Neighbours: `doubts` has these, play asks when a round is over, analyse leaves refused rounds out and shows the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadtests import behind, doubts, proof
from loadtests.drive.result import OF_TIMES, DriveResult
from loadtests.measure.environment import Cores
from loadtests.measure.precheck import Precheck
from loadtests.plan import Model, PlannedScenario
from loadtests.records import Ceiling, Counted, Driven
from loadtests.scenarios import find


@dataclass(frozen=True)
class Conditions:
    """What a round is held to beside its own record: the plan's scenario and model, the cores, the ceiling.

    `bare`: a floor was played.
    """

    scenario: PlannedScenario
    cores: Cores
    ceiling: Ceiling | None = None
    model: Model = "scripted"
    bare: bool = False


@dataclass(frozen=True)
class Judged:
    """Every `reason` to refuse a round (none: it is good), and why a good one is `untimed`."""

    reasons: tuple[str, ...]
    untimed: tuple[str, ...] = ()


def judged(precheck: Precheck, drives: tuple[Driven, ...], under: Conditions, counted: Counted | None = None) -> Judged:
    """All that speaks against a round, and against its times alone."""
    found, untimed, planned = list(precheck.problems), list[str](), len(under.scenario.levels)
    if len(drives) < planned:
        found.append(f"only {len(drives)} of {planned} drives finished")
    some_timed = any(driven.timed for driven in drives)
    for driven in drives:
        where = f"at {driven.level.label}: " if planned > 1 else ""
        late, near = _of_times(driven.result), tuple(doubts.near(driven.result, under.ceiling))
        others = (
            *(reason for reason in driven.result.generator.reasons if reason not in late),
            *_commonest(driven.result),
            *doubts.skipped(driven.result, behind.times(under.model, under.scenario.name)),
            *doubts.shared(driven.placed, under.cores),
            *doubts.outpaced(driven.result, driven.upstream, under.cores),
        )
        found += [where + text for text in others]
        if under.bare:
            untimed += [where + text for text in (*late, *near)]
        else:
            found += [where + text for text in ((*near,) if some_timed else (*late, *near))]
    if counted is not None:
        found += proof.differences(drives, counted, streams=find(under.scenario.name).streams)
    return Judged(tuple(found), tuple(untimed))


def _of_times(result: DriveResult) -> tuple[str, ...]:
    return tuple(reason for reason in result.generator.reasons if reason.startswith(OF_TIMES))


def _commonest(result: DriveResult) -> Iterator[str]:
    """The commonest failure, so that nobody has to open a file to know what went wrong."""
    worst = max(result.error_samples.items(), key=lambda item: item[1].count, default=None)
    if worst is not None:
        reason, sample = worst
        yield f"most often ({sample.count}): {reason}"
