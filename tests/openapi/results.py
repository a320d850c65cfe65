"""The long run's figures, as they are stored: small enough to be read, and enough to be made again.

Rule: frozen, and the page is made from these values alone. Neighbours: `run` (makes them), `page` (shows them).
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tests.openapi.run import Finding

STORED = Path(__file__).resolve().parents[2] / "docs" / "results" / "schemathesis.json"


class Cell(BaseModel):
    """One target's document against one target: requests by phase, checks by name, and what was found."""

    model_config = ConfigDict(frozen=True)

    document: str
    server: str
    requests: Mapping[str, int]
    checks: Mapping[str, int]
    findings: tuple[Finding, ...]
    seconds: float


class Results(BaseModel):
    """All cells, and with what they were made."""

    model_config = ConfigDict(frozen=True)

    examples: int
    seed: int
    versions: Mapping[str, str]
    cells: tuple[Cell, ...]

    def cell(self, document: str, server: str) -> Cell:
        """The cell of this document and this server."""
        return next(cell for cell in self.cells if (cell.document, cell.server) == (document, server))


def stored() -> Results:
    """The stored results."""
    return Results.model_validate_json(STORED.read_bytes())
