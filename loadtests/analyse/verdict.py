"""What the rounds say, as values: the one model that the HTML page, the Markdown and the terminal show.

Rule: nothing here computes and nothing here is text for a medium; analyse fills it from the raw rounds, the
report packages only lay it out, so all three say the same. It is stored as verdict.json.
Neighbours: analyse and claims make it, report writes and shows it.
"""

from __future__ import annotations

from statistics import median
from typing import Literal

from loadtests.analyse.knee_values import Knees
from loadtests.measure.handwork import Handwork
from loadtests.plan import Frozen, Level
from loadtests.schema_version import SCHEMA_VERSION
from loadtests.targets import Regime

Better = Literal["higher", "lower", "neither"]
Word = Literal["higher", "lower", "equivalent", "no clear difference"]
Holds = Literal[
    "holds", "does not hold", "depends on the deployment", "not clear in this run", "not measured in this run"
]
Kept = Literal["held", "not held", "not clear", "not measured"]


class Spread(Frozen):
    """A figure over a cell's good rounds: median, extremes, and each round's own value in order of play."""

    median: float
    low: float
    high: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: tuple[float, ...]) -> Spread:
        """Of these values, in order of play; at least one."""
        return cls(median=median(values), low=min(values), high=max(values), values=values)


class Ratio(Frozen):
    """A target against the baseline: the geometric mean of the ratios within each block (`values`), its 95% interval.

    `bootstrap` is the interval by resampling blocks, for comparison (None with too few). `p`: of there being no
    difference; `adjusted`: the same by Holm over its family. `word` is the verdict, by `adjusted` and the interval;
    None where too few blocks give no interval, and then `low` and `high` are the extremes of `values`.
    """

    value: float
    low: float
    high: float
    bootstrap: tuple[float, float] | None
    values: tuple[float, ...]
    p: float | None
    adjusted: float | None
    word: Word | None

    @property
    def blocks(self) -> int:
        """How many pairs of rounds it rests on."""
        return len(self.values)


class Cell(Frozen):
    """One target in one panel. No value means no verdict, and `why` then says why.

    `mark`: why a value is not to be relied on; it has no ratio then.
    """

    target: str
    value: Spread | None
    ratio: Ratio | None
    why: str = ""
    mark: str = ""


class Panel(Frozen):
    """One figure of one scenario at one level of load, over all targets. `ideal` is a perfect server's value.

    `noise` is A against A: the baseline's second rounds over its first, what a ratio is when nothing differs.
    `primary`: it carries its scenario's verdict, and is corrected with the other primary ones of the run; the others
    are corrected within their scenario. `resolves`: the smallest difference, as a share (0.05 is 5%), that this many
    rounds would have told from none in four of five runs; None with too few rounds.
    """

    scenario: str
    key: str
    title: str
    unit: str
    decimals: int
    better: Better
    explain: str
    level: Level
    chart: bool
    curve: bool
    primary: bool = False
    ideal: float | None = None
    noise: Ratio | None = None
    resolves: float | None = None
    cells: tuple[Cell, ...]

    def cell(self, target: str) -> Cell:
        """The cell of that target."""
        return next(cell for cell in self.cells if cell.target == target)

    def median(self, target: str) -> float | None:
        """The target's median, or None where it has no verdict."""
        value = self.cell(target).value
        return value.median if value else None


class FloorCell(Frozen):
    """One target and its floor. `ratio` is paired by block, with no word: nobody is to be as fast; `why` it is None."""

    target: str
    floor: str
    value: Spread | None
    least: Spread | None
    ratio: Ratio | None
    why: str = ""


class FloorPanel(Frozen):
    """One figure against the floors at one level. `counted`: floors too fast to be timed, used for counts alone."""

    scenario: str
    key: str
    title: str
    unit: str
    decimals: int
    better: Better
    explain: str
    level: Level
    counted: tuple[str, ...] = ()
    cells: tuple[FloorCell, ...]


class MatrixGroup(Frozen):
    """Deployments that may be compared: with as many workers, or each at its documented best.

    `panels` hold these targets alone, and their ratios are to `baseline`; `cores` are the servers' (none: not pinned).
    """

    regime: Regime
    title: str
    cores: tuple[int, ...]
    baseline: str
    targets: tuple[str, ...]
    panels: tuple[Panel, ...]


class Held(Frozen):
    """One thing that is wanted of a target at its limit, and whether it was so.

    `kept`: held or not held where all of what was measured lies on that side, not clear where it reaches across or is
    not to be relied on.
    """

    scenario: str
    target: str
    level: Level
    what: str
    wanted: str
    measured: str
    kept: Kept


class Spectrum(Frozen):
    """A distribution pooled over a target's good rounds at one level: ms at each of `percentiles` (50 … 99.9, 100).

    `figure`: latency, latency_intended (open loop), ttft or itl. A percentile that rests on fewer than 10 values is
    left out, so `points` may be shorter for one target than for another.
    """

    figure: str
    title: str
    level: Level
    target: str
    count: int
    points: tuple[tuple[float, float], ...]


class StreamLine(Frozen):
    """The worst stream of a target (its longest gap): each token's time in ms after the request was sent."""

    target: str
    round: int
    level: Level
    longest_gap_ms: float
    tokens_ms: tuple[float, ...]


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
    spectra: tuple[Spectrum, ...] = ()
    worst_streams: tuple[StreamLine, ...] = ()
    knees: Knees | None = None
    validity: tuple[Validity, ...]
    warmup: str = ""
    warnings: tuple[str, ...]

    def panel(self, key: str, level: Level | None = None) -> Panel | None:
        """The panel of that figure: at that level, or the primary one, or that of the most users; None without any."""
        found = [p for p in self.panels if p.key == key and level in (None, p.level)]
        return max(found, key=lambda p: (p.primary, p.level.users or 0), default=None)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that were driven: closed loops by their users, then open loops by their rate."""
        return tuple(sorted({p.level for p in self.panels}, key=lambda one: (one.users is None, one.amount)))


class Row(Frozen):
    """One of the five claims, what was measured here, whether that bears it out, and the documents with the rest."""

    key: str
    title: str
    claim: str
    measured: str
    holds: Holds
    rule: str
    scenario: str
    elsewhere: str = ""


class Verdict(Frozen):
    """Everything a report shows that is worked out rather than recorded."""

    schema_version: int = SCHEMA_VERSION
    answer: str
    baseline: str
    complete: bool
    ended: str
    rounds_done: int
    rounds_planned: int
    rounds_refused: int
    rows: tuple[Row, ...]
    sections: tuple[Section, ...]
    handwork: tuple[Handwork, ...]
    limits: tuple[str, ...]
    floors: tuple[FloorPanel, ...] = ()
    held: tuple[Held, ...] = ()
    matrix: tuple[MatrixGroup, ...] = ()

    def section(self, scenario: str) -> Section | None:
        """The evidence of that scenario, None when the plan did not hold it."""
        return next((s for s in self.sections if s.scenario == scenario), None)
