"""The commands that run something to talk to, or hold it to what it should be: serve, upstream, verify, fairness.

Rule: options in, one function of the harness called, an exit code out; what is heavy is imported inside.
Neighbours: `options` (what several take), `serve.foreground`, `upstream.foreground`, `verify`, `fairness.command`.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loadtests.cli.options import USUAL, TargetsFile, run_of


def serve(
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help=f"A deployment, such as {USUAL}; all are in loadtests/targets.toml."),
    ],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8000,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting; may be repeated.")
    ] = None,
    targets: TargetsFile = None,
) -> None:
    """Run one deployment in the foreground and say how to try it.

    The environment's settings hold too; --set wins.
    """
    from loadtests.serve import foreground  # noqa: PLC0415 - see the module's rule

    options = foreground.ServeOptions(target, host, port, tuple(settings or ()), targets)
    raise typer.Exit(foreground.serve(options, Console()))


def fairness(
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET...]", help=f"None: {USUAL}.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Room for a quick run's load; so it is where no other is asked for.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Room for the load of `compare --full`.")] = False,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="All deployments, as `compare --matrix` plays them.")
    ] = False,
    targets: TargetsFile = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write looks and findings here.")] = None,
) -> None:
    """Start each target, look at how it really runs, and say what would make a comparison unfair.

    Exit code 1 when a finding is grave.
    """
    from loadtests.fairness import command  # noqa: PLC0415 - see the module's rule

    options = command.FairnessOptions(tuple(names or ()), run_of(quick=quick, full=full, matrix=matrix), targets, json)
    raise typer.Exit(command.run(options, Console()))


def upstream(  # noqa: PLR0913, PLR0917 - one parameter for each option
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8100,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    key: Annotated[str | None, typer.Option(help="The key that it accepts.", show_default="a new one")] = None,
    ttft: Annotated[float, typer.Option(metavar="S", min=0, help="Seconds until the first token.")] = 0.0,
    itl: Annotated[float, typer.Option(metavar="S", min=0, help="Seconds from token to token.")] = 0.0,
    jitter: Annotated[
        float,
        typer.Option(metavar="SHARE", min=0, max=1, help="Share of --ttft and --itl that may come on top, at random."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the jitter, and of which calls get a fault.")] = 1,
    faults: Annotated[
        str, typer.Option(metavar="NAME,...", help="These befall calls that nobody asked to be spoilt.")
    ] = "",
    fault_rate: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=1, help="Share of calls that get one of --faults.")
    ] = 0.0,
    slow: Annotated[float, typer.Option(metavar="S", min=0, help="The first token of slow-first.")] = 60.0,
) -> None:
    """Run an OpenAI-compatible upstream in the foreground: known words, faults on demand, every token counted."""
    from loadtests.upstream import foreground  # noqa: PLC0415 - see the module's rule
    from loadtests.upstream.options import checked  # noqa: PLC0415

    options = checked(
        key=foreground.new_key() if key is None else key,
        ttft=ttft,
        itl=itl,
        jitter=jitter,
        seed=seed,
        faults=tuple(name.strip() for name in faults.split(",") if name.strip()),
        fault_rate=fault_rate,
        slow=slow,
    )
    raise typer.Exit(foreground.run(options, host, port, Console()))


def verify(  # noqa: PLR0913, PLR0917 - one parameter for each option
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET...|URL]", help=f"Targets, or the URL of a running server. None: {USUAL}."),
    ] = None,
    key: Annotated[str, typer.Option(help="A key that the server at the URL accepts.")] = "",
    second_key: Annotated[str, typer.Option(help="Another such key: more of the contract can be shown.")] = "",
    targets: TargetsFile = None,
    clause: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only the cases of this clause; may be repeated.")
    ] = None,
    expression: Annotated[str, typer.Option("-k", metavar="EXPR", help="Only the cases that match.")] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the page and the files go.", show_default=".parity/verify")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the JUnit file here too.")] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results here too.")] = None,
) -> None:
    """Run the conformance suite: a table, a page to keep, and exit code 0 if nothing was wrong."""
    from loadtests import verify as suite  # noqa: PLC0415 - see the module's rule

    options = suite.VerifyOptions(
        subjects=tuple(subjects or ()),
        key=key,
        second_key=second_key,
        targets_file=targets,
        chosen=suite.Chosen(tuple(clause or ()), expression),
        out=out,
        junit=junit,
        json=json,
    )
    raise typer.Exit(suite.verify(options, Console()))
