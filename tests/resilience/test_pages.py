"""The pages on resilience are made of the stored measurements, and nothing but these."""

import pytest

from tests.resilience.__main__ import PARTS, part


@pytest.mark.parametrize("name", PARTS)
def test_page_is_that_of_the_stored_measurement(name: str) -> None:
    """Made again from the stored file, the page is the same; and no promise was broken in it."""
    one = part(name)
    measured = one.load()
    assert one.written.read_text("utf-8") == one.page(measured)
    assert measured.broken == ()
