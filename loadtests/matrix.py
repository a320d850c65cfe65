"""The deployments that `parity compare --matrix` plays, in two regimes that the report names.

Rule: like for like are the entries as they stand, among those with as many workers on the same cores; each at its best
has the workers that its server's documentation recommends for these cores, every other option as in its entry.
Neighbours: targets has the entries (`regimes`, `best`), compare plays them, report.matrix shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from loadtests.errors import UserError
from loadtests.measure.environment import Cores
from loadtests.targets import Best, Regime, Target, pick

REGIMES: Final[Mapping[Regime, str]] = MappingProxyType(
    {"like-for-like": "Like for like", "best": "Each at its documented best"}
)


@dataclass(frozen=True)
class Advice:
    """How many workers a documentation recommends, in its words, and where it says so."""

    factor: int
    more: int
    words: str
    page: str

    def workers(self, cores: int) -> int:
        """For so many cores."""
        return self.factor * cores + self.more


ADVICE: Final[Mapping[Best, Advice]] = MappingProxyType(
    {
        "cores": Advice(
            1,
            0,
            "FastAPI on uvicorn: worker processes “to take advantage of multiple cores”, so one for each",
            "https://fastapi.tiangolo.com/deployment/server-workers/",
        ),
        "2 * cores + 1": Advice(
            2,
            1,
            "gunicorn, whichever worker class: “start with (2 * num_cores) + 1”; Flask's page says CPU * 2",
            "https://gunicorn.org/design/",
        ),
    }
)


def played(known: Mapping[str, Target], cores: int, names: Iterable[str] = ()) -> tuple[Target, ...]:
    """The targets of both regimes for a server on so many cores, each once, with the regimes that it is shown in.

    `names`: only these. The first is the baseline. UserError for a name that is not played.
    """
    like = [target.name for target in known.values() if "like-for-like" in target.regimes]
    best = [at_best(target, known, cores) for target in known.values() if "best" in target.regimes]
    every = {target.name: target for target in (*pick(known, like), *best)}
    shown: Mapping[Regime, frozenset[str]] = {
        "like-for-like": frozenset(like),
        "best": frozenset(target.name for target in best),
    }
    if unknown := [name for name in names if name not in every]:
        raise UserError(f"{unknown[0]!r} is not in the matrix; choose from {', '.join(every)}")
    chosen = frozenset(names) or every.keys()
    return tuple(
        target.model_copy(update={"regimes": tuple(regime for regime in REGIMES if name in shown[regime])})
        for name, target in every.items()
        if name in chosen
    )


def server_cores(cores: Cores, available: int) -> int:
    """How many cores the servers have: those that they are pinned to, or all."""
    return len(cores.server) or available


def at_best(target: Target, known: Mapping[str, Target], cores: int) -> Target:
    """The target with the workers that are recommended for so many cores: an entry, where there is such a one."""
    workers = target.workers if target.best is None else ADVICE[target.best].workers(cores)
    if workers == target.workers:
        return target
    command = with_workers(target.command, workers)
    same = (entry for entry in known.values() if (entry.workers, entry.server) == (workers, target.server))
    found = next((entry for entry in same if entry.framework == target.framework), None)
    if found is not None:
        return found
    return target.model_copy(
        update={
            "name": f"{target.name}-{workers}",
            "title": f"{target.title}, {workers} workers",
            "workers": workers,
            "floor": None,  # which has one worker
            "slots": target.slots and target.slots // target.workers * workers,
            "command": command,
        }
    )


def with_workers(command: tuple[str, ...], workers: int) -> tuple[str, ...]:
    """The command with another number behind its `--workers`."""
    if "--workers" not in command[:-1]:
        raise UserError(f"no --workers in {' '.join(command)}: `best` needs one to replace")
    place = command.index("--workers") + 1
    return (*command[:place], str(workers), *command[place + 1 :])
