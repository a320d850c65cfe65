"""The plain made-up run and its verdict, made once for all tests that only read them."""

from __future__ import annotations

import pytest

from loadtests.analyse import analyse
from loadtests.analyse.verdict import Verdict
from loadtests.results import Run
from tests.unit.loadtests import made_up


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The plain quick run, made once."""
    return made_up.a_run(tmp_path_factory.mktemp("quick"))


@pytest.fixture(scope="session")
def verdict(quick: Run) -> Verdict:
    """What it says."""
    return analyse(quick)
