"""What a run records, as data: rounds and their drives, knee searches, the ceiling, the gate, handwork, the ending.

Rule: each is frozen, and what is worked out of one alone is a property of it; schemas are published of all of them.
Neighbours: results says in which file each lies, play and judge make rounds, analyse reads them.
"""

from __future__ import annotations

from typing import Literal

from loadtests.drive import DriveResult
from loadtests.drive.result import OF_TIMES
from loadtests.measure import Sample
from loadtests.measure.handwork import Handwork
from loadtests.measure.placing import Placed
from loadtests.measure.precheck import Precheck
from loadtests.plan import Frozen, Level, Model
from loadtests.schema_version import SCHEMA_VERSION
from loadtests.upstream import Stats


class Driven(Frozen):
    """One drive of a round: the load, what the generator recorded, what the server cost meanwhile, who ran where.

    `upstream`: what the model server cost, where there is one.
    """

    level: Level
    result: DriveResult
    samples: tuple[Sample, ...]
    placed: Placed = Placed()
    upstream: tuple[Sample, ...] = ()

    @property
    def timed(self) -> bool:
        """Whether the generator kept up with it; else its times do not count, and of a target nothing does."""
        return not any(reason.startswith(OF_TIMES) for reason in self.result.generator.reasons)


class Added(Frozen):
    """Milliseconds that calls took beyond the model's own times: what the model server and its core added.

    Over the last `calls` that were completed; it keeps 2,000.
    """

    calls: int
    p50_ms: float
    p99_ms: float


class Counted(Frozen):
    """What the model server had counted, with no call open: before the first request of the load, after the last."""

    before: Stats
    after: Stats
    added: Added | None = None


class Round(Frozen):
    """One fresh server under one scenario. Any reason means that it does not count; it is kept all the same.

    A load that the generator did not keep up with is left out of a round whose other loads count: `timed`, `left_out`.

    `untimed`: why a floor's round is counted and not timed: it answered more than the generator keeps up with, so its
    answers and CPU-seconds hold, its times do not. `upstream`: the model server's counts; None where there was none, or
    the round broke off before they were asked for.
    """

    schema_version: int = SCHEMA_VERSION
    number: int
    block: int
    scenario: str
    target: str
    settings: tuple[str, ...]
    seconds: float
    precheck: Precheck
    drives: tuple[Driven, ...]
    reasons: tuple[str, ...]
    untimed: tuple[str, ...] = ()
    model: Model = "scripted"
    upstream: Counted | None = None

    @property
    def good(self) -> bool:
        """Whether it counts."""
        return not self.reasons

    @property
    def timed(self) -> tuple[Driven, ...]:
        """The drives whose times count too; none of a refused round."""
        return self._kept_up(yes=True)

    @property
    def left_out(self) -> tuple[Driven, ...]:
        """The drives that do not count although the round does: the generator kept up with the others."""
        return self._kept_up(yes=False)

    def _kept_up(self, *, yes: bool) -> tuple[Driven, ...]:
        whole = self.good and not self.untimed
        return tuple(driven for driven in self.drives if driven.timed is yes) if whole else ()


class Probe(Frozen):
    """One load of a knee search. `held` None: it cannot be told, since the generator is in doubt, for `reasons`."""

    load: float
    edge: bool
    held: bool | None
    reasons: tuple[str, ...]
    result: DriveResult
    samples: tuple[Sample, ...]


class KneeSearch(Frozen):
    """knees/SCENARIO-TARGET.json: every probe in the order of play, what limited the search, why it ended.

    `near`: where the rounds of the run had it begin; None: at the plan's first load.
    """

    schema_version: int = SCHEMA_VERSION
    scenario: str
    target: str
    unit: Literal["requests/s", "users"]
    slo: str
    probes: tuple[Probe, ...]
    ended: str
    limit: Literal["server", "generator", "plan", "unfinished"] = "unfinished"
    near: float | None = None
    model: Model = "scripted"


class Ceiling(Frozen):
    """calibration.json: what the generator can drive with valid figures on this machine, and how it was found."""

    schema_version: int = SCHEMA_VERSION
    measured_at: str
    machine: str
    events_per_second: float
    requests_per_second: float
    cpu_percent_at_events: float
    cpu_percent_at_requests: float
    seconds: float
    events_at_least: bool = False  # nothing above it was tried or could be: the generator may do more
    requests_at_least: bool = False


class Ending(Frozen):
    """ending.json: why no more rounds were played; `blocks` each scenario has had. Missing where the run was killed."""

    schema_version: int = SCHEMA_VERSION
    why: Literal["as planned", "narrow enough", "out of time", "interrupted", "failed"]
    note: str
    blocks: dict[str, int]


class Work(Frozen):
    """handwork.json: the counts, as the source was when the run was made."""

    schema_version: int = SCHEMA_VERSION
    features: tuple[Handwork, ...]


class Relied(Frozen):
    """The pass of the suite that a target was loaded on: when (UTC), its cases, the hash that it is bound to, its page.

    `why` the suite ran for this comparison; "" where an earlier pass stood.
    """

    target: str
    passed_at: str
    identical: int
    known: int
    not_applicable: int
    fingerprint: str
    page: str
    why: str


class Gate(Frozen):
    """gate.json: what was relied on, target by target. Runs of before it was kept have none."""

    schema_version: int = SCHEMA_VERSION
    relied: tuple[Relied, ...]
