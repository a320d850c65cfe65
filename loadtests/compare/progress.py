"""What runs now, what is known so far, and how long is left.

Rule: shows, decides nothing, and draws only between rounds. Time left is the plan's estimate of what is to come,
scaled by how the finished rounds compared with theirs, and never more than the budget has left. Refused rounds are
printed at once, so nobody waits for the end to learn of them.
Neighbours: course tells it what begins, what is over and what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from loadtests.analyse.units import duration
from loadtests.plan import Plan, PlannedKnee, PlannedRound
from loadtests.records import Round


class Watch:
    """A progress line for the length of a `with`; where there is no terminal, one line a finished round."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._spent = self._expected = 0.0
        self._open = {scenario.name for scenario in plan.scenarios}
        self._done: set[int] = set()
        self._progress = Progress(
            TextColumn("{task.fields[where]}"),
            BarColumn(bar_width=24),
            TextColumn("[bold]{task.description}[/bold]"),
            TextColumn("{task.fields[known]}"),
            TextColumn("{task.fields[left]}"),
            console=console,
            auto_refresh=False,  # drawing would take milliseconds of the generator's core, in the middle of a round
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=plan.seconds, where="", known="", left="")

    def __enter__(self) -> Watch:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begins(self, planned: PlannedRound) -> None:
        """A round starts."""
        where = f"block {planned.block}{self._of_blocks}, round {planned.number}"
        text = f"{planned.scenario} on {planned.target}"
        self._show(description=text, where=where, left=f"about {duration(self.left)} left")

    def finished(self, done: Round) -> None:
        """A round is over and stored."""
        self._done.add(done.number)
        self._spent += done.seconds
        self._expected += self._plan.cost(done.scenario, done.target)
        self._show(completed=self._spent, total=self._spent + self.left, left=f"about {duration(self.left)} left")
        if not done.good:
            reasons = escape("; ".join(done.reasons))
            self._say(f"[red]refused[/red] round {done.number} ({done.scenario} on {done.target}): {reasons}")
        elif done.left_out:
            loads = ", ".join(driven.level.label for driven in done.left_out)
            self._say(
                f"[yellow]left out[/yellow] of round {done.number} ({done.scenario} on {done.target}): {loads}, "
                "which the generator did not keep up with"
            )
        elif not self._console.is_terminal:
            of = f" of {len(self._plan.rounds)}" if self._plan.stop.width is None else f", block {done.block}"
            self._say(
                f"round {done.number}{of}: {done.scenario} on {done.target}, "
                f"{done.seconds:.1f} s, about {duration(self.left)} left"
            )

    def known(self, block: int, widths: Mapping[str, float | None]) -> None:
        """After a block: the scenarios that go on, each with the width of its widest interval (None: unknown)."""
        for name in sorted(self._open - set(widths)):
            self._say(f"{name}: every interval is narrower than {self._plan.stop.width or 0:.0%}, no more rounds")
        self._open = set(widths)
        wide = {name: width for name, width in widths.items() if width is not None}
        worst = max(wide, key=lambda name: wide[name], default=None)
        known = f"widest interval {wide[worst]:.1%} ({worst})" if worst else ""
        self._show(known=known)
        if worst and not self._console.is_terminal:
            self._say(f"after block {block}: {known}, wanted {self._plan.stop.width or 0:.0%}")

    def searches(self, planned: PlannedKnee, target: str) -> None:
        """A search for a knee starts."""
        self._show(description=f"{planned.scenario} on {target}", where="knee", known="", left="")
        if not self._console.is_terminal:
            self._say(f"searching the knee: {planned.scenario} on {target}, {planned.slo}")

    def tell(self, text: str) -> None:
        """What a search has found so far."""
        self._show(known=escape(text))
        if not self._console.is_terminal:
            self._say(escape(text))

    @property
    def left(self) -> float:
        """Seconds of wall clock until the last round is over, as far as can be told."""
        pace = self._spent / self._expected if self._expected else 1.0
        to_come = (p for p in self._plan.rounds if p.number not in self._done and p.scenario in self._open)
        planned = pace * sum(self._plan.cost(p.scenario, p.target) for p in to_come)
        budget = self._plan.load_seconds
        return planned if budget is None else max(0.0, min(planned, budget - self._spent))

    @property
    def _of_blocks(self) -> str:
        return f" of {self._plan.rounds[-1].block}" if self._plan.stop.width is None else ""

    def _show(self, **fields: object) -> None:
        self._progress.update(self._task, **fields)  # type: ignore[arg-type]  # its own fields and ours
        self._progress.refresh()

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False)
