"""What every suite under `tests/` shares: the choice of servers, the marks, and what a report says of each case.

Rule: a case that needs a server takes the fixture `server` (shared, by profile), `twins` (one of each framework) or
`launch` (its own to stop and kill); this file gives it one id per target. Neighbours: `conformance/fixtures.py`
(starts the servers), `conformance/record.py` (what came of the cases), `conformance/profiles.py` (settings),
`conformance/clauses.toml` (what marks name).
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # xdist has no py.typed

from tests.conformance import patience, record
from tests.conformance.fixtures import launch, second_key, server, twins
from tests.conformance.profiles import PLAIN
from tests.conformance.schedule import ByServer
from tests.conformance.selection import Selection, prepare, selection, together

__all__ = ["launch", "second_key", "server", "twins"]

FIXTURES: Mapping[str, Literal["session", "function"]] = MappingProxyType(
    {"server": "session", "twins": "session", "launch": "function"}
)
MARKS = (
    "clause(id, ...): the promises of the contract that the case shows, by their ids in clauses.toml",
    "rows(table, manner): the test plays each row of the table, on a server with the settings that the row needs; "
    "`manner` is a sentence for the report: how it plays them",
    "profile(name): the settings that the case needs, by their name in profiles.py",
    "concurrent(n): the case needs n requests answered at the same time",
    "concurrent_in_one_process(n): the case needs n requests answered at the same time by the same process",
    "one_process: the case is about a limit or a state of one process",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose the servers; without any, the default targets are run."""
    group = parser.getgroup("parity", "the servers that the suite runs against")
    group.addoption("--target", action="append", default=[], metavar="NAME", help="a target (repeatable)")
    group.addoption("--targets", type=Path, metavar="FILE", help="read targets from this file")
    group.addoption("--url", metavar="URL", help="a server that runs already, instead of targets")
    group.addoption("--key", metavar="KEY", help="a key of the server at --url")
    group.addoption(
        "--clause", action="append", default=[], metavar="ID", help="only cases of this clause (repeatable)"
    )
    group.addoption("--second-key", metavar="KEY", help="another key of the server at --url")
    group.addoption("--record", metavar="DIR", help="write what came of each case, one JSON line each, to this folder")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks and refuse options that make no sense together."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    if config.getoption("--url") and not config.getoption("--key"):
        raise pytest.UsageError("--url needs --key KEY: most of the contract is behind a key")
    record.install(config)
    patience.install(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each case one id per target (or pair of targets) for the kind of server it takes."""
    chosen: Selection = selection(metafunc.config)
    mark, table = (metafunc.definition.get_closest_marker(name) for name in ("profile", "rows"))
    profile = mark.args[0] if mark else PLAIN
    for fixture, scope in FIXTURES.items():
        if fixture in metafunc.fixturenames and table:
            pairs = [(each, row) for row in table.args[0] for each in chosen.deployments(fixture, row.profile)]
            names = [f"{each.id}-{row.id}" for each, row in pairs]
            metafunc.parametrize((fixture, "case"), pairs, indirect=[fixture], ids=names, scope=scope)
        elif fixture in metafunc.fixturenames:
            deployments = chosen.deployments(fixture, profile)
            names = [each.id for each in deployments]
            metafunc.parametrize(fixture, deployments, indirect=True, ids=names, scope=scope)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note each case's clauses and target for the report; leave out the clauses that were not asked for."""
    chosen = selection(config)
    for item in items:
        prepare(item, chosen)
    if wanted := {("clause", clause) for clause in config.getoption("--clause")}:
        left_out = [item for item in items if not wanted & set(item.user_properties)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if wanted & set(item.user_properties)]
    together(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByServer | None:
    """With `-n`, keep the cases of one server together, unless another distribution is asked for."""
    return ByServer(config, log) if config.getoption("dist") in {"load", "loadgroup"} else None
