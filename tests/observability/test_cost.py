"""The page of what metrics and traces cost is what was measured."""

from tests.observability.cost import WAYS, Measured
from tests.observability.cost_page import STORED, WRITTEN, page


def test_page_is_of_the_stored_measurement() -> None:
    """The page in the documentation is made of the stored file, which has every target with every setting."""
    measured = Measured.model_validate_json(STORED.read_bytes())
    assert WRITTEN.read_text("utf-8") == page(measured)
    assert {row.way for row in measured.rows} == {*WAYS}
