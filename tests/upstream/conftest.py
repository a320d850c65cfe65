"""An upstream for the tests beside this file: one per process of the run, its counts read before and after."""

from collections.abc import Iterator

import pytest

from loadtests import upstream
from loadtests.upstream import Upstream


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """An upstream that answers as fast as it can."""
    with upstream.running(log=tmp_path_factory.mktemp("upstream") / "log") as running:
        yield running
