"""Shows one round of load in the terminal, and is what `parity drive` calls.

Rule: a short table of figures, then what went wrong, then whether the round can be trusted: a figure is never shown
without that. Neighbours: `drive` plays the round, `result` has the fields, `cli` has the options.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from loadtests.drive import DriveSpec, RowsLost, drive
from loadtests.drive.histogram import Quantiles
from loadtests.drive.result import DriveResult
from loadtests.drive.totals import Warmup
from loadtests.errors import UserError

SHOWN_REASONS: Final = 5


def run(spec: DriveSpec, console: Console, json_file: Path | None = None) -> DriveResult:
    """Play one round, show it and store what was asked for. Raises as `drive` does.

    A file that cannot be is told before the load; one that turns out not to fit, after the figures were shown.
    """
    for option, file in (("--json", json_file), ("--rows", spec.rows)):
        _check(option, file)
    load = f"{spec.load.users} users" if spec.rate is None else f"{spec.rate:g} requests/s, {spec.arrivals}"
    said = f"{spec.scenario}: {load}, at most {spec.warmup:g} s warm-up and {spec.seconds:g} s measured"
    lost: RowsLost | None = None
    if spec.hosts is not None:
        console.print(spec.hosts.told, highlight=False, markup=False, soft_wrap=True)
    with console.status(said):
        try:
            result = drive(spec)
        except RowsLost as error:
            result, lost = error.result, error
    show(result, console)
    if json_file is not None:
        _store(json_file, result)
    if lost is not None:
        raise lost
    return result


def _check(option: str, file: Path | None) -> None:
    if file is not None and not file.parent.is_dir():
        raise UserError(f"there is no folder {file.parent} for {option}; make it first")
    if file is not None and file.is_dir():
        raise UserError(f"{file} is a folder; name a file with {option}")


def _store(file: Path, result: DriveResult) -> None:
    try:
        file.write_text(result.model_dump_json(indent=2) + "\n", "utf-8")
    except OSError as error:
        if file.is_file():
            file.unlink()  # half a result is none
        raise UserError(f"the result cannot be written to {file}: {error.strerror}; choose another --json") from error


def show(result: DriveResult, console: Console) -> None:
    """The round as a table, with its failures and whether it is valid."""
    table = Table(title=f"{result.scenario}, {result.seconds:g} s", title_justify="left")
    table.add_column("ms")
    for name in ("p50", "p95", "p99", "max", "count"):
        table.add_column(name, justify="right")
    for name, figures in _distributions(result):
        values = (figures.p50, figures.p95, figures.p99, figures.max)
        table.add_row(name, *(f"{value:,.1f}" for value in values), f"{figures.count:,}")
    console.print(table)
    for line in _lines(result):
        console.print(line, soft_wrap=True)


def _distributions(result: DriveResult) -> Iterator[tuple[str, Quantiles]]:
    yield "latency", result.latency_ms
    if result.load.rate is not None:
        yield "latency from intended", result.latency_intended_ms
    yield "TTFB", result.ttfb_ms
    streamed = (("TTFT", result.ttft_ms), ("ITL", result.itl_ms), ("longest gap", result.longest_gap_ms))
    yield from ((name, figures) for name, figures in streamed if figures is not None)
    for name, group in result.groups.items():
        yield f"latency, {name}", group.latency_ms


def _lines(result: DriveResult) -> Iterator[str]:
    requests, flight = result.requests, result.in_flight
    yield _warmup(result.warmup)
    yield (
        f"{result.throughput:,.1f} requests/s, {result.goodput:,.1f} of them within the SLO; "
        f"in flight {flight.mean:.1f} (by Little's law {flight.littles_law:.1f}, at most {flight.max})"
    )
    if requests.offered:
        yield f"{requests.offered:,} offered, {requests.dropped:,} dropped, {requests.late:,} late"
    if result.streams is not None:
        yield f"{result.streams.completed:,} streams completed, {result.streams.truncated:,} truncated"
    if result.itl_reliable is False:
        yield f"[yellow]ITL is unreliable: {result.events_per_read:.2f} token events a read, over 1.05[/]"
    worst = sorted(result.error_samples.items(), key=lambda item: -item[1].count)
    for reason, sample in worst[:SHOWN_REASONS]:
        yield f"[red]{sample.count:,} times {escape(reason)}[/]; the first: {escape(sample.example)}"
    generator = result.generator
    health = f"generator at {generator.cpu_percent:.0f}% CPU, hub lag p99 {generator.hub_lag_p99_ms:.1f} ms"
    if generator.valid:
        yield f"[green]Valid[/]: {health}"
    else:
        yield f"[red]Do not trust this round[/] ({health}): {escape('; '.join(generator.reasons))}"


def _warmup(warmup: Warmup) -> str:
    if not warmup.limit:
        return "no warm-up"
    discarded = f"warm-up: {warmup.seconds:.1f} s discarded"
    if warmup.settled:
        return f"{discarded}, then throughput and latency had settled"
    return f"[yellow]{discarded}, its longest: throughput and latency had not settled[/]"
