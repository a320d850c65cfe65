"""The long run: `python -m tests.fuzz --requests 100000`. Ends with 1 where something was found.

Rule: starts the two targets itself, as the tests do, and ends them, also after Ctrl-C and SIGTERM (exit code
130). Writes the result as JSON and as Markdown.
Neighbours: `run` (plays), `tally` (counts), `page` (words).
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from loadtests.errors import UserError
from loadtests.serve import ROOT
from loadtests.signals import INTERRUPTED, leave_on_sigterm
from loadtests.targets import Target, load_targets, pick
from tests.conformance.fixtures import started
from tests.fuzz.page import summary
from tests.fuzz.pair import Pair
from tests.fuzz.run import Plan, fuzz
from tests.fuzz.tally import Result, Tally

OUT = ROOT / "results" / "fuzz.json"
PACKAGES = ("hypothesis", "uvicorn", "httptools", "fastapi", "gunicorn", "gevent", "flask")


def main() -> int:
    """Run, store, and say what came of it."""
    asked = _arguments()
    leave_on_sigterm(KeyboardInterrupt())  # Hypothesis takes SystemExit for a find, and would shrink it
    try:
        chosen = pick(load_targets(asked.targets_file), asked.targets)
        result = _run(chosen, asked)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before the first request; no server is left\n")
        return INTERRUPTED
    result.store(asked.out)
    said = summary(result)
    asked.out.with_suffix(".md").write_text(said, encoding="utf-8")
    sys.stdout.write(f"\n{said}\nStored in {asked.out}\n")
    return INTERRUPTED if result.ended == "interrupted" else bool(result.finds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--requests", type=int, default=100_000, metavar="N", help="requests to send, to both together (%(default)s)")
    add("--seed", type=int, default=0, metavar="S", help="the same seed gives the same examples (%(default)s)")
    add("--targets", nargs=2, default=["fastapi-uvicorn", "flask-gevent"], metavar=("A", "B"), help="%(default)s")
    add("--targets-file", type=Path, metavar="FILE", help="read targets from this file, too")
    add("--minutes", type=float, default=60, metavar="M", help="end after so long, whatever is left (%(default)s)")
    add("--out", type=Path, default=OUT, metavar="FILE", help="the JSON; the Markdown goes beside it (%(default)s)")
    return parser.parse_args()


def _run(chosen: tuple[Target, ...], asked: argparse.Namespace) -> Result:
    tally = Tally()
    logs = asked.out.parent / "fuzz-logs"
    with ExitStack() as stack:
        one, other = (stack.enter_context(started(each, {}, logs / f"{each.name}.log")).subject for each in chosen)
        pair = stack.enter_context(Pair(one, other))
        begun = time.monotonic()
        plan = Plan(asked.requests, asked.seed, asked.minutes * 60)
        ended = fuzz(pair, plan, tally, _progress(asked.requests, begun))
        seconds = time.monotonic() - begun
    return Result(
        targets=tuple(each.name for each in chosen),
        seed=asked.seed,
        seconds=round(seconds, 1),
        examples=tally.examples.total(),
        requests=tally.requests,
        ended=ended,
        kinds=tally.kinds(),
        known=dict(sorted(tally.known.items())),
        finds=tuple(tally.finds),
        versions={name: version(name) for name in PACKAGES},
    )


def _progress(requests: int, begun: float) -> Callable[[Tally], None]:
    def say(tally: Tally) -> None:
        seconds = time.monotonic() - begun
        sys.stdout.write(f"\r{tally.requests:,} of {requests:,} requests, {seconds:,.0f} s, {len(tally.finds)} finds ")
        sys.stdout.flush()

    return say


if __name__ == "__main__":
    sys.exit(main())
