"""Starts an upstream for the length of a block, and reads what it counts.

Rule: it is one more server of the kit, started, awaited and ended as the others are; what a server in front needs is
in `settings`. Neighbours: `loadtests.serve` (processes), `server` (what runs there), `ledger` (what is read).
"""

import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter

from loadtests.serve import Server, new_key
from loadtests.serve import running as served
from loadtests.targets import Target
from loadtests.upstream.ledger import Call, Stats
from loadtests.upstream.options import MODEL, Options, checked

_CALLS = TypeAdapter(tuple[Call, ...])


@dataclass(frozen=True)
class Upstream:
    """A running upstream."""

    url: str
    key: str
    server: Server

    @property
    def pid(self) -> int:
        """Its process, which has no children."""
        return self.server.pid

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings that put one of the kit's servers in front of it."""
        return settings(self.url, self.key)

    def stats(self) -> Stats:
        """What it has counted so far."""
        return Stats.model_validate_json(self._read("/stats"))

    def calls(self) -> tuple[Call, ...]:
        """The last 2,000 calls, oldest first."""
        return _CALLS.validate_json(self._read("/calls"))

    def _read(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - our own address
            data: bytes = answer.read()
            return data


def settings(url: str, key: str) -> Mapping[str, str]:
    """The settings of a server in front of the upstream at `url`."""
    names = {"AGENT_MODEL": "openai", "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": key, "OPENAI_MODEL": MODEL}
    return MappingProxyType(names)


@contextmanager
def running(  # noqa: PLR0913 - independent facts, all but one of them optional
    *,
    log: Path | None,
    ttft: float = 0.0,
    itl: float = 0.0,
    jitter: float = 0.0,
    seed: int = 1,
    faults: Sequence[str] = (),
    fault_rate: float = 0.0,
    slow: float = 60.0,
    port: int | None = None,
    cpus: frozenset[int] | None = None,
) -> Iterator[Upstream]:
    """Run an upstream for the length of the block: ready when it begins, gone when it ends.

    Times are in seconds, `jitter` and `fault_rate` are shares; the rest is as in `loadtests.serve.running`, whose
    errors are raised, and `UserError` for options that make no sense.
    """
    options = checked(
        key=new_key(),
        ttft=ttft,
        itl=itl,
        jitter=jitter,
        seed=seed,
        faults=tuple(faults),
        fault_rate=fault_rate,
        slow=slow,
    )
    with served(_target(options), log=log, port=port, cpus=cpus, ready_timeout=30.0, stop_timeout=5.0) as server:
        yield Upstream(server.url, options.key, server)


def _target(options: Options) -> Target:
    command = ("{python}", "-m", "loadtests.upstream", "{host}", "{port}", options.model_dump_json())
    return Target(name="upstream", title="the upstream", framework="none", server="uvicorn", workers=1, command=command)
