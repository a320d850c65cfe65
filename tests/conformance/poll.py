"""Waiting for something to become true, with a limit and a name for what did not."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(probe: Callable[[], T], timeout: float, what: str, interval: float = 0.02) -> T:
    """The probe's first truthy value; after `timeout` seconds an AssertionError that says what was awaited."""
    deadline = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < deadline, f"no {what} within {timeout} s"
        time.sleep(interval)
