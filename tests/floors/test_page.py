"""The page about floors is what was measured."""

from __future__ import annotations

from tests.floors import page


def test_the_page_is_made_of_the_stored_measurement() -> None:
    """docs/floors.md is what `python -m tests.floors --store` makes of docs/results/floors.json."""
    assert page.PAGE.read_text("utf-8") == page.text(page.stored())
