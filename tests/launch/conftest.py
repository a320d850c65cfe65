"""The ways to start a server, read from `ways.toml`.

Rule: these are what a user types, so nothing is added to them. Neighbours: `loadtests.serve`, which runs them.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from loadtests.targets import Target, load_targets

WAYS: Mapping[str, Target] = {
    name: target
    for name, target in load_targets(Path(__file__).with_name("ways.toml")).items()
    if name not in load_targets()
}


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest) -> Target:
    """Each of the usual commands."""
    return WAYS[request.param]
