"""`python -m loadtests.growth [--quick] [--store | --page]`: how each deployment grows, and write it down.

Rule: a whole measurement or none; `--quick` shows in two minutes that all of it works. Neighbours: `play`, `page`.
"""

from __future__ import annotations

import argparse
import sys

from loadtests.errors import UserError
from loadtests.growth import model, page, play
from loadtests.growth.shapes import SHAPES
from loadtests.growth.sizes import FULL, QUICK
from loadtests.signals import INTERRUPTED, leave_on_sigterm


def main(words: list[str] | None = None) -> int:
    """Measure, print the page, and store it with its charts if that is asked for."""
    asked = _parser().parse_args(words)
    leave_on_sigterm()
    if asked.page:
        page.write(model.load())
        return 0
    size = QUICK if asked.quick else FULL
    _say(f"growth: about {size.minutes:g} min")
    try:
        measured = play.play(size, _say, tuple(asked.only))
    except KeyboardInterrupt:
        return INTERRUPTED
    except UserError as error:
        _say(f"growth: {error}")
        return 2
    if asked.store:
        page.store(measured)
    print(page.page(measured))  # noqa: T201 - a command
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests.growth", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the smallest measurement that is whole: two minutes")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--store", action="store_true", help="write docs/results/growth.json, the charts and the page")
    what.add_argument("--page", action="store_true", help="write page and charts again from what is stored")
    what.add_argument("--only", nargs="+", default=[], choices=SHAPES, metavar="CURVE", help="to look at; not stored")
    return parser


if __name__ == "__main__":
    sys.exit(main())
