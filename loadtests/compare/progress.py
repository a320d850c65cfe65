"""What runs now, how far it is, and how long is left.

Rule: shows, decides nothing, and draws only between rounds. Time left is the plan's estimate of the rounds to come,
scaled by how the finished ones compared with theirs. Refused rounds are printed at once, so nobody waits for the
end to learn of them.
Neighbours: compare tells it when rounds begin and finish.
"""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from loadtests.analyse.units import duration
from loadtests.plan import Plan, PlannedRound
from loadtests.results import Round


class Watch:
    """A progress line for the length of a `with`; where there is no terminal, one line a finished round."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._spent = self._expected = 0.0
        self._progress = Progress(
            TextColumn("round {task.fields[number]} of {task.fields[rounds]}"),
            BarColumn(bar_width=24),
            TextColumn("[bold]{task.description}[/bold]"),
            TextColumn("about {task.fields[left]} left"),
            console=console,
            auto_refresh=False,  # drawing would take milliseconds of the generator's core, in the middle of a round
            transient=True,
        )
        self._task = self._progress.add_task(
            "starting", total=plan.seconds, number=0, rounds=len(plan.rounds), left=duration(plan.seconds)
        )

    def __enter__(self) -> Watch:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begins(self, planned: PlannedRound) -> None:
        """A round starts."""
        text = f"{planned.scenario} on {planned.target}"
        self._progress.update(self._task, description=text, number=planned.number, left=duration(self.left))
        self._progress.refresh()

    def finished(self, done: Round) -> None:
        """A round is over and stored."""
        cost = self._plan.scenario(done.scenario).cost
        self._spent += done.seconds
        self._expected += cost
        self._progress.update(self._task, advance=cost, left=duration(self.left))
        self._progress.refresh()
        if not done.good:
            reasons = escape("; ".join(done.reasons))
            self._console.print(
                f"[red]refused[/red] round {done.number} ({done.scenario} on {done.target}): {reasons}", highlight=False
            )
        elif not self._console.is_terminal:
            self._console.print(
                f"round {done.number} of {len(self._plan.rounds)}: {done.scenario} on {done.target}, "
                f"{done.seconds:.1f} s, about {duration(self.left)} left",
                highlight=False,
            )

    @property
    def left(self) -> float:
        """Seconds of wall clock until the last round is over, as far as can be told."""
        pace = self._spent / self._expected if self._expected else 1.0
        return max(0.0, self._plan.seconds - self._expected) * pace
