"""Chromium and the readers, for the cases of real clients.

Rule: one browser for all cases of a process, started by the first that needs one. Neighbours: `pages`, `clients`,
`tests/conftest.py` (the fixture `server`).
"""

from collections.abc import Iterator

import pytest

from tests.clients.clients import Client
from tests.clients.pages import PageReader, Pages, opened
from tests.clients.sent import Reader
from tests.clients.turns import References


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    """The fixture page in Chromium, at any of its origins."""
    with opened() as pages:
        yield pages


@pytest.fixture
def reader(client: Client, request: pytest.FixtureRequest) -> Reader:
    """The case's client, ready to use."""
    return client.reader or PageReader(request.getfixturevalue("pages"), client.id)


@pytest.fixture(scope="session")
def references() -> References:
    """The raw client's readings."""
    return References()
