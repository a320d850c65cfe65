"""How a diff is worded: the same sentences in the terminal and in the Markdown.

Rule: text only, out of the values of model; no colour and no table. Neighbours: show and markdown lay it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from loadtests.analyse import units
from loadtests.analyse.verdict import Spread
from loadtests.diff.model import Basis, Change, Diff, Finding, Judged, Line, State

ASKED: Final[Mapping[str | None, str]] = {
    "absolute": "The figures themselves are compared, as was asked for.",
    "relative": "The ratios of ratios are compared, as was asked for.",
}
NAMES: Final[Mapping[Basis, str]] = {"absolute": "ratio B/A", "relative": "ratio of ratios", "neither": "no ratio"}
SIGNS: Final[Mapping[State, str]] = {"holds": "fails", "does not hold": "passes", "cannot be judged": "not judged"}


def manners(by: Basis) -> tuple[Basis, Basis]:
    """The two kinds of change, the trusted one first."""
    return ("relative", "absolute") if by == "relative" else ("absolute", "relative")


def change_of(line: Line, manner: Basis) -> tuple[Change | None, str]:
    """A line's change of that kind, or why there is none."""
    if manner == "relative":
        return line.relative, line.why_not_relative
    return line.absolute, line.why_not_absolute


def ratio(change: Change) -> str:
    """`0.88` with its sign."""
    return f"{change.value:.2f}{units.TIMES}"


def span(change: Change) -> str:
    """Its 95% interval."""
    return f"{change.low:.2f} to {change.high:.2f}"


def figure(line: Line) -> str:
    """What was measured, in which unit, at which load."""
    return f"{line.title}{f' [{line.unit}]' if line.unit else ''}, {line.level.label}"


def median(line: Line, spread: Spread | None) -> str:
    """One run's median."""
    return units.number(spread.median, line.decimals) if spread else units.DASH


def changed(line: Line, by: Basis) -> bool:
    """Whether it is surely not what it was."""
    change, _ = change_of(line, by)
    return change is not None and change.word in {"higher", "lower"}


def said(line: Line, change: Change) -> str:
    """The verdict in a word: slower, more, equivalent, ...; a dash for a figure that is neither good nor bad."""
    if change.word is None:
        return units.DASH
    return units.SPEED.get(line.unit, units.AMOUNT).get(change.word, change.word)


def opening(found: Diff) -> str:
    """How the figures that carry a verdict fared, in one sentence."""
    without = found.b.baseline if found.by == "relative" else ""
    primary = [line for line in found.lines if line.primary and line.target != without]
    if not primary:
        return "The runs have no primary figure in common, so there is no verdict."
    if found.by == "neither":
        return "The runs cannot be compared, so there is no verdict."
    changes = [(line, change_of(line, found.by)[0]) for line in primary]
    counts = Counter(said(line, change) if change else "without a verdict" for line, change in changes)
    parts = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    return f"B against A, by the {NAMES[found.by]} of {len(primary)} primary figures: {parts}."


def decisive(judged: Judged) -> tuple[Finding, ...]:
    """The findings that made it what it is."""
    return tuple(finding for finding in judged.findings if finding.state == judged.state)


def condition(judged: Judged) -> str:
    """A condition, what came of it, and why."""
    told = "; ".join(f"{finding.place}: {finding.text}" for finding in decisive(judged))
    return f"{judged.condition} {judged.state}: {told}"
