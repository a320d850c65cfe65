"""Which servers the cases run against, from the command line; and what that means for each case.

Rule: only facts of the chosen targets decide whether a case applies, and a case that does not is skipped with
"not applicable: …", never left out. Neighbours: `tests/conftest.py` (pytest's hooks), `fixtures` (starts them).
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from loadtests.targets import DEFAULT_TARGETS, Target, load_targets
from tests.conformance.profiles import PLAIN, PROFILES

EXTERNAL = "url"
OWN = "own"
"""The profile of a case that starts its own servers."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a fixture has to provide: these targets with this profile's settings (none: the given URL, or no pair)."""

    name: str
    targets: tuple[str, ...]
    profile: str

    @property
    def id(self) -> str:
        """What a case's id shows of it; `schedule` reads it there."""
        return self.name if self.profile == PLAIN else f"{self.name}+{self.profile}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The targets to run, by name, in order; none when `url` names a server that runs already."""

    targets: Mapping[str, Target]
    url: str | None = None

    def deployments(self, fixture: str, profile: str) -> list[Deployment]:
        """The deployments that a case with this fixture runs on, one each."""
        if self.url:
            return [Deployment(EXTERNAL, (), profile)]
        if fixture == "twins":
            pairs = [Deployment(f"{a}~{b}", (a, b), profile) for a, b in self._pairs()]
            return pairs or [Deployment(name, (), profile) for name in self.targets]
        profile = OWN if fixture == "launch" else profile
        return [Deployment(name, (name,), profile) for name in self.targets]

    def names(self) -> list[str]:
        """The names of all deployments."""
        return [EXTERNAL, *self.targets, *(f"{a}~{b}" for a, b in self._pairs())]

    def _pairs(self) -> list[tuple[str, str]]:
        fastapi = [name for name, target in self.targets.items() if target.framework == "fastapi"]
        others = [name for name, target in self.targets.items() if target.framework != "fastapi"]
        return [(fastapi[0], other) for other in others] if fastapi else []


class Row(Protocol):
    """What a parameter must have to speak for its case; it may also have a `grade` and a `reason` for it."""

    @property
    def id(self) -> str: ...  # noqa: D102 - `case.Case` says what they are
    @property
    def clauses(self) -> tuple[str, ...]: ...  # noqa: D102 - as above
    @property
    def does(self) -> str: ...  # noqa: D102 - as above
    @property
    def expects(self) -> str: ...  # noqa: D102 - as above


CHOSEN = pytest.StashKey[Selection]()


def selection(config: pytest.Config) -> Selection:
    """The choice that the options make, read once."""
    if CHOSEN not in config.stash:
        config.stash[CHOSEN] = _read(config)
    return config.stash[CHOSEN]


def _read(config: pytest.Config) -> Selection:
    """Read the options; an unknown name is an error that lists the known ones."""
    url = config.getoption("--url")
    if url:
        return Selection({}, str(url).rstrip("/"))
    known = load_targets(config.getoption("--targets"))
    names = config.getoption("--target") or DEFAULT_TARGETS
    unknown = [name for name in names if name not in known]
    if unknown:
        raise pytest.UsageError(f"no target {unknown[0]!r}; choose from: {', '.join(known)}")
    return Selection({name: known[name] for name in names})


def prepare(item: pytest.Item, chosen: Selection) -> None:
    """Note a case's clauses and target as properties for the report, and skip it where it cannot apply."""
    for mark in item.iter_markers("clause"):
        item.user_properties += [("clause", identifier) for identifier in mark.args]
    row = row_of(item)
    item.user_properties += [("clause", identifier) for identifier in row.clauses] if row else []
    fixture, deployment = next(_deployments(item), ("", None))
    if deployment is None:
        return
    item.user_properties.append(("target", deployment.name))
    reason = _not_applicable(item, fixture, deployment, chosen)
    if reason:
        item.add_marker(pytest.mark.skip(reason=f"not applicable: {reason}"))


def together(items: list[pytest.Item]) -> None:
    """Bring the cases of one server together, each server where its first case stands, so that it starts once.

    pytest does so for a parameter of session scope, but not where a row is bound to its server's profile.
    """
    places: dict[Hashable, int] = {}
    keys = {item: places.setdefault(_group(item), len(places)) for item in items}
    items.sort(key=lambda item: keys[item])


def _group(item: pytest.Item) -> Hashable:
    deployment = deployment_of(item)
    return deployment if deployment and deployment.profile != OWN else item.path


def deployment_of(item: pytest.Item) -> Deployment | None:
    """What a case runs on; None for one without a server."""
    return next((deployment for _, deployment in _deployments(item)), None)


def row_of(item: pytest.Item) -> Row | None:
    """The row that a case plays, if it plays one."""
    said = ("id", "clauses", "does", "expects")
    return next((value for value in parameters(item).values() if all(hasattr(value, name) for name in said)), None)


def parameters(item: pytest.Item) -> Mapping[str, Any]:
    """A case's parameters by name."""
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def _deployments(item: pytest.Item) -> Iterator[tuple[str, Deployment]]:
    return ((name, value) for name, value in parameters(item).items() if isinstance(value, Deployment))


def _not_applicable(item: pytest.Item, fixture: str, wanted: Deployment, chosen: Selection) -> str | None:
    if not wanted.targets:
        return _not_external(fixture, wanted.profile)
    target = chosen.targets[wanted.targets[-1]]
    concurrent = item.get_closest_marker("concurrent")
    if concurrent and target.slots is not None and target.slots < concurrent.args[0]:
        return f"needs {concurrent.args[0]} requests at once, {target.name} answers {target.slots}"
    together = item.get_closest_marker("concurrent_in_one_process")
    if together and target.slots is not None and target.slots // target.workers < together.args[0]:
        each = target.slots // target.workers
        return f"needs {together.args[0]} requests at once in one process, each of {target.name}'s answers {each}"
    if item.get_closest_marker("one_process") and target.workers > 1:
        return f"is about one process, {target.name} has {target.workers}"
    return None


def _not_external(fixture: str, profile: str) -> str | None:
    if fixture == "launch":
        return "needs a server of its own to stop, and the kit did not start this one"
    if fixture == "twins":
        return "needs another server to be compared with"
    if profile != PLAIN:
        return f"needs the settings {dict(PROFILES[profile])}, and the kit did not start this server"
    return None
