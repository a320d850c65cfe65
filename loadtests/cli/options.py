"""What several commands take, and how the command line speaks to its user.

Neighbours: `serving`, `loading`, `reading` (the commands).
"""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.console import Console
from typer.core import TyperCommand

from loadtests.errors import UserError

if TYPE_CHECKING:
    from loadtests.levels import Mode

USUAL = "fastapi-uvicorn, flask-gthread, flask-gevent"
"""What a command takes that is given no target: `loadtests.targets.DEFAULT_TARGETS`, which a test holds this to."""

TargetsFile = Annotated[
    Path | None, typer.Option("--targets", metavar="FILE", help="Targets of your own, laid over the kit's.")
]
FailIf = Annotated[
    list[str] | None,
    typer.Option("--fail-if", metavar="CONDITION", help="Such as 'chat.throughput<0.95'; may be repeated."),
]
Markdown = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write a Markdown summary here.")]
By = Literal["absolute", "relative"]
Behind = Annotated[
    Literal["scripted", "upstream"],
    typer.Option("--model", help="What answers behind the servers: their own model, or an OpenAI-compatible server."),
]


def run_of(**asked: bool) -> "Mode":
    """Which of the four runs: quick where nothing else is asked for; two at once is a `UserError`."""
    named = [name for name in ("quick", "full", "limits", "matrix") if asked.get(name)]
    if len(named) > 1:
        raise UserError(f"--{' and --'.join(named)} are different runs; ask for one at a time")
    return cast("Mode", named[0] if named else "quick")


Workers = Annotated[
    str | None,
    typer.Option(metavar="HOST,...", help="These send the load instead; `parity worker` runs on each. Needs --listen."),
]
Listen = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS[:PORT]",
        help="This machine's address as the load hosts reach it; port 5557 unless given.",
        show_default=False,
    ),
]
WorkersWait = Annotated[float, typer.Option(metavar="S", help="How long a load host is waited for.")]


class Finite(TyperCommand):
    """A command that takes no nan and no infinity: Python reads both as numbers, and hardly a bound stops them."""

    def invoke(self, ctx: Any) -> Any:
        """Refuse them, whatever the option; then run."""
        for option in self.params:
            value = ctx.params.get(option.name)
            if isinstance(value, float) and not isfinite(value):
                raise UserError(f"{option.opts[0]} must be a number, not {value:g}; give one like 10 or 0.5")
        return super().invoke(ctx)


def say(error: object) -> None:
    """One sentence, on standard error."""
    Console(stderr=True).print(f"parity: {error}", highlight=False, markup=False, soft_wrap=True)
