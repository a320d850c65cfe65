"""Writes docs/floors.md from the words in page.txt and the stored measurement; a test holds it to them.

Neighbours: `waking` measures, `__main__` is the command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.floors.waking import Costs

ROOT: Final = Path(__file__).resolve().parents[2]
STORED: Final = ROOT / "docs" / "results" / "floors.json"
PAGE: Final = ROOT / "docs" / "floors.md"
TEMPLATE: Final = Path(__file__).with_name("page.txt")


def stored() -> Costs:
    """The measurement as it was stored."""
    return Costs.model_validate_json(STORED.read_bytes())


def table(found: Costs) -> str:
    """Every load as a row."""
    rows = [
        f"| {cost.floor} | {cost.load}, {'closed' if cost.closed else 'open'} loop | {cost.per_second:,.0f} | "
        f"{cost.cpu_us:.0f} | {cost.cores:.0%} |"
        for cost in found.costs
    ]
    head = "| floor | load | answers/s | CPU a request, µs | of its core |\n|---|---|---:|---:|---:|"
    return "\n".join([head, *rows])


def text(found: Costs) -> str:
    """The whole page."""
    return TEMPLATE.read_text("utf-8").format(
        table=table(found),
        asgi=100 * (found.idle("floor-asgi-uvicorn") - 1),
        measured_at=found.measured_at,
        machine=found.machine,
    )
