"""The load of a run from its first round to its last search, and when it has had enough.

Rule: each round and each search is on disk before the next begins, so whatever ends the load, `run` is what there is.
Targets are taken in and out together: a scenario whose intervals are narrow enough drops out after a whole block, and
nothing is begun that the budget has no room for. Neighbours: play plays a round, knee a search, `analyse.enough` says
how wide the intervals are, progress shows it; compare reports what came of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from loadtests import knee, results
from loadtests.analyse import enough, units
from loadtests.bench import Bench
from loadtests.compare.play import Seat, play
from loadtests.compare.progress import Watch
from loadtests.knee.share import share
from loadtests.knee.start import near
from loadtests.parts import Search
from loadtests.plan import PlannedKnee, PlannedRound
from loadtests.records import Ending
from loadtests.results import Run
from loadtests.targets import Target

Why = Literal["as planned", "narrow enough", "out of time", "interrupted", "failed"]


@dataclass(frozen=True)
class Tools:
    """What a course is run with; tests give their own. `stopped`: whether somebody has asked for the end."""

    bench: Bench
    search: Search
    clock: Callable[[], float] = time.monotonic
    stopped: Callable[[], bool] = lambda: False


class Course:
    """One run's load. `run` grows with every round and search that is over."""

    def __init__(self, run: Run, targets: Mapping[str, Target], tools: Tools, watch: Watch) -> None:
        """`targets` by their deployment's name."""
        self.run = run
        self._targets = targets
        self._tools = tools
        self._watch = watch
        self._began = tools.clock()
        self._narrow: set[str] = set()

    def rounds(self) -> Why:
        """Play the rounds until all are played, all intervals are narrow enough, or the time is over."""
        for block in self._blocks():
            for group in block:
                if not self._room(sum(self.run.plan.cost(one.scenario, one.target) for one in group)):
                    return "out of time"
                for planned in group:
                    self._play(planned)
            self._look(block[0][0].block)
            if self._narrow >= {scenario.name for scenario in self.run.plan.scenarios}:
                return "narrow enough"
        return "as planned"

    def knees(self) -> None:
        """Search each target's knee in each scenario that has one; each has time for as many probes as the others."""
        plan = self.run.plan
        wanted = [(planned, target) for planned in plan.knees for target in plan.compared]
        for number, (planned, target) in enumerate(wanted):
            self._go_on()
            self._watch.searches(planned, target.name)
            place = knee.Place(
                cores=self.run.environment.pinning,
                logs=self.run.folder / "logs",
                ceiling=self.run.ceiling,
                deadline=self._share([each for each, _ in wanted[number:]]),
                near=near(self.run, planned, target.name),
                tell=self._watch.tell,
                seed=plan.seed,
                stopped=self._tools.stopped,
                model=plan.model,
            )
            self._search(planned, self._targets[target.deployment], place)

    def ending(self, why: Why) -> Ending:
        """Why the load ended, and how many whole blocks each scenario has had."""
        note = f"The load took {units.duration(self._tools.clock() - self._began)}."
        return Ending(why=why, note=note, blocks=dict(self._whole_blocks()))

    def _blocks(self) -> Iterator[list[list[PlannedRound]]]:
        """Block after block: the rounds of each scenario that is still to be played."""
        for _, block in groupby(self.run.plan.rounds, key=lambda planned: planned.block):
            groups = [list(rounds) for _, rounds in groupby(block, key=lambda planned: planned.scenario)]
            yield [rounds for rounds in groups if rounds[0].scenario not in self._narrow]

    def _play(self, planned: PlannedRound) -> None:
        run = self.run
        self._go_on()
        self._watch.begins(planned)
        seat = Seat(
            cores=run.environment.pinning,
            log=run.folder / "logs" / f"{planned.number:03d}-{planned.target}.log",
            ceiling=run.ceiling,
            rows=self._rows(),
            model=run.plan.model,
            bare=run.plan.target(planned.target).bare,
        )
        target = self._targets[run.plan.target(planned.target).deployment]
        done = play(planned, run.plan.scenario(planned.scenario).on(planned.target), target, seat, self._tools.bench)
        self.run = results.add(run, done)
        self._watch.finished(done)

    def _search(self, planned: PlannedKnee, target: Target, place: knee.Place) -> None:
        """One search, stored; of one that is interrupted, what was probed."""
        try:
            found = self._tools.search(planned, target, place, self._tools.bench)
        except knee.Interrupted as stop:
            self.run = results.add_knee(self.run, stop.found)
            raise
        self.run = results.add_knee(self.run, found)

    def _go_on(self) -> None:
        """A Ctrl-C that a library's callback has swallowed is heard here."""
        if self._tools.stopped():
            raise KeyboardInterrupt

    def _rows(self) -> Path | None:
        folder = self.run.folder / "rows"
        if self.run.plan.keep_rows:
            folder.mkdir(exist_ok=True)
        return folder if self.run.plan.keep_rows else None

    def _room(self, seconds: float) -> bool:
        limit = self.run.plan.load_seconds
        return limit is None or self._tools.clock() - self._began + seconds <= limit

    def _look(self, block: int) -> None:
        """After a whole block: which scenarios have enough."""
        plan = self.run.plan
        if plan.stop.width is None or block < plan.stop.at_least:
            return
        widths = {s.name: enough.widest(plan, s.name, self.run.rounds) for s in plan.scenarios}
        now = {name for name, width in widths.items() if width is not None and width <= plan.stop.width}
        self._narrow |= now
        self._watch.known(block, {name: width for name, width in widths.items() if name not in self._narrow})

    def _share(self, left: Sequence[PlannedKnee]) -> float | None:
        """Until when (monotonic) the first of these searches may go on."""
        if self.run.plan.stop.minutes is None:
            return None
        now = self._tools.clock()
        return now + share(self._began + 60 * self.run.plan.stop.minutes - now, left)

    def _whole_blocks(self) -> Iterator[tuple[str, int]]:
        for scenario in self.run.plan.scenarios:
            each = len(self.run.plan.players(scenario.name))
            yield scenario.name, sum(done.scenario == scenario.name for done in self.run.rounds) // each
