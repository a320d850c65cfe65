"""The server that the README's requests and load are for: one of those that it starts itself."""

from collections.abc import Iterator

import pytest

from loadtests.serve import kept_port
from tests.readme.document import of
from tests.readme.typed import answers, typed


@pytest.fixture(scope="session")
def served() -> Iterator[int]:
    """The port of a server that runs, started by the first of the documented commands."""
    with kept_port() as port, typed(of("server")[0], port) as started:
        started.until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, "health")
        yield port
