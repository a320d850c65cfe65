"""What is measured of growth, as it is stored: a point for each value that was tried, each time it was tried.

Rule: only what was seen; the laws and every figure of the page are worked out from it. A point with reasons is not
valid: it is shown, and fitted to nothing. Neighbours: `shapes` measures, `valid` says which points count, `curves` says
what there is, `laws` fits.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from loadtests.plan import Frozen

ROOT: Final = Path(__file__).parents[2]
STORED: Final = ROOT / "docs" / "results" / "growth.json"
WRITTEN: Final = ROOT / "docs" / "growth.md"


class Size(Frozen):
    """How much is measured. `seconds`: of a window; `steady`: streams that are held open for the pace."""

    name: str
    minutes: float
    rounds: int
    targets: tuple[str, ...]
    streams: tuple[int, ...]
    pace: tuple[float, ...]
    workers: tuple[int, ...]
    length: tuple[int, ...]
    history: tuple[int, ...]
    seconds: float
    steady: int
    fixed: int
    """Streams at once while the number of workers grows."""
    seed: int = 20261123


class Point(Frozen):
    """One value of one curve, once. `variant`: of the curve's ways, if it has several ("": it has one).

    `rate`: answers or events a second; `cores`: CPU seconds a second of the whole tree; `cost_us`: CPU of an answer or
    an event; `ttft_ms`: the 99th percentile; memory in MiB, in the middle of the window; `settled`: whether throughput
    and latency had stopped changing when the window began. None: not measured here.
    """

    curve: str
    target: str
    variant: str = ""
    x: float
    round: int
    rate: float | None = None
    cores: float | None = None
    cost_us: float | None = None
    ttft_ms: float | None = None
    rss_mib: float | None = None
    own_mib: float | None = None
    settled: bool | None = None
    load_busy: float
    reasons: tuple[str, ...] = ()


class Measured(Frozen):
    """A whole measurement, on one machine."""

    taken: datetime
    machine: str
    pinning: str
    cores: int
    size: Size
    points: tuple[Point, ...]


def load(path: Path = STORED) -> Measured:
    """The stored measurement."""
    return Measured.model_validate_json(path.read_bytes())
