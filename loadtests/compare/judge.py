"""Whether a round counts, and every sentence that speaks against it.

Rule: pure, and nothing stops at the first reason. What the generator knows of itself and of its answers (CPU, hub
lag, errors, truncation, offered load, bodies) comes with its result; here what was seen around it is added.
Neighbours: play asks when a round is over, analyse leaves refused rounds out and shows the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.drive.result import DriveResult
from loadtests.measure.precheck import Precheck
from loadtests.results import Driven


def reasons(precheck: Precheck, drives: tuple[Driven, ...], planned: int) -> tuple[str, ...]:
    """Every reason to refuse a round; none means that it is good."""
    found = list(precheck.problems)
    if len(drives) < planned:
        found.append(f"only {len(drives)} of {planned} drives finished")
    for driven in drives:
        where = f"at {driven.level.users} users: " if planned > 1 else ""
        found += [where + text for text in (*driven.result.generator.reasons, *_seen(driven.result))]
    return tuple(found)


def _seen(result: DriveResult) -> Iterator[str]:
    """The commonest failure, so that nobody has to open a file to know what went wrong."""
    worst = max(result.error_samples.items(), key=lambda item: item[1].count, default=None)
    if worst is not None:
        reason, sample = worst
        yield f"most often ({sample.count}): {reason}"
