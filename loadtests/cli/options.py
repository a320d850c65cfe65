"""What several commands take, and how the command line speaks to its user.

Neighbours: `serving`, `loading`, `reading` (the commands).
"""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

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


def say(error: object) -> None:
    """One sentence, on standard error."""
    Console(stderr=True).print(f"parity: {error}", highlight=False, markup=False, soft_wrap=True)
