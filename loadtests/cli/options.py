"""What several commands take, and how the command line speaks to its user.

Neighbours: `serving`, `loading`, `reading` (the commands).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.console import Console

from loadtests.errors import UserError

if TYPE_CHECKING:
    from loadtests.levels import Mode

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
    named = [name for name in ("full", "limits", "matrix") if asked.get(name)]
    if len(named) > 1:
        raise UserError(f"--{' and --'.join(named)} are different runs; ask for one at a time")
    return cast("Mode", named[0]) if named else "quick"


Workers = Annotated[
    str | None,
    typer.Option(metavar="HOST,...", help="These send the load instead; `parity worker` runs on each. Needs --listen."),
]
Listen = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS[:PORT]", help="Of this machine, where the load hosts reach it.", show_default="5557"),
]
WorkersWait = Annotated[float, typer.Option(metavar="S", help="How long a load host is waited for.")]


def say(error: object) -> None:
    """One sentence, on standard error."""
    Console(stderr=True).print(f"parity: {error}", highlight=False, markup=False, soft_wrap=True)
