"""The objective that a target is held to: `ttft_p99=200ms,itl_p99=75ms,errors=0`, read, checked and asked.

Rule: pure. A term is frozen and says for itself how a drive broke it, in one sentence with the measured figure and the
limit; what cannot be read is a `UserError` that names the term and what is allowed. A figure that was not measured
at all breaks its term. Neighbours: `plan` stores the text, knee.probe asks the terms, knee.steps never sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Final

from loadtests.drive.histogram import Quantiles
from loadtests.drive.result import DriveResult
from loadtests.errors import UserError
from loadtests.levels import PlannedKnee
from loadtests.scenarios import find

FIGURES: Final = ("latency", "latency_intended", "ttft", "itl", "longest_gap")
OF_STREAMS: Final = ("ttft", "itl", "longest_gap")
QUANTILES: Final = ("p50", "p95", "p99", "max")
UNITS: Final[Mapping[str, float]] = MappingProxyType({"ms": 1.0, "s": 1e3})

ALLOWED: Final = (
    f"FIGURE_QUANTILE=LIMIT, where the figure is {', '.join(FIGURES)}, the quantile {', '.join(QUANTILES)} "
    "and the limit a number above 0 with ms or s, and errors=NUMBER or errors=NUMBER%; "
    "put a comma between terms, as in ttft_p99=200ms,itl_p99=75ms,errors=0"
)
_TIME: Final = re.compile(rf"({'|'.join(FIGURES)})_({'|'.join(QUANTILES)})=(\d+(?:\.\d+)?)({'|'.join(UNITS)})")
_ERRORS: Final = re.compile(r"errors=(\d+)|errors=(\d+(?:\.\d+)?)%")


@dataclass(frozen=True, slots=True)
class Time:
    """A quantile of a duration, at most so many ms."""

    text: str
    figure: str
    quantile: str
    most: float

    @property
    def what(self) -> str:
        """The figure and its quantile."""
        return f"{self.figure}_{self.quantile}"

    def over(self, result: DriveResult) -> float:
        """By how many ms it was missed; 0 where it was kept, infinite where nothing was measured."""
        found: Quantiles | None = getattr(result, f"{self.figure}_ms")
        if found is None or not found.count:
            return inf
        return max(0.0, float(getattr(found, self.quantile)) - self.most)

    def broken(self, result: DriveResult) -> str | None:
        """What was measured, where that is over the limit."""
        over = self.over(result)
        if not over:
            return None
        name = f"{self.figure.replace('_', ' ')} {self.quantile}"
        found = f"{name} was {self.most + over:,.1f} ms" if over < inf else f"no {name} could be measured"
        return f"{found}, and {self.text} is asked"


@dataclass(frozen=True, slots=True)
class Errors:
    """Requests that failed (errors, time-outs, truncated streams): so many, or such a share of all."""

    text: str
    most: float
    share: bool

    @property
    def what(self) -> str:
        """What may be asked once."""
        return "errors"

    def broken(self, result: DriveResult) -> str | None:
        """How many failed, and most often why, where that is too many."""
        asked = result.requests
        if asked.errors <= (self.most * asked.count if self.share else self.most):
            return None
        worst = max(result.error_samples.items(), key=lambda item: item[1].count, default=None)
        why = f" (most often, {worst[1].count:,}: {worst[0]})" if worst else ""
        return f"{asked.errors:,} of {asked.count:,} requests failed{why}, and {self.text} is asked"


Term = Time | Errors


@dataclass(frozen=True, slots=True)
class Slo:
    """All terms, each of which must be kept."""

    terms: tuple[Term, ...]

    @property
    def text(self) -> str:
        """How it is written."""
        return ",".join(term.text for term in self.terms)

    @property
    def longest_ms(self) -> float:
        """The longest time that any term allows; 0 where none is about time."""
        return max((term.most for term in self.terms if isinstance(term, Time)), default=0.0)

    def broken(self, result: DriveResult) -> tuple[str, ...]:
        """A sentence for each term that this drive broke; none: the objective was met."""
        return tuple(filter(None, (term.broken(result) for term in self.terms)))


def parse(text: str) -> Slo:
    """The terms of this text, and `errors=0` where it says nothing of errors: a request that failed was not served.

    `UserError` when it is empty, holds what is no term, or asks the same thing twice.
    """
    found: dict[str, Term] = {}
    for number, part in enumerate(text.split(","), start=1):
        term, place = _term(part.strip()), f"--slo, term {number} ({part.strip()!r})"
        if term is None:
            raise UserError(f"{place} is not a term that can be asked; allowed is {ALLOWED}")
        if term.what in found:
            raise UserError(f"{place} asks for {term.what} again after {found[term.what].text}; leave one of them")
        found[term.what] = term
    found.setdefault("errors", Errors("errors=0", 0, share=False))
    return Slo(tuple(found.values()))


def _term(text: str) -> Term | None:
    if time := _TIME.fullmatch(text):
        most = float(time[3]) * UNITS[time[4]]
        return Time(text, time[1], time[2], most) if 0 < most < inf else None
    if (errors := _ERRORS.fullmatch(text)) and float(errors[1] or errors[2]) < inf:  # digits can be so many
        return Errors(text, float(errors[1] or float(errors[2]) / 100), share=errors[1] is None)
    return None


_PLANS: Final = tuple(
    PlannedKnee(scenario=name, unit=unit, first=first, most=most, seconds=seconds, warmup=warmup, slo=slo)
    for name, unit, first, most, seconds, warmup, slo in (
        ("chat", "requests/s", 50, 20_000, 3, 1.5, "latency_intended_p99=100ms,errors=0"),
        ("async", "users", 16, 4_096, 2, 1.5, "latency_p99=300ms,errors=0"),
        # a stream takes 1.5 s, so each user begins some in the window
        ("stream", "users", 16, 4_096, 3, 2, "ttft_p99=200ms,itl_p99=75ms,errors=0"),
    )
)
DEFAULTS: Final[Mapping[str, str]] = MappingProxyType({plan.scenario: plan.slo for plan in _PLANS})


def planned(scenarios: Iterable[str], slo: str | None = None) -> tuple[PlannedKnee, ...]:
    """A search for each of these scenarios that has a knee to look for, held to `slo` or else to its own default."""
    wanted = tuple(plan for plan in _PLANS if plan.scenario in set(scenarios))
    if slo is None:
        return wanted
    asked = parse(slo)
    return tuple(plan.model_copy(update={"slo": _for(plan, asked, alone=len(wanted) == 1)}) for plan in wanted)


def left_out(plans: Iterable[PlannedKnee], slo: str | None) -> tuple[str, ...]:
    """What to say of an objective that was given for several scenarios and does not fit each of them."""
    asked = parse(slo).text if slo is not None else None
    return tuple(f"{plan.scenario} is held to {plan.slo}" for plan in plans if asked not in {None, plan.slo})


def _for(plan: PlannedKnee, asked: Slo, *, alone: bool) -> str:
    """The terms that fit this scenario; its default where no time that was asked does."""
    names = () if find(plan.scenario).streams else OF_STREAMS
    misfits = [term.text for term in asked.terms if isinstance(term, Time) and term.figure in names]
    fitting = Slo(tuple(term for term in asked.terms if term.text not in misfits))
    if misfits and alone:
        raise UserError(
            f"--slo {misfits[0]} does not apply to {plan.scenario}, whose answers are no streams; "
            f"ask for latency or latency_intended there, as in {DEFAULTS[plan.scenario]}"
        )
    return fitting.text if not misfits or any(isinstance(term, Time) for term in fitting.terms) else plan.slo
