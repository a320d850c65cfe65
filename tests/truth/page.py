"""Writes docs/truth.md and docs/calibration.md from the stored runs in docs/results/; a test holds the pages to them.

Rule: no number is typed by hand. `python -m tests.truth.page` writes both. Neighbours: `table` and
`loadtests.calibrate` make what is stored, `changed` has the words on the generator.
"""

from collections.abc import Iterator
from pathlib import Path

from loadtests.calibrate import Calibration
from loadtests.calibrate.schedule import FRAMINGS
from loadtests.calibrate.show import off, why, word
from loadtests.calibrate.step import UNITS, Step
from tests.truth.changed import CHANGED
from tests.truth.table import DOCS, Row, Truth, load

TRUTH, CALIBRATION = DOCS / "truth.md", DOCS / "calibration.md"
BEFORE, NOW = DOCS / "results" / "calibration-before.json", DOCS / "results" / "calibration.json"

TRUTH_HEAD = """\
# Are the figures true?

A server with a known schedule writes down when it really sent each event, just before each write. The load generator's
TTFT and ITL must be that record's: within 1 ms at p50 and 2 ms at p99, with every event counted, however the events are
framed, up to what the generator can drive (`parity calibrate`). Gaps between tokens are uneven on purpose (25, 50 and
75 ms), so that no mean passes for a distribution. A round that the generator's own gates refuse is no untruth: it would
not have counted. Written by `python -m tests.truth --store`; a small part of it is in `make test`.
"""
CALIBRATION_HEAD = """\
# What the load generator can drive

`parity calibrate` raises the load against a server that writes down when it really sent, until the generator's figures
are refused (CPU over 60%, hub lag p99 over 2 ms, errors) or are not those of that record (1 ms at p50, 2 ms at p99).
Rounds of a comparison that come within a tenth of the result are refused. Written by `python -m tests.truth.page`.
"""
STEPS = (
    "| scenario | users | a second | CPU | hub lag p99 | generator minus record, ms: p50, p99 | a core | verdict |\n"
    "|---|---:|---:|---:|---:|---|---:|---|\n"
)
ROWS = (
    "| framing | streams | events/s | CPU | TTFT p50, p99: seen | recorded | ITL p50, p99: seen | recorded "
    "| a read | verdict |\n|---|---:|---:|---:|---|---|---|---|---:|---|\n"
)


def truth_page(truth: Truth) -> str:
    """docs/truth.md."""
    good = [row.step for row in truth.rows if row.step.good]
    most = max((step.per_second for step in good), default=0)
    untrue = sum(bool(row.step.untrue and not row.step.refused) for row in truth.rows)
    told = (
        f"\n**{len(good)} of {len(truth.rows)} rows are true, {untrue} untrue, up to {most:,.0f} events/s** "
        f"(calibrated: {truth.events_per_second:,.0f}). {truth.machine}; {truth.cores}. {truth.measured_at}, "
        f"{truth.seconds:.0f} s.\n\n"
    )
    kinds = "".join(f"- {framing.name}: {framing.what}\n" for framing in FRAMINGS.values())
    return TRUTH_HEAD + told + ROWS + "".join(map(_row, truth.rows)) + f"\nTimes in ms.\n\n{kinds}"


def _row(row: Row) -> str:
    step = row.step
    figures = (
        f"{pair.p50:.1f}, {pair.p99:.1f} | {pair.recorded_p50:.1f}, {pair.recorded_p99:.1f}"
        for pair in (step.figures["ttft"], step.figures["itl"])
    )
    return (
        f"| {step.framing} | {step.users:,} | {step.per_second:,.0f} | {step.cpu_percent:.0f}% | "
        f"{' | '.join(figures)} | {step.events_per_read or 0:.2f} | {_verdict(step)} |\n"
    )


def calibration_page(before: Calibration, now: Calibration) -> str:
    """docs/calibration.md."""
    return "".join((CALIBRATION_HEAD, *_section("Now", now), *_section("Before", before), f"\n{CHANGED}"))


def _section(title: str, calibration: Calibration) -> Iterator[str]:
    ceiling = calibration.ceiling
    yield f"\n## {title}\n\n"
    for amount, unit, cpu, least in (
        (ceiling.events_per_second, "events/s", ceiling.cpu_percent_at_events, ceiling.events_at_least),
        (ceiling.requests_per_second, "requests/s", ceiling.cpu_percent_at_requests, ceiling.requests_at_least),
    ):
        per_core = amount / cpu * 100 if cpu else 0
        yield f"- **{'at least ' * least}{amount:,.0f} {unit}** at {cpu:.0f}% of a core: {per_core:,.0f} a core\n"
    yield f"\n{ceiling.machine}; {calibration.cores}. {ceiling.measured_at}, {ceiling.seconds:.0f} s.\n\n{STEPS}"
    yield from map(_step, calibration.steps)


def _step(step: Step) -> str:
    return (
        f"| {step.scenario} | {step.users:,} | {step.per_second:,.0f} {UNITS[step.scenario]} | {step.cpu_percent:.0f}% "
        f"| {step.hub_lag_p99_ms:.1f} ms | {off(step)} | {step.per_core:,.0f} | {_verdict(step)} |\n"
    )


def _verdict(step: Step) -> str:
    said = {"good": "true"}.get(word(step), word(step))
    return said if step.good else f"{said}: {why(step)}"


def read(path: Path) -> Calibration:
    """A stored calibration."""
    return Calibration.model_validate_json(path.read_bytes())


def main() -> None:
    """Write both pages."""
    TRUTH.write_text(truth_page(load()), encoding="utf-8")
    CALIBRATION.write_text(calibration_page(read(BEFORE), read(NOW)), encoding="utf-8")


if __name__ == "__main__":
    main()
