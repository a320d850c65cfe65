"""docs/schemathesis.md is the stored run's, and the stored run found nothing."""

from tests.openapi.page import PAGE, page
from tests.openapi.results import stored
from tests.openapi.run import PHASES


def test_page_is_the_stored_run() -> None:
    """The page is what `python -m tests.openapi` writes of the stored results."""
    assert PAGE.read_text(encoding="utf-8") == page(stored())


def test_stored_run() -> None:
    """The stored run holds each of two documents against both servers, in all phases, and found nothing."""
    cells = stored().cells
    assert len({(cell.document, cell.server) for cell in cells}) == 4
    assert {name for cell in cells for name in (cell.document, cell.server)} == {"fastapi-uvicorn", "flask-gevent"}
    assert all(set(cell.requests) == set(PHASES) for cell in cells)
    assert [finding for cell in cells for finding in cell.findings] == []
