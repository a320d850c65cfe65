"""The knee of each target, and its figures load by load, from the stored probes.

Rule: pure; the ends are worked out from the answers by the rules that the search itself used, and the figures of a
load are medians over its probes. A probe that could not tell counts in no figure unless its load has no other.
Neighbours: knee.steps has the rules, records the probes, report draws the points.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median, median_low

from loadtests.analyse.knee_values import Knee, Knees, LoadPoint
from loadtests.drive.histogram import Quantiles
from loadtests.drive.result import DriveResult
from loadtests.knee.steps import Answer, bracket, short, tallies
from loadtests.records import KneeSearch, Probe
from loadtests.results import Run


def of(run: Run, scenario: str) -> Knees | None:
    """The searches of this scenario in the plan's order of targets; None where none was made."""
    found = {search.target: search for search in run.knees if search.scenario == scenario}
    return of_searches(found[t.name] for t in run.plan.targets if t.name in found)


def of_searches(searches: Iterable[KneeSearch]) -> Knees | None:
    """Searches of one scenario and one objective as knees, in the order given; None without any."""
    given = tuple(searches)
    if not given:
        return None
    first = given[0]
    return Knees(scenario=first.scenario, unit=first.unit, slo=first.slo, cells=tuple(map(_knee, given)))


def _knee(search: KneeSearch) -> Knee:
    answers = [Answer(probe.load, probe.held) for probe in search.probes]
    ends = bracket(tallies(answers))
    loads = sorted({probe.load for probe in search.probes})
    return Knee(
        target=search.target,
        low=ends.low.load if ends.low else None,
        high=ends.failed.load if ends.failed else None,
        limit=search.limit,
        short=short(answers),
        points=tuple(_point([p for p in search.probes if p.load == load], search.unit) for load in loads),
    )


def _point(probes: list[Probe], unit: str) -> LoadPoint:
    telling = [probe for probe in probes if probe.held is not None]
    results = [probe.result for probe in telling or probes]
    return LoadPoint(
        load=probes[0].load,
        probes=len(probes),
        held=sum(probe.held is True for probe in probes),
        throughput=median(result.throughput for result in results),
        goodput=median(result.goodput for result in results),
        latency_p99_ms=median(_latency(result, unit) for result in results),
        ttft_p99_ms=_p99(result.ttft_ms for result in results),
        itl_p99_ms=_p99(result.itl_ms for result in results),
        errors=median_low(result.requests.errors for result in results),
        why=_why(probes),
    )


def _latency(result: DriveResult, unit: str) -> float:
    """From the intended time in an open loop: what a user feels."""
    return result.latency_intended_ms.p99 if unit == "requests/s" else result.latency_ms.p99


def _p99(figures: Iterable[Quantiles | None]) -> float | None:
    """None for a scenario without this figure, and where no stream brought a token."""
    found = [figure.p99 for figure in figures if figure is not None and figure.count]
    return median(found) if found else None


def _why(probes: list[Probe]) -> str:
    """Why it did not hold, from the first probe that failed, else from the first that could not tell; "" if it held."""
    failed = [probe for probe in probes if probe.held is False]
    blind = [probe for probe in probes if probe.held is None]
    if failed:
        return f"failed {len(failed)} of {len(probes)}: {'; '.join(failed[0].reasons)}"
    return f"could not be told {len(blind)} of {len(probes)} times: {'; '.join(blind[0].reasons)}" if blind else ""
