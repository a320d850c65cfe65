"""What is measured of the layers, as it is stored: a cell for each layer of each target in each block.

Rule: only what was seen; every figure of the page is worked out from it. Neighbours: `measure` makes it, `costs` works
it out, `page` writes it down.
"""

from datetime import datetime
from pathlib import Path

from tests.links import ROOT
from tests.resilience.part import Frozen

STORED = ROOT / "docs" / "results" / "layers.json"
WRITTEN = ROOT / "docs" / "layers.md"
CHART = ROOT / "docs" / "results" / "layers.svg"


class Size(Frozen):
    """How much is measured. Times in seconds; `minutes`: to expect of all of it; `layers`: only these (none: all)."""

    name: str
    minutes: float
    targets: tuple[str, ...]
    blocks: int
    slices: int
    burst: float
    connections: int
    streams: int
    window: float
    layers: tuple[str, ...] = ()
    seed: int = 20261123


class Cell(Frozen):
    """One layer in one block. `us`: CPU microseconds of the server for a request, or for an event of a stream.

    `share`: of its core that the server took meanwhile; `busy`: of its own that the load took.
    """

    target: str
    layer: str
    block: int
    us: float
    count: int
    share: float
    busy: float
    errors: int
    problem: str


class Measured(Frozen):
    """A whole measurement."""

    taken: datetime
    machine: str
    pinning: str
    size: Size
    chat: tuple[Cell, ...]
    stream: tuple[Cell, ...]


def load(path: Path = STORED) -> Measured:
    """The stored measurement."""
    return Measured.model_validate_json(path.read_bytes())
