"""`python -m tests.layers [--quick] [--store | --page]`: what each layer of the twins costs, and write it down.

Rule: a whole measurement or none; `--quick` shows in a minute that all of it works. Neighbours: `measure`, `page`.
"""

import argparse
import sys

from loadtests.signals import INTERRUPTED, leave_on_sigterm
from tests.layers import measure, model, page
from tests.layers.sizes import FULL, QUICK


def main(words: list[str] | None = None) -> int:
    """Measure, print the page, and store both if that is asked for."""
    asked = _parser().parse_args(words)
    leave_on_sigterm()
    if asked.page:
        page.store(model.load())
        return 0
    size = QUICK if asked.quick else FULL
    print(f"layers: about {size.minutes:g} min", file=sys.stderr, flush=True)  # noqa: T201 - a command
    try:
        measured = measure.measure(size, lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201 - as above
    except KeyboardInterrupt:
        return INTERRUPTED
    if asked.store:
        page.store(measured)
    print(page.page(measured))  # noqa: T201 - as above
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.layers", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the smallest measurement that is whole: a minute")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--store", action="store_true", help="write docs/results/layers.json, its chart and its page")
    what.add_argument("--page", action="store_true", help="write page and chart again from what is stored")
    return parser


if __name__ == "__main__":
    sys.exit(main())
