"""Recorded noise: what one deployment measured against itself gives, block by block, and with 2 ms added.

Rule: values and where they come from, nothing worked out; a round that was refused has no value in it. It is stored as
docs/results/statistics-noise.json. Neighbours: `record` makes it, `simulate` draws from it.
"""

import math
from pathlib import Path
from statistics import fmean
from typing import Final, Literal

from loadtests.plan import Frozen

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
STORED: Final = DOCS / "results" / "statistics-noise.json"

Variant = Literal["again", "slower"]


class Rounds(Frozen):
    """One figure in one block: the baseline, the baseline again, and with 2 ms added. None: refused, or not played."""

    baseline: float | None = None
    again: float | None = None
    slower: float | None = None


class Recorded(Frozen):
    """One figure over all blocks. `unit` and `title` as in the report; `load` as the level is named there."""

    key: str
    title: str
    load: str
    unit: str
    primary: bool
    blocks: tuple[Rounds, ...]

    def ratios(self, variant: Variant) -> tuple[float, ...]:
        """One ratio for each block that holds both."""
        pairs = ((block.baseline, getattr(block, variant)) for block in self.blocks)
        return tuple(value / base for base, value in pairs if base and value)

    @property
    def noise(self) -> tuple[float, ...]:
        """The logarithms of A over A around their mean, which is no noise of a block: the real runs judge it."""
        logs = [math.log(ratio) for ratio in self.ratios("again")]
        return tuple(log - fmean(logs) for log in logs)


class Noise(Frozen):
    """The whole recording. `busy`: how many processes wanted to run before it began (1 minute); near 0 where quiet.

    `refused_kept`: recorded with `--busy`, so that rounds which the kit refuses count here; only to try the command.
    """

    schema_version: int = 1
    recorded: str
    machine: str
    isolation: str
    busy: float
    target: str
    added_ms: float
    rounds: int
    refused: int
    refused_kept: bool
    reasons: tuple[str, ...]
    figures: tuple[Recorded, ...]

    @classmethod
    def read(cls, path: Path = STORED) -> "Noise":
        """A stored recording."""
        return cls.model_validate_json(path.read_text("utf-8"))

    def store(self, path: Path) -> None:
        """Write it."""
        path.write_text(self.model_dump_json(indent=1) + "\n", "utf-8")
