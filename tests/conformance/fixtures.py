"""The servers that cases run against, as fixtures: started on first use, gone when the last case has used them.

Rule: one running server per target and profile at a time; every one is reached by its address alone.
Neighbours: `loadtests.serve` (starts and stops processes), `selection` (which), `profiles` (with which
settings), `record` (what is kept of the talk with them).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from loadtests.serve import Server, running
from loadtests.targets import Target
from tests.conformance import profiles
from tests.conformance.record import Recorder, recorder
from tests.conformance.selection import EXTERNAL, Deployment, selection
from tests.conformance.subject import Subject


@dataclass(frozen=True, slots=True)
class Launched:
    """A server of a case's own: what a client sees of it, and its processes."""

    subject: Subject
    process: Server


Launch = Callable[[Mapping[str, str]], AbstractContextManager[Launched]]


@contextmanager
def started(
    target: Target, settings: Mapping[str, str], log: Path, recorder: Recorder | None = None
) -> Iterator[Launched]:
    """Start a target with these settings (added to the plain profile's) and stop it afterwards."""
    wanted = {**profiles.settings(profiles.PLAIN), **settings}
    with running(target, log=log, settings=wanted, ready_timeout=30.0) as process:
        subject = Subject(
            name=target.name,
            url=process.url,
            key=profiles.KEY,
            second_key=profiles.SECOND_KEY,
            log=log,
            server=target.server,
            witness=recorder.witness if recorder else None,
        )
        yield Launched(subject, process)


@contextmanager
def _shared(request: pytest.FixtureRequest, name: str, folder: Path) -> Iterator[Subject]:
    deployment: Deployment = request.param
    target = selection(request.config).targets[name]
    log = folder / f"{name}.log"
    with started(target, profiles.settings(deployment.profile), log, recorder(request.config)) as launched:
        yield launched.subject


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """A server with the settings of the case's profile, shared with all cases of that profile."""
    deployment: Deployment = request.param
    if not deployment.targets:
        yield _external(request.config)
        return
    folder = tmp_path_factory.mktemp(deployment.profile)
    with _shared(request, deployment.targets[0], folder) as subject:
        yield subject


def _external(config: pytest.Config) -> Subject:
    kept = recorder(config)
    return Subject(
        name=EXTERNAL,
        url=config.getoption("--url").rstrip("/"),
        key=config.getoption("--key"),
        second_key=config.getoption("--second-key"),
        witness=kept.witness if kept else None,
    )


@pytest.fixture(scope="session")
def twins(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Subject, Subject]]:
    """A server of each framework with the same settings, to be compared."""
    deployment: Deployment = request.param
    folder = tmp_path_factory.mktemp(f"twins-{deployment.profile}")
    first, second = deployment.targets
    with _shared(request, first, folder) as one, _shared(request, second, folder) as other:
        yield one, other


@pytest.fixture
def launch(request: pytest.FixtureRequest, tmp_path: Path) -> Launch:
    """Start servers of the case's own: `with launch({"DRAIN_SECONDS": "1"}) as launched:`."""
    deployment: Deployment = request.param
    target = selection(request.config).targets[deployment.targets[0]]
    logs = (tmp_path / f"{target.name}-{number}.log" for number in range(100))
    return lambda settings: started(target, settings, next(logs), recorder(request.config))


@pytest.fixture
def second_key(server: Subject) -> str:
    """Another valid key of the same server."""
    if server.second_key is None:
        pytest.skip("not applicable: needs a second key (--second-key)")
    return server.second_key
