"""The commands that load a server: drive, compare, knee, calibrate, worker.

Rule: options in, one function of the harness called, an exit code out; what is heavy is imported inside.
Neighbours: `options` (what several take), `drive`, `compare`, `knee.command`, `calibrate`, `hosts`.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loadtests.arrivals import Arrivals
from loadtests.cli.options import (
    USUAL,
    Behind,
    FailIf,
    Listen,
    Markdown,
    TargetsFile,
    Workers,
    WorkersWait,
    run_of,
    say,
)
from loadtests.signals import INTERRUPTED, leave_on_sigterm

Scenario = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="chat, async, validation, docs, stream or long-stream.")
]
MaxInFlight = Annotated[
    int, typer.Option("--max-in-flight", metavar="N", help="Open loop: an arrival beyond these is dropped.")
]
Quick = Annotated[bool, typer.Option("--quick", help="A few short rounds; so it is where no other run is asked for.")]
Words = Annotated[
    bool, typer.Option("--words", help="Check what streams say too: the server's model is the one built in.")
]
Full = Annotated[bool, typer.Option("--full", help="Until the intervals are narrow; more levels; the knee.")]
Limits = Annotated[
    bool, typer.Option("--limits", help="Each at its limit and held against its floor: chat and 1,000 streams.")
]
Floors = Annotated[
    bool, typer.Option("--floors/--no-floors", help="Bare apps on the same servers, to hold the targets against.")
]
Width = Annotated[
    float | None, typer.Option(metavar="PERCENT", help="--full: how narrow each interval is to be.", show_default="5")
]
Minutes = Annotated[
    float | None, typer.Option(metavar="N", help="--full: the most load, knees included.", show_default="45")
]
Slo = Annotated[str | None, typer.Option(metavar="TERMS", help="--full: the knee's, as ttft_p99=200ms,errors=0.")]


def drive(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenario: Scenario,
    url: Annotated[str, typer.Option(help="A server that keeps the contract.")],
    key: Annotated[str, typer.Option(help="A key that it accepts.")],
    users: Annotated[int | None, typer.Option(help="Closed loop: this many users.")] = None,
    rate: Annotated[float | None, typer.Option(help="Open loop: this many requests a second.")] = None,
    arrivals: Annotated[Arrivals, typer.Option(help="How an open loop's requests arrive.")] = "constant",
    seconds: Annotated[float, typer.Option(help="How long is measured.")] = 10.0,
    warmup: Annotated[float, typer.Option(help="The longest warm-up before that; over when the load settles.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Of the schedule of arrivals.")] = 1,
    processes: Annotated[int, typer.Option(help="Generator processes (on each host, with --workers).")] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds after which a request has failed.")] = 30.0,
    connections: Annotated[int, typer.Option(help="Open loop: more than these wait for one.")] = 1_000,
    most: MaxInFlight = 1_000,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result here.")] = None,
    rows: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every request here, as CSV.")] = None,
    words: Words = False,
    workers: Workers = None,
    listen: Listen = None,
    workers_wait: WorkersWait = 60.0,
) -> None:
    """Drive one round of load by itself: no gate, no verdict."""
    from loadtests.drive import DriveFailed, DriveSpec  # noqa: PLC0415
    from loadtests.drive import show as driveshow  # noqa: PLC0415 - see the module's rule
    from loadtests.hosts import hosts_of  # noqa: PLC0415

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
        words=words,
        hosts=hosts_of(workers, listen, workers_wait, processes),
    )
    try:
        driveshow.run(spec, Console(), json)
    except KeyboardInterrupt as error:
        say("stopped before the round was over: there are no figures, and no process is left")
        raise typer.Exit(INTERRUPTED) from error
    except DriveFailed as error:  # no mistake of the user's: the generator's own failure, exit code 1
        say(error)
        raise typer.Exit(1) from error


def compare(  # noqa: PLR0913, PLR0917 - one parameter for each option
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET...]", help=f"None: {USUAL}.")] = None,
    quick: Quick = False,
    full: Full = False,
    limits: Limits = False,
    matrix: Annotated[bool, typer.Option("--matrix", help="All deployments, in two regimes.")] = False,
    floors: Floors = True,
    only: Annotated[list[str] | None, typer.Option(metavar="SCENARIO", help="This scenario; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the run's folder is made.")] = Path("results"),
    seed: Annotated[int, typer.Option(help="Of the order of the rounds.")] = 1,
    targets: TargetsFile = None,
    width: Width = None,
    minutes: Minutes = None,
    slo: Slo = None,
    rows: Annotated[bool, typer.Option("--rows", help="Keep every request of the rounds as CSV.")] = False,
    model: Behind = "scripted",
    fail_if: FailIf = None,
    markdown: Markdown = None,
    workers: Workers = None,
    listen: Listen = None,
    workers_wait: WorkersWait = 60.0,
) -> None:
    """Verify, load, judge, report: the whole comparison.

    Exit code 1 when a target fails the suite, no round counts or a --fail-if holds, 3 when one could not be judged.
    """
    from loadtests import compare as comparison  # noqa: PLC0415 - see the module's rule
    from loadtests.hosts import hosts_of  # noqa: PLC0415

    leave_on_sigterm(KeyboardInterrupt())  # whoever ends it, what finished is reported
    options = comparison.CompareOptions(
        targets=tuple(names or ()),
        mode=run_of(quick=quick, full=full, limits=limits, matrix=matrix),
        floors=floors,
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
        model=model,
        hosts=hosts_of(workers, listen, workers_wait),
    )
    raise typer.Exit(comparison.compare(options, Console()))


def knee(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="chat, async or stream.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET...]", help=f"None: {USUAL}.")] = None,
    slo: Annotated[
        str | None, typer.Option(metavar="TERMS", help="What must hold, as ttft_p99=200ms,itl_p99=75ms,errors=0.")
    ] = None,
    minutes: Annotated[float, typer.Option(metavar="N", help="The most that all searches take.")] = 15.0,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every probe here.")] = None,
    seed: Annotated[int, typer.Option(help="Of the schedules of arrivals.")] = 1,
    model: Behind = "scripted",
    targets: TargetsFile = None,
) -> None:
    """Search for the most load that each target holds within an objective."""
    from loadtests.knee import command  # noqa: PLC0415 - see the module's rule

    leave_on_sigterm(KeyboardInterrupt())  # whoever ends it, what was probed is shown and written
    options = command.KneeOptions(scenario, tuple(names or ()), slo, minutes, json, targets, seed, model)
    raise typer.Exit(command.knee(options, Console()))


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
        say("stopped before the limit was found: nothing is stored, and no process is left")
        raise typer.Exit(INTERRUPTED) from error
    except DriveFailed as error:
        say(error)
        raise typer.Exit(1) from error


def worker(
    master: Annotated[str, typer.Option(metavar="HOST[:PORT]", help="What the other machine gives to --listen.")],
    name: Annotated[str, typer.Option(help="What --workers calls this one.", show_default="its host name")] = "",
    processes: Annotated[
        int, typer.Option(min=1, help="Generator processes: as many as `parity drive --processes` says; 1 for compare.")
    ] = 1,
) -> None:
    """Send load for a `parity drive` or `parity compare` on another machine, round after round, until Ctrl-C."""
    from loadtests.hosts import endpoint  # noqa: PLC0415 - see the module's rule
    from loadtests.hosts.worker import WorkerOptions, work  # noqa: PLC0415

    host, port = endpoint(master, "--master")
    raise typer.Exit(work(WorkerOptions(host, port, name, processes), Console()))
