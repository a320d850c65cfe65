"""What answers behind a loaded server: the model built into it, or a model server in a process of its own.

Rule: a scenario's TTFT and ITL are the model's own times, whichever it is; a model server is as fresh as the server in
front of it, and what it has counted is asked for when no call is open, or not at all. Its address and key are new each
time and are not kept. Neighbours: `bench` has the parts, `upstream` the model server, `compare.play` and `knee` load
what stands in front, `proof` holds the counts against what the clients received.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from loadtests.bench import Bench, Modelling, cpus
from loadtests.drive import DriveFailed
from loadtests.levels import Model
from loadtests.measure import Meter
from loadtests.measure.environment import Cores
from loadtests.records import Added
from loadtests.scenarios import find, own_time
from loadtests.upstream import Stats

PATIENCE: Final = 5.0  # seconds until a call that was left behind is over: a server notices at its second write
POLL: Final = 0.02
NOT_KEPT: Final = frozenset({"OPENAI_BASE_URL", "OPENAI_API_KEY"})


@dataclass(frozen=True)
class Behind:
    """`settings` are the server's; `times` hold the model's own, by the names that a reader knows them by."""

    settings: Mapping[str, str]
    times: Mapping[str, str]
    upstream: Modelling | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """What is kept of it, as NAME=value."""
        kept = {name: value for name, value in (*self.settings.items(), *self.times.items()) if name not in NOT_KEPT}
        return tuple(f"{name}={value}" for name, value in sorted(kept.items()))

    def metered(self) -> AbstractContextManager[Meter]:
        """A look at the model server's process while the block lasts; with none there is nothing to see."""
        return nullcontext(Meter(list)) if self.upstream is None else Meter(self._processes)

    def counted(self) -> Stats | None:
        """What the model server has counted, once no call is open; `DriveFailed` when one stays open."""
        if self.upstream is None:
            return None
        latest = time.monotonic() + PATIENCE
        while (stats := self.upstream.stats()).open:
            if time.monotonic() > latest:
                raise DriveFailed(f"the model server still had {stats.open} calls open after {PATIENCE:g} s of no load")
            time.sleep(POLL)
        return stats

    def added(self) -> Added | None:
        """What the model server added to its own times; None where there is none, or it had nothing to say."""
        calls = self.upstream.calls() if self.upstream else ()
        first, gap = own_time(self.times, "TTFT")[1], own_time(self.times, "ITL")[1]
        late = sorted(
            1e3 * (call.ended - call.began - first - gap * max(0, call.tokens - 1))
            for call in calls
            if call.ended is not None and call.outcome == "completed"
        )
        if not late:
            return None
        p50, p99 = (round(late[int(share * (len(late) - 1))], 3) for share in (0.5, 0.99))
        return Added(calls=len(late), p50_ms=p50, p99_ms=p99)

    def _processes(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(self.upstream.pid)] if self.upstream else []
        return []


@contextmanager
def model(which: Model, scenario: str, bench: Bench, cores: Cores, log: Path, seed: int = 1) -> Iterator[Behind]:
    """The model of this scenario for the length of the block. `log` takes what a model server prints."""
    own, named = find(scenario).settings, times(which, scenario)
    if which == "scripted":
        yield Behind(own, named)
        return
    first, gap = own_time(own, "TTFT")[1], own_time(own, "ITL")[1]
    with bench.upstream(ttft=first, itl=gap, seed=seed, cpus=cpus(cores.upstream), log=log) as running:
        kept = {name: value for name, value in own.items() if not name.startswith("SCRIPTED_")}
        yield Behind({**kept, **running.settings}, named, running)


def times(which: Model, scenario: str) -> Mapping[str, str]:
    """The model's own times in this scenario: SCRIPTED_TTFT and SCRIPTED_ITL, or UPSTREAM_… where they are its."""
    own = {name: value for name, value in find(scenario).settings.items() if name.startswith("SCRIPTED_")}
    return own if which == "scripted" else {name.replace("SCRIPTED", "UPSTREAM"): each for name, each in own.items()}
