"""Two runs beside each other, as values: what the terminal, the Markdown and the JSON of `parity diff` all show.

Rule: nothing here computes, and nothing is text for a medium. It is what `parity diff --json` writes, and its schema
is published as loadtests/schemas/diff.json.
Neighbours: changes, environments and conditions fill it; show lays it out.
"""

from __future__ import annotations

from typing import Literal

from loadtests.analyse.verdict import Better, Spread, Word
from loadtests.plan import Frozen, Level
from loadtests.schema_version import SCHEMA_VERSION

Basis = Literal["absolute", "relative", "neither"]
Kind = Literal["machine", "software", "set-up"]
State = Literal["holds", "does not hold", "cannot be judged"]


class Change(Frozen):
    """B over A with its 95% interval. `p`: of there being no change; `adjusted`: the same by Holm over its family.

    `freedom` are the degrees of freedom of Welch's t, rounded down; 0 where no round differs from another, as in a
    count, which is compared as it is. `word` is the verdict, by `adjusted` and the interval. Both are None of a figure
    that is neither good nor bad.
    """

    value: float
    low: float
    high: float
    freedom: int
    p: float
    adjusted: float | None
    word: Word | None


class Line(Frozen):
    """One figure of one target at one level, in both runs. A change that could not be worked out is None, with `why`.

    `absolute` is B's figure over A's. `relative` is the ratio of ratios: how the target stands to the baseline of its
    own run, in B over A; a machine that is faster as a whole cancels out of it. The baseline itself has none.
    """

    scenario: str
    key: str
    title: str
    unit: str
    decimals: int
    better: Better
    level: Level
    target: str
    primary: bool
    chart: bool
    a: Spread | None
    b: Spread | None
    absolute: Change | None
    why_not_absolute: str = ""
    relative: Change | None
    why_not_relative: str = ""


class Difference(Frozen):
    """One fact that is not the same in both runs. A difference of the `machine` forbids to trust absolute changes."""

    kind: Kind
    what: str
    a: str
    b: str


class Side(Frozen):
    """One of the two runs."""

    name: str
    started: str
    mode: str
    baseline: str
    rounds: int
    refused: int


class Finding(Frozen):
    """What came of a condition in one place, as a sentence without its end."""

    place: str
    state: State
    text: str


class Judged(Frozen):
    """A condition of --fail-if: it holds when it holds anywhere, else it cannot be judged when it cannot somewhere."""

    condition: str
    state: State
    findings: tuple[Finding, ...]


class Diff(Frozen):
    """Run B against run A. `by` says which of the two changes is to be trusted, and conditions are judged by it."""

    schema_version: int = SCHEMA_VERSION
    a: Side
    b: Side
    by: Basis
    why_by: str
    differences: tuple[Difference, ...]
    lines: tuple[Line, ...]
    left_out: tuple[str, ...]
    conditions: tuple[Judged, ...] = ()
