"""The end of an agent: each of its parts is let go of, whatever becomes of the other."""

import asyncio
from typing import Any, cast

import pytest

from shared.agent.service import Agent, AsyncAgent


class Broken:
    """A model whose end fails."""

    def close(self) -> None:
        """Fails."""
        raise OSError("the upstream does not answer")


class AsyncBroken:
    """As `Broken`."""

    async def close(self) -> None:
        """Fails."""
        Broken().close()


class Store:
    """Knows whether it was closed."""

    closed = False

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class AsyncStore(Store):
    """As `Store`."""

    async def close(self) -> None:  # type: ignore[override]  # the other half's protocol
        """Remember it."""
        super().close()


def test_a_model_that_fails() -> None:
    """The store is closed though the model's end failed, and the failure is told."""
    store = Store()
    with pytest.raises(OSError, match="upstream"):
        Agent(*cast(Any, (None, Broken(), store))).close()
    assert store.closed


def test_a_model_that_fails_on_a_loop() -> None:
    """As above, for the asynchronous agent."""
    store = AsyncStore()
    with pytest.raises(OSError, match="upstream"):
        asyncio.run(AsyncAgent(*cast(Any, (None, AsyncBroken(), store))).close())
    assert store.closed
