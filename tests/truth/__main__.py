"""`python -m tests.truth [--store]`: the whole table, under three minutes, and a calibration first if none is stored.

Rule: exit code 1 when a valid round was not true. Neighbours: `table` plays it, `page` renders what `--store` keeps.
"""

import argparse
import sys

from rich.console import Console

from loadtests.calibrate import ensure
from loadtests.calibrate.show import off, why, word
from loadtests.files import write
from loadtests.signals import leave_on_sigterm
from tests.truth import page
from tests.truth.table import STORED, Row, measure


def line(row: Row) -> str:
    """One row for the terminal."""
    step, reasons = row.step, why(row.step)
    return (
        f"{step.framing:<9} {step.users:>5} streams {step.per_second:>8,.0f} events/s at {step.cpu_percent:>3.0f}%  "
        f"{off(step):<42} {step.events_per_read or 0:.2f} a read  {word(step)}{': ' * bool(reasons)}{reasons}"
    )


def main() -> int:
    """Measure, tell, and keep it if asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("--store", action="store_true", help="write docs/results/truth.json and docs/truth.md")
    parser.add_argument("--ceiling", type=float, help="events/s to go up to (default: the calibrated ceiling)")
    options = parser.parse_args()
    leave_on_sigterm()
    console = Console()
    ceiling = options.ceiling or ensure(console).events_per_second
    told = measure(ceiling, lambda row: console.print(line(row), highlight=False, markup=False, soft_wrap=True))
    if options.store:
        write(STORED, told.model_dump_json(indent=1) + "\n")
        page.main()
    return int(any(row.step.untrue and not row.step.refused for row in told.rows))


if __name__ == "__main__":
    sys.exit(main())
