"""`python -m tests.mutants`: break the servers in one place each, and see that the suite notices every time.

Rule: exit code 0 only when every mutant was killed and the cases that killed pass on healthy copies. Neighbours:
`table` (the mutants), `campaign` (runs them), `report` (tells).
"""

import argparse
import sys
from pathlib import Path
from typing import TextIO

from loadtests.errors import UserError
from tests.mutants import report
from tests.mutants.campaign import Healthy, Options, campaign
from tests.mutants.table import FOLDER, load_mutants, pick
from tests.mutants.verdict import Verdict

INTERRUPTED = 130


def main(words: list[str] | None = None) -> int:
    """Run what is asked for."""
    asked = _parser().parse_args(words)
    if asked.store and (asked.names or asked.whole):
        _say("mutants: --store is for all mutants and their own clauses; leave out names and --whole", sys.stderr)
        return 2
    try:
        chosen = pick(load_mutants(asked.table), asked.names)
        seconds = report.seconds(report.load())
        came = campaign(chosen, Options(asked.whole, asked.jobs, seconds), _tell)
    except UserError as error:
        _say(f"mutants: {error}", sys.stderr)
        return 2
    except KeyboardInterrupt:
        _say("mutants: interrupted; nothing is left behind", sys.stderr)
        return INTERRUPTED
    if asked.store:
        report.store(came)
    _say(f"in {came.seconds:.0f} s, {asked.jobs} at a time")
    _say(report.summary(came))
    return 0 if came.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these mutants")
    parser.add_argument("--whole", action="store_true", help="every case, not only those of the broken clause")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="so many at a time (3)")
    parser.add_argument("--store", action="store_true", help="write docs/results/mutants.json and docs/mutants.md")
    parser.add_argument("--table", type=Path, default=FOLDER, metavar="FOLDER", help="read mutants from this folder")
    return parser


def _tell(told: Verdict | Healthy) -> None:
    _say(report.line(told))


def _say(text: str, to: TextIO = sys.stdout) -> None:
    print(text, file=to, flush=True)


if __name__ == "__main__":
    sys.exit(main())
