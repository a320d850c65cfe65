"""Who has come of the load hosts that were asked for, and what is to be said when one has not.

Rule: pure; a decision from what each worker process has said of itself. A host takes part whole: with all its
processes, of one `parity worker`, of the same version of the kit. Neighbours: `drive.crew` hears and asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from loadtests.hosts import Hosts, members
from loadtests.hosts.kit import Kit, differences


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker process says of itself: its host's name, its `parity worker` and how many that runs, its version.

    `error`: by how much it may be wrong about the master's clock, in seconds.
    """

    host: str
    crew: str
    of: int
    kit: Kit
    error: float

    @classmethod
    def heard(cls, data: Mapping[str, Any]) -> Hello:
        """From a message; one of a version that speaks otherwise has no version that is known here."""
        if set(data) == {field.name for field in fields(cls)}:
            return cls(**data)
        return cls(str(data.get("host")), crew="", of=0, kit={}, error=0.0)


class Refusal(NamedTuple):
    """Why a host that came cannot take part."""

    host: str
    why: str


@dataclass(frozen=True, slots=True)
class Muster:
    """The hosts asked for, this side's version, and the workers that are there now."""

    hosts: Hosts
    kit: Kit
    come: tuple[Hello, ...]

    @property
    def ours(self) -> tuple[Hello, ...]:
        """Those of the hosts that were asked for."""
        return tuple(hello for hello in self.come if hello.host in self.hosts.names)

    @property
    def refusal(self) -> Refusal | None:
        """What no waiting cures, with its cure."""
        for hello in self.ours:
            if unlike := differences(self.kit, hello.kit):
                cure = "install the same commit there with `make setup`, and start its worker again"
                return Refusal(hello.host, f"{hello.host} has another version: {'; '.join(unlike)}; {cure}")
            if hello.of != self.hosts.processes:
                wrong = f"runs {_processes(hello.of)}, and {self.hosts.processes} is asked for on each host"
                return Refusal(hello.host, f"{hello.host} {wrong}; run there: {self.hosts.command(hello.host)}")
        for name in self.hosts.names:
            if len({hello.crew for hello in self._of(name)}) > 1:
                return Refusal(name, f"two load hosts came as {name}; give each its own with `parity worker --name`")
        return None

    @property
    def missing(self) -> tuple[str, ...]:
        """The hosts that are not there whole. More than whole is a process that has died and is not missed yet."""
        return tuple(name for name in self.hosts.names if len(self._of(name)) != self.hosts.processes)

    @property
    def told(self) -> str:
        """That some did not come, and the cure."""
        run = "; ".join(f"on {name}: {self.hosts.command(name)}" for name in self.missing)
        others = tuple(dict.fromkeys(hello.host for hello in self.come if hello not in self.ours))
        instead = f"; {members(others)} came, which --workers does not name" if others else ""
        return (
            f"{members(self.missing)} did not come within {self.hosts.wait:g} s; run {run} "
            f"(and let {self.hosts.address}:{self.hosts.port} be reached from there){instead}"
        )

    def _of(self, name: str) -> list[Hello]:
        return [hello for hello in self.come if hello.host == name]


def _processes(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"
