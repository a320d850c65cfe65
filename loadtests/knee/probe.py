"""Whether a probe held: the objective against what was measured, and the generator's own fitness beside it.

Rule: pure. What the server did wrong (errors, time-outs, truncated streams, lateness) breaks the objective; what the
generator could not do (CPU, hub lag, arrivals not sent, near its ceiling) leaves the question open, unless the
objective was missed by far more than a generator in that state can be late by itself.
Neighbours: `slo` has the terms, `knee` plays probes, `steps` takes the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf
from typing import Final, NamedTuple

from loadtests.drive.result import OF_THE_SERVER, DriveResult
from loadtests.slo import Errors, Slo, Term

BEYOND: Final = 10  # as many hub lags (p99): no answer waits that long in the generator


class Judged(NamedTuple):
    """The answer, None where there is none, and the sentences behind it."""

    held: bool | None
    reasons: tuple[str, ...]


def judge(slo: Slo, result: DriveResult, doubts: Iterable[str] = (), skipped: Iterable[str] = ()) -> Judged:
    """Whether this drive met the objective.

    `doubts` are what was seen around it that speaks against its figures; `skipped` is work that the server left out.
    """
    own = (reason for reason in result.generator.reasons if reason not in OF_THE_SERVER)
    broken, unfit = (*skipped, *slo.broken(result)), (*own, *doubts)
    if not unfit or (broken and result.requests.count and _beyond(slo, result)):
        return Judged(not broken, broken)
    return Judged(None, unfit)


def _beyond(slo: Slo, result: DriveResult) -> bool:
    """Whether the server, and not the generator's lateness, broke a term.

    Late arrivals are the generator's doing, so a latency from the intended time is looked at from the actual one.
    """
    late = BEYOND * result.generator.hub_lag_p99_ms
    return any(_over(term, result) > late for term in slo.terms)


def _over(term: Term, result: DriveResult) -> float:
    if isinstance(term, Errors):
        return inf if term.broken(result) else 0.0
    return (replace(term, figure="latency") if term.figure == "latency_intended" else term).over(result)
