"""Several test processes (`-n 4`), few servers: cases of one server go to one process, one after the other.

Rule: the group of a case is read from its id, `[target+profile-…]`; one that starts its own server is on its own.
xdist's `--dist loadgroup` would do, but xdist 3.8 finds no groups under pytest 9.2. Neighbours: `selection` (ids).
"""

import re
from collections.abc import Iterable

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # xdist has no py.typed
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # as above

from tests.conformance.selection import OWN, selection


class ByServer(LoadScopeScheduling):  # type: ignore[misc]  # as above
    """Hands out cases by server; the server with most cases first."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._server = server_in_id(selection(config).names())

    def _split_scope(self, nodeid: str) -> str:
        found = self._server.search(nodeid)
        return nodeid if found is None or found[2] == f"+{OWN}" else found[0]


def server_in_id(names: Iterable[str]) -> re.Pattern[str]:
    """What finds the server in a case's id: its name, and its profile where it is not the plain one."""
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"\[({'|'.join(map(re.escape, longest_first))})(\+\w+)?(?=[-\]])")
