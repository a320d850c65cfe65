"""The proof of the statistics: `python -m tests.statistics`, a minute or two. Ends with 1 where something fails.

Rule: without options it only works out and says; `--record` loads this machine for some minutes and writes the noise,
`--store` writes the JSON and the page that the docs show. Neighbours: `record`, `proof`, `page`.
"""

import argparse
import sys
from pathlib import Path

from loadtests.signals import INTERRUPTED, leave_on_sigterm
from tests.statistics import curve, noise, page, proof
from tests.statistics.record import record


def main() -> int:
    """Record, or prove and say what came of it."""
    asked = _arguments()
    leave_on_sigterm()
    try:
        if asked.record:
            record(asked.blocks, busy=asked.busy).store(asked.noise)
            sys.stdout.write(f"Stored in {asked.noise}\n")
            return 0
        recorded = noise.Noise.read(asked.noise)
        found = proof.prove(recorded)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was stored, and no server is left\n")
        return INTERRUPTED
    said = page.page(recorded, found)
    sys.stdout.write(said)
    if asked.store:
        found.store()
        page.PAGE.write_text(said, "utf-8")
        curve.SVG.write_text(page.curves(recorded, found), "utf-8")
    return int(any(proof.failures(found)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.statistics", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--record", action="store_true", help="play rounds of A against A and of A against A with 2 ms added")
    add("--blocks", type=int, default=24, metavar="N", help="how many, each about 20 s (%(default)s)")
    add("--busy", action="store_true", help="keep refused rounds too, to try the command on a busy machine")
    add("--noise", type=Path, default=noise.STORED, metavar="FILE", help="the recording")
    add("--store", action="store_true", help="write docs/results/statistics.json and docs/statistics.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
