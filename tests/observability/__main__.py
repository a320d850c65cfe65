"""`python -m tests.observability [--store]`: measure what metrics and traces cost; 10 minutes on a quiet machine.

Neighbours: `cost` (measures), `cost_page` (writes it down).
"""

import argparse
import sys

from tests.observability import cost, cost_page


def main() -> int:
    """Measure, print the page, and store it if that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.observability", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--store", action="store_true", help="write docs/results/observability.json and its page")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    asked = parser.parse_args()
    measured = cost.measure(asked.rounds, requests=2000, streams=500, tell=lambda text: print(text, file=sys.stderr))  # noqa: T201 - a command
    if asked.store:
        cost_page.store(measured)
    print(cost_page.page(measured))  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
