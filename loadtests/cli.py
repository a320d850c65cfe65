"""The `parity` command: options in, one function of the harness called, an exit code out.

Rule: no work is done here. What a user can get wrong is a `UserError` and becomes one sentence and exit code 2 in
`main`, nowhere else. Heavy modules are imported by the command that needs them, so `--help` is fast.
Neighbours: `serve.foreground`, `verify`, `drive`, `compare`, `knee.command`, `report`, `diff`.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console

from loadtests.arrivals import Arrivals
from loadtests.errors import UserError
from loadtests.signals import INTERRUPTED, leave_on_sigterm

app = typer.Typer(
    name="parity",
    help="FastAPI and Flask, side by side: one agent API, two equivalent servers, measurements you can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


TargetsFile = Annotated[
    Path | None, typer.Option("--targets", metavar="FILE", help="Targets of your own, laid over the kit's.")
]
FailIf = Annotated[
    list[str] | None,
    typer.Option("--fail-if", metavar="CONDITION", help="Such as 'chat.throughput<0.95'; may be repeated."),
]
Markdown = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write a Markdown summary here.")]
By = Literal["absolute", "relative"]


@app.command()
def serve(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A deployment from loadtests/targets.toml.")],
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


@app.command()
def verify(  # noqa: PLR0913, PLR0917 - one parameter for each option
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET...|URL]", help="Targets, or the URL of a running server."),
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


@app.command()
def drive(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="chat, async, validation, docs or stream.")],
    url: Annotated[str, typer.Option(help="A server that keeps the contract.")],
    key: Annotated[str, typer.Option(help="A key that it accepts.")],
    users: Annotated[int | None, typer.Option(help="Closed loop: this many users.")] = None,
    rate: Annotated[float | None, typer.Option(help="Open loop: this many requests a second.")] = None,
    arrivals: Annotated[Arrivals, typer.Option(help="How an open loop's requests arrive.")] = "constant",
    seconds: Annotated[float, typer.Option(help="How long is measured.")] = 10.0,
    warmup: Annotated[float, typer.Option(help="The longest warm-up before that; over when the load settles.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Of the schedule of arrivals.")] = 1,
    processes: Annotated[int, typer.Option(help="Generator processes.")] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds after which a request has failed.")] = 30.0,
    connections: Annotated[int, typer.Option(help="Open loop: more than these wait for one.")] = 1_000,
    most: Annotated[
        int, typer.Option("--max-in-flight", metavar="N", help="Open loop: an arrival beyond these is dropped.")
    ] = 1_000,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result here.")] = None,
    rows: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every request here, as CSV.")] = None,
) -> None:
    """Drive one round of load by itself: no gate, no verdict."""
    from loadtests.drive import DriveFailed, DriveSpec  # noqa: PLC0415
    from loadtests.drive import show as driveshow  # noqa: PLC0415 - see the module's rule

    spec = DriveSpec(
        scenario=scenario,
        url=url.rstrip("/"),
        key=key,
        users=users,
        rate=rate,
        arrivals=arrivals,
        seconds=seconds,
        warmup=warmup,
        seed=seed,
        processes=processes,
        timeout=timeout,
        connections=connections,
        max_in_flight=most,
        rows=rows,
    )
    try:
        driveshow.run(spec, Console(), json)
    except KeyboardInterrupt as error:
        _say("stopped before the round was over: there are no figures, and no process is left")
        raise typer.Exit(INTERRUPTED) from error
    except DriveFailed as error:  # no mistake of the user's: the generator's own failure, exit code 1
        _say(error)
        raise typer.Exit(1) from error


@app.command()
def compare(  # noqa: PLR0913, PLR0917 - one parameter for each option
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET...]", help="None: the usual three.")] = None,
    full: Annotated[
        bool, typer.Option("--full/--quick", help="Until the intervals are narrow; more levels; the knee.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(metavar="SCENARIO", help="This scenario; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the run's folder is made.")] = Path("results"),
    seed: Annotated[int, typer.Option(help="Of the order of the rounds.")] = 1,
    targets: TargetsFile = None,
    width: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="--full: how narrow each interval is to be.", show_default="5"),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", help="--full: the most load, knees included.", show_default="45")
    ] = None,
    slo: Annotated[
        str | None, typer.Option(metavar="TERMS", help="--full: the knee's, as ttft_p99=200ms,errors=0.")
    ] = None,
    rows: Annotated[bool, typer.Option("--rows", help="Keep every request of the rounds as CSV.")] = False,
    fail_if: FailIf = None,
    markdown: Markdown = None,
) -> None:
    """Verify, load, judge, report: the whole comparison.

    Exit code 1 when a target fails the suite, no round counts or a --fail-if holds, 3 when one could not be judged.
    """
    from loadtests import compare as comparison  # noqa: PLC0415 - see the module's rule

    leave_on_sigterm(KeyboardInterrupt())  # whoever ends it, what finished is reported
    options = comparison.CompareOptions(
        targets=tuple(names or ()),
        mode="full" if full else "quick",
        only=tuple(only or ()),
        targets_file=targets,
        results=out,
        seed=seed,
        width=width,
        minutes=minutes,
        slo=slo,
        rows=rows,
        fail_if=tuple(fail_if or ()),
        markdown=markdown,
    )
    raise typer.Exit(comparison.compare(options, Console()))


@app.command()
def knee(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="chat, async or stream.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET...]", help="None: the usual three.")] = None,
    slo: Annotated[
        str | None, typer.Option(metavar="TERMS", help="What must hold, as ttft_p99=200ms,itl_p99=75ms,errors=0.")
    ] = None,
    minutes: Annotated[float, typer.Option(metavar="N", help="The most that all searches take.")] = 15.0,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every probe here.")] = None,
    seed: Annotated[int, typer.Option(help="Of the schedules of arrivals.")] = 1,
    targets: TargetsFile = None,
) -> None:
    """Search for the most load that each target holds within an objective."""
    from loadtests.knee import command  # noqa: PLC0415 - see the module's rule

    leave_on_sigterm(KeyboardInterrupt())  # whoever ends it, what was probed is shown and written
    options = command.KneeOptions(scenario, tuple(names or ()), slo, minutes, json, targets, seed)
    raise typer.Exit(command.knee(options, Console()))


@app.command()
def calibrate(
    seconds: Annotated[float, typer.Option(min=15, help="How long it may take; more finds the limit closer.")] = 40.0,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every step here.")] = None,
) -> None:
    """Find what the load generator can drive on this machine with figures that are valid and true."""
    from loadtests import calibrate as calibration  # noqa: PLC0415 - see the module's rule
    from loadtests.drive import DriveFailed  # noqa: PLC0415

    try:
        calibration.calibrate(Console(), seconds=seconds, json_file=json)
    except KeyboardInterrupt as error:
        _say("stopped before the limit was found: nothing is stored, and no process is left")
        raise typer.Exit(INTERRUPTED) from error
    except DriveFailed as error:
        _say(error)
        raise typer.Exit(1) from error


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, results/...")],
    fail_if: FailIf = None,
    markdown: Markdown = None,
) -> None:
    """Make a run's report again from its stored rounds, with no load.

    Exit code 1 when a --fail-if holds, 3 when one could not be judged.
    """
    from loadtests.diff import ci  # noqa: PLC0415 - see the module's rule

    raise typer.Exit(ci.report(run, tuple(fail_if or ()), markdown, Console()))


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="The run to compare with: its folder, results/...")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The run that is asked about.")],
    by: Annotated[
        By | None, typer.Option(help="Trust B/A, or the ratio of ratios.", show_default="by the recorded machines")
    ] = None,
    fail_if: FailIf = None,
    markdown: Markdown = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every figure here.")] = None,
) -> None:
    """Hold one run against another: what changed, how sure that is, and what differs around it.

    Exit code 0, or with conditions 1 when one holds and 3 when one could not be judged.
    """
    from loadtests import diff as differ  # noqa: PLC0415 - see the module's rule

    options = differ.DiffOptions(a, b, by=by, fail_if=tuple(fail_if or ()), markdown=markdown, json=json)
    raise typer.Exit(differ.diff(options, Console()))


def main() -> NoReturn:
    """Run the command; say a user's mistake in one sentence."""
    try:
        leave_on_sigterm()
        app()
    except UserError as error:
        _say(error)
        sys.exit(2)
    except KeyboardInterrupt:  # one more, when the command had ended already
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left that one could stop
    sys.exit(0)


def _say(error: object) -> None:
    Console(stderr=True).print(f"parity: {error}", highlight=False, markup=False, soft_wrap=True)
