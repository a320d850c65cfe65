"""What the rounds say, as values: the one model that the HTML page, the Markdown and the terminal show.

Rule: nothing here computes and nothing here is text for a medium; analyse fills it from the raw rounds, the
report packages only lay it out, so all three say the same. It is stored as verdict.json.
Neighbours: analyse and claims make it, results writes it, report shows it.
"""

from __future__ import annotations

from typing import Literal

from loadtests.measure.handwork import Handwork
from loadtests.plan import SCHEMA_VERSION, Frozen

Better = Literal["higher", "lower", "neither"]
Word = Literal["clearly higher", "clearly lower", "no clear difference"]
Holds = Literal[
    "holds", "does not hold", "depends on the deployment", "not clear in this run", "not measured in this run"
]


class Spread(Frozen):
    """A figure over a cell's good rounds: median, extremes, and each round's own value in order of play."""

    median: float
    low: float
    high: float
    values: tuple[float, ...]


class Ratio(Frozen):
    """A target against the baseline: the median of the ratios within each block, and their extremes.

    `word` compares the two ranges, not the ratio: they overlap, or one lies wholly above the other.
    """

    median: float
    low: float
    high: float
    blocks: int
    word: Word


class Cell(Frozen):
    """One target in one panel. No value means no verdict, and `why` then says why."""

    target: str
    value: Spread | None
    ratio: Ratio | None
    why: str = ""


class Panel(Frozen):
    """One figure of one scenario at one level of load, over all targets. `ideal` is a perfect server's value."""

    scenario: str
    key: str
    title: str
    unit: str
    decimals: int
    better: Better
    explain: str
    users: int
    chart: bool
    curve: bool
    ideal: float | None = None
    cells: tuple[Cell, ...]

    def cell(self, target: str) -> Cell:
        """The cell of that target."""
        return next(cell for cell in self.cells if cell.target == target)

    def median(self, target: str) -> float | None:
        """The target's median, or None where it has no verdict."""
        value = self.cell(target).value
        return value.median if value else None


class Refusal(Frozen):
    """Rounds that do not count, for the same reasons."""

    rounds: tuple[int, ...]
    reasons: tuple[str, ...]


class Validity(Frozen):
    """How many rounds of a target count in a scenario, and which do not."""

    target: str
    planned: int
    good: int
    refused: tuple[Refusal, ...]


class Section(Frozen):
    """One scenario's evidence. `settings` are the server's, as NAME=value."""

    scenario: str
    title: str
    asked: str
    driven: str
    settings: tuple[str, ...]
    panels: tuple[Panel, ...]
    validity: tuple[Validity, ...]
    warnings: tuple[str, ...]

    def panel(self, key: str, users: int | None = None) -> Panel | None:
        """The panel of that figure, at that level or at the highest; None when it was not measured."""
        found = [p for p in self.panels if p.key == key and users in (None, p.users)]
        return max(found, key=lambda p: p.users, default=None)

    @property
    def levels(self) -> tuple[int, ...]:
        """The numbers of users that were driven, lowest first."""
        return tuple(sorted({panel.users for panel in self.panels}))


class Row(Frozen):
    """One of the five claims: what is said, what was measured here, and whether that bears it out."""

    key: str
    title: str
    claim: str
    measured: str
    holds: Holds
    rule: str
    scenario: str


class Verdict(Frozen):
    """Everything a report shows that is worked out rather than recorded."""

    schema_version: int = SCHEMA_VERSION
    answer: str
    baseline: str
    complete: bool
    rounds_done: int
    rounds_planned: int
    rounds_refused: int
    rows: tuple[Row, ...]
    sections: tuple[Section, ...]
    handwork: tuple[Handwork, ...]
    limits: tuple[str, ...]

    def section(self, scenario: str) -> Section | None:
        """The evidence of that scenario, None when the plan did not hold it."""
        return next((s for s in self.sections if s.scenario == scenario), None)
