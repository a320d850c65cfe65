"""What `parity knee --json` writes: searches of one scenario, and all that is needed to judge them elsewhere.

Rule: a value; the knees can be worked out again from the probes. Neighbours: `command` fills it, `loadtests.schemas`
publishes its form.
"""

from __future__ import annotations

from loadtests.analyse.knee_values import Knees
from loadtests.measure.environment import Environment
from loadtests.plan import Frozen, Model, PlannedKnee
from loadtests.records import Ceiling, KneeSearch, Relied
from loadtests.schema_version import SCHEMA_VERSION


class Found(Frozen):
    """Where and on what it was searched, what was asked, every probe, and what came out."""

    schema_version: int = SCHEMA_VERSION
    environment: Environment
    ceiling: Ceiling | None
    relied: tuple[Relied, ...]
    planned: PlannedKnee
    searches: tuple[KneeSearch, ...]
    knees: Knees | None
    model: Model = "scripted"
