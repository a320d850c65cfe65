"""What a test needs and a machine may not have: skipped with the cure, or failed where it is promised to be there.

Rule: CI names what it promises in PARITY_REQUIRE ("redis browser"), so that a skip cannot pass for a success there.
"""

import os
from typing import NoReturn

import pytest


def skip_or_fail(what: str, cure: str) -> NoReturn:
    """Leave a test that cannot run for want of `what`, a single word; `cure` says how to get it."""
    reason = f"{what} is missing: {cure}"
    if what in os.environ.get("PARITY_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"{reason} (PARITY_REQUIRE asks for it)")
    pytest.skip(reason)
