"""Where a run was made: machine, versions, source, and what could not be isolated.

Rule: facts only, taken once before the first round; no path of this machine, no host name, no key. Unknown is said
as unknown. Neighbours: compare takes it, results stores it, the report shows it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import psutil

from loadtests.plan import Frozen, Model
from loadtests.schema_version import SCHEMA_VERSION

ROOT = Path(__file__).parents[2]
UNKNOWN = "unknown"


class Package(Frozen):
    """An installed distribution."""

    name: str
    version: str


class Cores(Frozen):
    """Who runs where. Empty means that it was not pinned; `note` says what could not be isolated.

    `upstream`: the model server's, where there is one.
    """

    server: tuple[int, ...]
    generator: tuple[int, ...]
    note: str
    upstream: tuple[int, ...] = ()


class Environment(Frozen):
    """The machine and the source, as they were when the run began. `started` is UTC, to the second."""

    schema_version: int = SCHEMA_VERSION
    started: str
    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    container: str
    python: str
    packages: tuple[Package, ...]
    lock_sha256: str
    commit: str
    dirty: bool | None
    pinning: Cores
    load_average: float

    def facts(self) -> Iterator[tuple[str, str]]:
        """Pairs of a term and what is to be said of it, in the report's order."""
        yield "Processor", f"{self.cpu}, {self.cores} core{'' if self.cores == 1 else 's'} for this run"
        yield "Memory", f"{self.memory_gib:.0f} GiB"
        yield "System", f"{self.kernel}, {self.container}"
        yield "Python", self.python
        yield "Isolation", self.pinning.note
        yield "Load before the run", f"{self.load_average:.2f} processes wanting to run (1 minute)"
        yield "Source", f"commit {self.commit}{_DIRTY[self.dirty]}"
        yield "Lock file", f"sha256 {self.lock_sha256}"
        yield "Started", self.started


_DIRTY = {True: ", with changes that are not committed", False: "", None: ""}


def take(started: datetime, model: Model = "scripted") -> Environment:
    """Look at this machine, now; where who runs depends on what there is to run."""
    return Environment(
        started=started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        cpu=_cpu_model(),
        cores=len(available_cores()),
        memory_gib=round(psutil.virtual_memory().total / 1024**3, 1),
        kernel=f"{platform.system()} {platform.release()}",
        container="in a container" if _in_container() else "not in a container, as far as can be seen",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=_packages(),
        lock_sha256=_lock_hash(ROOT / "requirements.lock"),
        commit=_git("rev-parse", "--verify", "--quiet", "HEAD") or UNKNOWN,
        dirty=_dirty(),
        pinning=choose_cores(model),
        load_average=round(os.getloadavg()[0], 2),
    )


def available_cores() -> tuple[int, ...]:
    """The cores this process may use, lowest first."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def choose_cores(model: Model = "scripted") -> Cores:
    """Server on the first core, generator on the last; nothing is pinned where that is not possible.

    A model server has a core of its own where there are three; with two it shares the generator's, never the server's.
    """
    cores = available_cores()
    if sys.platform != "linux":
        return Cores(server=(), generator=(), note="not pinned: this system cannot bind a process to a core")
    if len(cores) < 2:
        return Cores(server=(), generator=(), note="not pinned: server and generator share the only core")
    upstream = cores[1:2] if model == "upstream" else ()
    sides = {"server": cores[0], "generator": cores[-1]}
    if upstream == cores[-1:]:
        sides = {"server": cores[0], "generator and model server": cores[-1]}
    elif upstream:
        sides |= {"model server": upstream[0]}
    told = ", ".join(f"{who} on core {core}" for who, core in sides.items())
    note = f"{told}; the system's own work is on {'both' if len(sides) == 2 else 'all'}"
    return Cores(server=cores[:1], generator=cores[-1:], note=note, upstream=upstream)


def _packages() -> tuple[Package, ...]:
    found = {dist.name.lower(): dist.version for dist in metadata.distributions() if dist.name}
    return tuple(Package(name=name, version=found[name]) for name in sorted(found))


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine() or UNKNOWN)


def _in_container() -> bool:
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    return any(mark.exists() for mark in marks) or "container" in os.environ


def _lock_hash(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else UNKNOWN


def _dirty() -> bool | None:
    status = _git("status", "--porcelain")
    return None if status is None else bool(status)


def _git(*arguments: str) -> str | None:
    """What git answers, or None where there is no git, no repository or no commit yet."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, nothing of the user's
            ("git", *arguments),  # noqa: S607 - whichever git the user has
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
