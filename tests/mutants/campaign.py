"""The whole campaign: every mutant must be killed, and the cases that killed must pass on healthy copies.

Rule: a few errands at a time, the longest first; the healthy copies go through the same errands as the broken ones.
Interrupted, it leaves neither a process nor a folder. Neighbours: `verdict` (what to run, how to judge), `report`.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from loadtests.targets import DEFAULT_TARGETS, Target, load_targets
from tests.mutants import verdict
from tests.mutants.copies import MUTANT
from tests.mutants.errand import Errand, Result, run
from tests.mutants.table import Mutant
from tests.mutants.verdict import LAUNCH, TWINS, Verdict


@dataclass(frozen=True)
class Options:
    """How the campaign is run: every case instead of the clause's, how many errands at once, what took how long."""

    whole: bool = False
    jobs: int = 3
    seconds: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Healthy:
    """A healthy copy and the cases that killed. `failed`: what went wrong there, a line each."""

    name: str
    passed: int
    failed: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Campaign:
    """Everything that came of it."""

    verdicts: tuple[Verdict, ...]
    healthy: tuple[Healthy, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Every mutant killed, by cases that pass on healthy servers."""
        killed = all(verdict.word == "killed" for verdict in self.verdicts)
        return bool(self.verdicts) and killed and not any(healthy.failed for healthy in self.healthy)


T = TypeVar("T")
Tell = Callable[[Verdict | Healthy], None]


def campaign(mutants: Sequence[Mutant], options: Options, tell: Tell) -> Campaign:
    """Run all of it, telling each outcome as it comes; raises `KeyboardInterrupt`, also for SIGTERM."""
    with TemporaryDirectory(prefix="parity-mutants-") as workspace:
        try:
            return asyncio.run(_campaign(mutants, options, tell, Path(workspace)))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _campaign(mutants: Sequence[Mutant], options: Options, tell: Tell, workspace: Path) -> Campaign:
    _end_on_sigterm()
    started, room = time.monotonic(), asyncio.Semaphore(options.jobs)

    async def tried(mutant: Mutant) -> Verdict:
        async with room:
            result = await run(verdict.errand_for(mutant, whole=options.whole), workspace)
        tell(found := verdict.judge(mutant, result))
        return found

    async def well(errand: Errand) -> Healthy:
        async with room:
            found = healthy(errand, await run(errand, workspace))
        tell(found)
        return found

    seconds = options.seconds or {}
    longest_first = sorted(mutants, key=lambda mutant: -seconds.get(mutant.name, 0))
    verdicts = {one.mutant.name: one for one in await _all(map(tried, longest_first))}
    copies = await _all(map(well, healthy_errands(verdicts.values())))
    ordered = tuple(verdicts[mutant.name] for mutant in mutants)
    return Campaign(ordered, tuple(copies), time.monotonic() - started)


async def _all(work: Iterable[Awaitable[T]]) -> list[T]:
    """The results in order; when one fails the others are given up, and waited for."""

    async def one(awaitable: Awaitable[T]) -> T:
        return await awaitable

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(awaitable)) for awaitable in work]
    return [task.result() for task in tasks]


def _end_on_sigterm() -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)


def healthy_errands(verdicts: Iterable[Verdict]) -> list[Errand]:
    """What must pass: the cases that killed, on an unbroken copy of each default target."""
    nodes = sorted({one.by.node for one in verdicts if one.by is not None})
    alone = [node for node in nodes if not node.startswith(LAUNCH)]
    launched = tuple(node for node in nodes if node.startswith(LAUNCH))
    targets = [load_targets()[name] for name in DEFAULT_TARGETS]
    errands = [_healthy_copy(target, alone) for target in targets] if alone else []
    if launched:
        errands.append(Errand("healthy-commands", targets[0], launched, inside=True, limit=600))
    return errands


def _healthy_copy(target: Target, nodes: Iterable[str]) -> Errand:
    """The same cases for this target; one that compared a pair compares this target with its own twin."""
    own = _pair(target.framework)
    others = [_pair(framework) for framework in TWINS]
    words = set()
    for node in nodes:
        found = next((pair for pair in others if pair in node), own)
        words.add(node.replace(found, own))
    twin = TWINS[target.framework]
    return Errand(f"healthy-{target.name}", target, tuple(sorted(words)), twin=twin, limit=600)


def _pair(framework: str) -> str:
    """How a case's id names the pair of a mutant of this framework and its healthy twin."""
    return f"{MUTANT}~{TWINS[framework]}" if framework == "fastapi" else f"{TWINS[framework]}~{MUTANT}"


def healthy(errand: Errand, result: Result) -> Healthy:
    """What came of a healthy copy: whatever is not a pass or not applicable is a false alarm."""
    passed = sum(outcome.kind == "passed" for outcome in result.outcomes)
    wrong = [f"{one.node}: {one.message}" for one in result.outcomes if one.kind in {"failed", "error"}]
    if result.trouble:
        wrong.append(result.trouble)
    elif not passed and not wrong:
        wrong.append("no case was played")
    return Healthy(errand.name, passed, tuple(wrong), result.seconds)
