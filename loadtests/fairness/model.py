"""What the fairness check stores: how each deployment really ran, and what would make the comparison unfair.

Rule: frozen values, no key and no path of this machine; None is "could not be seen", never "no".
Neighbours: `look` makes a Look, `rules` make Findings, results stores both, report.fairness shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.levels import Frozen
from loadtests.schema_version import SCHEMA_VERSION


class Finding(Frozen):
    """One thing that is not fair, or not what it seems: what was seen, what it does to the result, the cure.

    `target`: whom it is about, several with commas; "" where it is about the whole run. `grave`: a ratio would say more
    about this than about the frameworks.
    """

    target: str
    what: str
    effect: str
    cure: str
    grave: bool


class Python(Frozen):
    """The interpreter that serves: what it is, and what makes it another than a usual one ("debug build")."""

    version: str
    traits: tuple[str, ...] = ()
    pydantic: str | None = None


class Look(Frozen):
    """One deployment as it ran, alone and unloaded, under the settings of the load.

    `says`: its Server header. `words`: options and environment of it that are for development or cost speed, by name.
    `asgi`: whether an ASGI server runs; `native`: which compiled parts its workers have in memory. `workers`: processes
    that accept connections; `cores`: those that they may run on. `kept`: seconds after which it closed an idle
    connection, None: not within `watched`. `lines`: what a request adds to its log. `held`: so many of `asked` streams,
    opened at once, began.
    """

    target: str
    says: str
    words: tuple[str, ...]
    asgi: bool
    native: tuple[str, ...] | None
    python: Python | None
    workers: int
    cores: tuple[int, ...]
    kept: float | None
    watched: float
    lines: float
    asked: int
    held: int
    settings: Mapping[str, str]


class Fairness(Frozen):
    """fairness.json: what was looked at, and what was found. Runs of before it was kept have none."""

    schema_version: int = SCHEMA_VERSION
    looks: tuple[Look, ...]
    findings: tuple[Finding, ...]

    @property
    def grave(self) -> tuple[Finding, ...]:
        """Those that decide a result."""
        return tuple(finding for finding in self.findings if finding.grave)


@dataclass(frozen=True)
class Asked:
    """What a rule knows beside the looks: the entry's own word, the cores that were meant, and what the plan offers.

    `streams`: by target, the requests that wait for the model at the same time; 0 where none are offered to it.
    """

    workers: Mapping[str, int]
    slots: Mapping[str, int | None]
    streams: Mapping[str, int]
    cores: tuple[int, ...]
