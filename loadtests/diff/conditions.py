"""`--fail-if 'chat.throughput<0.95'`: what a CI job may ask of a comparison, and what came of it.

Rule: one, for every command. The value is a ratio; a condition holds only where the whole 95% interval lies beyond the
threshold, so noise does not fire it; and where there is no interval it is neither true nor false, which is an exit
code of its own. What a condition leaves out (level, target) means each of them.
Neighbours: diff gives it B over A, ci the ratios of one run; model holds the answers.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Final

from loadtests.analyse.units import TIMES
from loadtests.diff.model import Finding, Judged, State
from loadtests.errors import UserError
from loadtests.plan import Level

FAILED: Final = 1
NOT_JUDGED: Final = 3
EXAMPLE: Final = "chat.throughput<0.95"
_GRAMMAR: Final = re.compile(
    r"\s*(?P<scenario>\w+)\.(?P<figure>\w+)"
    r"(?:@(?P<amount>\d+(?:\.\d+)?)(?P<unit>users|rps)?)?"
    r"(?:/(?P<target>[^\s<>=/@]+))?"
    r"\s*(?P<operator><=|>=|<|>)\s*(?P<number>\d+(?:\.\d+)?)\s*"
)
# the operator -> how it compares, the end of the interval that is nearest to failing it, how it is said
_OPERATORS: Final[Mapping[str, tuple[Callable[[float, float], bool], str, str]]] = MappingProxyType(
    {
        "<": (operator.lt, "high", "under"),
        "<=": (operator.le, "high", "at or under"),
        ">": (operator.gt, "low", "over"),
        ">=": (operator.ge, "low", "at or over"),
    }
)


@dataclass(frozen=True)
class Interval:
    """A ratio and its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """The ratio and, in brackets, its interval."""
        return f"{self.value:.3g}{TIMES} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Place:
    """A figure of a scenario at one level for one target; `why` says what is the matter when it has no interval."""

    scenario: str
    figure: str
    level: Level
    target: str
    ratio: Interval | None = None
    why: str = ""

    def __str__(self) -> str:
        """As a condition would name it."""
        return f"{self.scenario}.{self.figure}@{short(self.level)}/{self.target}"


@dataclass(frozen=True)
class Condition:
    """One condition, read. None: each level, each target."""

    text: str
    scenario: str
    figure: str
    amount: float | None
    unit: str | None
    target: str | None
    operator: str
    number: float

    def about(self, place: Place) -> bool:
        """Whether this place is meant."""
        wanted = (self.scenario, self.figure, self.target or place.target)
        return wanted == (place.scenario, place.figure, place.target) and self.at(place.level)

    def at(self, level: Level) -> bool:
        """Whether this level is meant."""
        units = {None, "users" if level.users is not None else "rps"}
        return self.amount is None or (self.amount == level.amount and self.unit in units)


def short(level: Level) -> str:
    """A level as a condition names it: `16users`, `300rps`."""
    return f"{level.users}users" if level.users is not None else f"{level.rate:g}rps"


def parse(text: str) -> Condition:
    """Read one condition; UserError with an example when it is none."""
    found = _GRAMMAR.fullmatch(text)
    if found is None or not 0 < float(found["number"]) < inf or float(found["amount"] or 0) == inf:
        raise UserError(
            f"--fail-if {text!r} is no condition; write SCENARIO.FIGURE[@LEVEL][/TARGET] <|<=|>|>= RATIO with a ratio "
            f"over 0, for instance {EXAMPLE!r} or 'async.held@128users/flask-gevent<0.9'"
        )
    return Condition(
        text=text.strip(),
        scenario=found["scenario"],
        figure=found["figure"],
        amount=None if found["amount"] is None else float(found["amount"]),
        unit=found["unit"],
        target=found["target"],
        operator=found["operator"],
        number=float(found["number"]),
    )


def asked(texts: Iterable[str], places: Sequence[Place], baseline: str = "") -> tuple[Condition, ...]:
    """Read them all and hold each against what there is; UserError that names what exists where one is about nothing.

    `baseline`: the target whose ratio is 1 by its meaning and that cannot be asked about.
    """
    conditions = tuple(map(parse, texts))
    for condition in conditions:
        _known(condition, places, baseline)
    return conditions


def judge(conditions: Iterable[Condition], places: Sequence[Place]) -> tuple[Judged, ...]:
    """What came of each."""
    return tuple(_judged(condition, [place for place in places if condition.about(place)]) for condition in conditions)


def exit_code(judged: Iterable[Judged]) -> int:
    """1 when a condition holds, else 3 when one could not be judged, else 0."""
    states = {item.state for item in judged}
    return FAILED if "holds" in states else NOT_JUDGED if "cannot be judged" in states else 0


def _known(condition: Condition, places: Sequence[Place], baseline: str) -> None:
    """Narrow the places down, part by part; the first part of the condition that leaves none is the mistake."""
    if baseline and condition.target == baseline:
        raise UserError(
            f"--fail-if {condition.text!r}: {baseline} is the baseline, which every ratio is to; name another target"
        )
    left = list(places)
    steps: tuple[tuple[str, Callable[[Place], bool], Callable[[Place], str]], ...] = (
        ("scenario", lambda p: p.scenario == condition.scenario, lambda p: p.scenario),
        (f"figure of {condition.scenario}", lambda p: p.figure == condition.figure, lambda p: p.figure),
        ("level", lambda p: condition.at(p.level), lambda p: short(p.level)),
        ("target", lambda p: condition.target in (None, p.target), lambda p: p.target),
    )
    for what, fits, name in steps:
        if not any(map(fits, left)):
            there = ", ".join(dict.fromkeys(map(name, left))) or "nothing to compare"
            raise UserError(f"--fail-if {condition.text!r}: there is no such {what} here; there is {there}")
        left = list(filter(fits, left))


def _judged(condition: Condition, places: Sequence[Place]) -> Judged:
    findings = tuple(_finding(condition, place) for place in places)
    if not findings:
        nothing = Finding(place=condition.text, state="cannot be judged", text="the figure was not measured there")
        return Judged(condition=condition.text, state="cannot be judged", findings=(nothing,))
    states = {finding.state for finding in findings}
    order: tuple[State, ...] = ("holds", "cannot be judged", "does not hold")
    return Judged(condition=condition.text, state=next(s for s in order if s in states), findings=findings)


def _finding(condition: Condition, place: Place) -> Finding:
    if place.ratio is None:
        return Finding(place=str(place), state="cannot be judged", text=place.why)
    compare, end, said = _OPERATORS[condition.operator]
    threshold = f"{said} {condition.number:g}"
    if compare(getattr(place.ratio, end), condition.number):
        return Finding(place=str(place), state="holds", text=f"{place.ratio}, wholly {threshold}")
    only = "not surely" if compare(place.ratio.value, condition.number) else "not"
    return Finding(place=str(place), state="does not hold", text=f"{place.ratio}, {only} {threshold}")
