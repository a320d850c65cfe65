"""`python -m tests.resilience [PART...] [--store | --page]`: measure what the servers survive, and write it down.

Rule: exit code 0 only when every promise of every part was kept; a part is stored as soon as it is done, so that what
ends a later one loses nothing. Neighbours: `part` (what a part is), the packages beside this file (the parts).
"""

import argparse
import sys
import time
from importlib import import_module
from typing import TextIO

from loadtests.signals import INTERRUPTED, leave_on_sigterm
from tests.resilience.part import Measured, Part

PARTS = ("faults", "cancellation", "sessions", "drain", "limits", "soak")


def part(name: str) -> Part[Measured]:
    """The part of this name; only its own package is imported."""
    found: Part[Measured] = import_module(f"tests.resilience.{name}").PART
    return found


def main(words: list[str] | None = None) -> int:
    """Play what is asked for."""
    parser = _parser()
    asked = parser.parse_args(words)
    if unknown := sorted({*asked.parts} - {*PARTS}):
        parser.error(f"there is no part {unknown[0]!r}; choose from {', '.join(PARTS)}")
    leave_on_sigterm()
    parts = [part(name) for name in asked.parts or PARTS]
    if asked.page:
        for one in parts:
            one.store(one.load())
        return 0
    try:
        broken = [sentence for one in parts for sentence in _play(one, store=asked.store)]
    except KeyboardInterrupt:
        _say("resilience: interrupted; what was stored before is kept", sys.stderr)
        return INTERRUPTED
    _say(f"{len(parts)} parts, {len(broken)} broken promises")
    return 1 if broken else 0


def _play(one: Part[Measured], *, store: bool) -> tuple[str, ...]:
    _say(f"{one.name}: {one.title}; about {one.minutes:g} min")
    began = time.monotonic()
    measured = one.measure(lambda text: _say(f"  {text}"))
    if store:
        one.store(measured)
    for sentence in measured.broken:
        _say(f"  BROKEN: {sentence}")
    _say(f"{one.name}: {len(measured.broken)} broken, {time.monotonic() - began:.0f} s")
    return measured.broken


def _say(text: str, to: TextIO = sys.stdout) -> None:
    to.write(f"{text}\n")
    to.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.resilience", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none: all")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--store", action="store_true", help="write docs/results/resilience and docs/resilience")
    what.add_argument("--page", action="store_true", help="write the pages again from what is stored; measure nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
